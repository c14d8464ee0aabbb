"""A company decides what happens to customers who are late."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal

from django.db import transaction
from pydantic import BaseModel, ConfigDict, Field

from billhook.catalog.models import Product
from billhook.core.ageing import AgeingStep
from billhook.core.errors import Refusal
from billhook.core.money import Money
from billhook.core.penalty import FlatPenalty, InterestPenalty, Penalty, PercentPenalty
from billhook.dunning.events import DunningSetUp
from billhook.dunning.models import DunningStep
from billhook.foundation.events import Actor, emit
from billhook.foundation.scope import current_company


class Remind(BaseModel):
    """Send the notice of a message template."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    do: Literal["remind"] = "remind"
    template: str


class RetryPayment(BaseModel):
    """Try to charge the customer's card for the overdue invoice."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    do: Literal["retry_payment"] = "retry_payment"


class Penalise(BaseModel):
    """Add a penalty, billed by the next run: `flat` in the customer's currency, `percent`, or yearly `interest`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    do: Literal["penalty"] = "penalty"
    product: str
    kind: Literal["flat", "percent", "interest"] = "flat"
    figure: str


class Suspend(BaseModel):
    """Suspend the customer's orders."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    do: Literal["suspend"] = "suspend"


Action = Annotated[Remind | RetryPayment | Penalise | Suspend, Field(discriminator="do")]


class PenaltyNotPossibleError(Refusal):
    """Raised when a step's penalty could not be charged when it is reached."""

    def __init__(self, step: str, trouble: str) -> None:
        super().__init__(f"The penalty of the step {step} cannot be charged: {trouble}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStep:
    """A step: reached `days` after the due date, and what it does, in order."""

    name: str
    days: int
    actions: tuple[Action, ...]


@transaction.atomic
def set_steps(*, steps: Sequence[NewStep], actor: Actor, at: datetime) -> list[DunningStep]:
    """Replace the company's dunning steps; episodes that are open go on with the new ones.

    Raises:
        AgeingError: a step lies before the due date.
        PenaltyNotPossibleError: a penalty's product or figure is wrong.
    """
    for position, step in enumerate(steps, start=1):
        AgeingStep(position, step.days)
        check_penalties(step)
    DunningStep.objects.all().delete()
    stored = [
        DunningStep.objects.create(
            position=position,
            name=step.name,
            days=step.days,
            actions=[action.model_dump(mode="json") for action in step.actions],
        )
        for position, step in enumerate(steps, start=1)
    ]
    emit(DunningSetUp(steps=len(steps)), actor=actor, at=at)
    return stored


def check_penalties(step: NewStep) -> None:
    """Let a step pass whose penalties can be charged: better refused today than when somebody is late.

    Raises:
        PenaltyNotPossibleError: a penalty's product or figure is wrong.
    """
    for action in step.actions:
        if not isinstance(action, Penalise):
            continue
        if not Product.objects.filter(code=action.product, kind="penalty").exists():
            raise PenaltyNotPossibleError(step.name, f"there is no product {action.product} of the kind penalty.")
        try:
            penalty_of(action, current_company().currency)
        except (InvalidOperation, ValueError) as trouble:
            raise PenaltyNotPossibleError(step.name, f"{action.figure} is no figure for it; give 5.00.") from trouble


def penalty_of(action: Penalise, code: str) -> Penalty:
    """Return the core's penalty of a step, a flat one in a currency.

    Raises:
        InvalidOperation: the figure is no number.
        PenaltyError: it is below zero.
    """
    figure = Decimal(action.figure)
    if action.kind == "flat":
        return FlatPenalty(amount=Money.of(figure, code))
    return PercentPenalty(percent=figure) if action.kind == "percent" else InterestPenalty(annual_percent=figure)
