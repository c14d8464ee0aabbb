"""Ramps: quantity, price and commitment that a contract changes on dates agreed beforehand."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import pairwise

from billhook.core import exact
from billhook.core.agreement import AgreedLine
from billhook.core.commitment import Commitment
from billhook.core.errors import Refusal
from billhook.core.money import Money
from billhook.core.period import Period
from billhook.core.price import PriceModel


class RampError(Refusal):
    """A ramp that changes nothing, changes it twice on a day, or is laid over other changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RampStep:
    """What holds from a day on; what it does not name stays as it was.

    Args:
        starts_on: the first day.
        quantity: at least 0.
        price: of a whole period.
        commitment: for a whole period; zero from when there is none.
    """

    starts_on: date
    quantity: Decimal | None = None
    price: PriceModel | None = None
    commitment: Money | None = None

    def __post_init__(self) -> None:
        """Refuse a step that changes nothing, a float, and figures below zero."""
        if self.quantity is None and self.price is None and self.commitment is None:
            raise RampError(f"The step on {self.starts_on} changes nothing; give a quantity, price or commitment.")
        if self.quantity is not None and exact.require(self.quantity, "quantity of a ramp") < 0:
            raise RampError(f"The step on {self.starts_on} is {self.quantity} units; give at least 0.")
        if self.commitment is not None and self.commitment.amount < 0:
            raise RampError(f"The step on {self.starts_on} commits to {self.commitment}; give at least 0.")


@dataclass(frozen=True, slots=True)
class Ramp:
    """Dated steps, in any order."""

    steps: tuple[RampStep, ...]

    def __post_init__(self) -> None:
        """Refuse no step, and two on one day; put them in order."""
        ordered = tuple(sorted(self.steps, key=lambda step: step.starts_on))
        if not ordered:
            raise RampError("The ramp has no step; give at least one.")
        for earlier, later in pairwise(ordered):
            if earlier.starts_on == later.starts_on:
                raise RampError(f"Two steps of the ramp start on {later.starts_on}; join them.")
        object.__setattr__(self, "steps", ordered)

    def quantity(self, day: date, first: Decimal) -> Decimal:
        """Return the quantity of a day, the first one before the first step that names one."""
        return next((step.quantity for step in self._until(day) if step.quantity is not None), first)

    def price(self, day: date, first: PriceModel | None) -> PriceModel | None:
        """Return the price of a day, the first one before the first step that names one."""
        return next((step.price for step in self._until(day) if step.price is not None), first)

    def commitment(self, day: date, first: Money) -> Money:
        """Return the commitment of a day, the first one before the first step that names one."""
        return next((step.commitment for step in self._until(day) if step.commitment is not None), first)

    def lines(self, line: AgreedLine) -> tuple[AgreedLine, ...]:
        """Return a version of a line for each stretch of days on which it is the same.

        The periods stay those of the line, so that a step within one prorates it; what is billed through a day stays
        billed.

        Args:
            line: with the quantity and price before the first step; its key is that of the order line.

        Raises:
            RampError: the line gives something back already, so that it has versions of its own.
        """
        if line.billed:
            raise RampError(f"{line.key} was changed and gives something back; ramp the line as it was agreed.")
        dates = [step.starts_on for step in self.steps if step.quantity is not None or step.price is not None]
        stretches = _stretches(line.active_from, line.active_until, dates)
        return tuple(self._version(line, days) for days in stretches)

    def commitments(self, commitment: Commitment) -> tuple[Commitment, ...]:
        """Return a version of a commitment for each stretch of days on which it is the same; none where it is zero."""
        dates = [step.starts_on for step in self.steps if step.commitment is not None]
        stretches = _stretches(commitment.active_from, commitment.active_until, dates)
        amounts = [(days, self.commitment(days.start, commitment.amount)) for days in stretches]
        return tuple(_committed(commitment, days, amount) for days, amount in amounts if amount)

    def _version(self, line: AgreedLine, days: Period) -> AgreedLine:
        through = line.billed_through
        return replace(
            line,
            key=f"{line.key}/{days.start}",
            order_line=line.group,
            order_start=line.order_start or line.active_from,
            active_from=days.start,
            active_until=_until(days),
            billed_through=through if through is not None and through > days.start else None,
            quantity=self.quantity(days.start, line.quantity),
            price=self.price(days.start, line.price),
        )

    def _until(self, day: date) -> Iterator[RampStep]:
        """Yield the steps that have started on a day, newest first."""
        return (step for step in reversed(self.steps) if step.starts_on <= day)


def _stretches(start: date, until: date | None, dates: Iterable[date]) -> tuple[Period, ...]:
    return Period(start, until or date.max).split(*dates)


def _committed(commitment: Commitment, days: Period, amount: Money) -> Commitment:
    return replace(
        commitment,
        key=f"{commitment.key}/{days.start}",
        amount=amount,
        active_from=days.start,
        active_until=_until(days),
    )


def _until(days: Period) -> date | None:
    return None if days.end == date.max else days.end
