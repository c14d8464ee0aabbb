"""A company decides what happens to customers who are late."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from django.db import transaction
from pydantic import BaseModel, ConfigDict, Field

from billhook.core.ageing import AgeingStep
from billhook.dunning.events import DunningSetUp
from billhook.dunning.models import DunningStep
from billhook.foundation.events import Actor, emit


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
    """
    for position, step in enumerate(steps, start=1):
        AgeingStep(position, step.days)
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
