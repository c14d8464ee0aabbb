"""Ageing: how late an invoice is, which dunning step comes next, and receivables by age."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from billhook.core.calendar import BusinessCalendar
from billhook.core.errors import Refusal
from billhook.core.money import Money
from billhook.core.period import ONE_DAY, Period

DEFAULT_BOUNDS = (30, 60, 90)


class AgeingError(Refusal):
    """Steps or bounds of ages that do not rise."""


@dataclass(frozen=True, slots=True, order=True)
class AgeingStep:
    """A dunning step: its position, and the days since due at which its condition is reached."""

    position: int
    days: int

    def __post_init__(self) -> None:
        """Refuse a step before the invoice is due."""
        if self.days < 0:
            raise AgeingError(f"Step {self.position} is reached {self.days} days after due; give at least 0.")


def days_since_due(due_on: date, on: date, calendar: BusinessCalendar | None = None) -> int:
    """Return the days since the due date: 1 on the day after it, below 1 while the invoice can be paid in time.

    Args:
        due_on: last day on which the invoice is paid in time.
        on: the day that is asked about.
        calendar: given, only its business days count.
    """
    if calendar is None or on <= due_on:
        return (on - due_on).days
    return calendar.between(Period(due_on + ONE_DAY, on + ONE_DAY))


def is_overdue(due_on: date, on: date) -> bool:
    """Return whether the due date has passed."""
    return on > due_on


def step_reached(steps: Iterable[AgeingStep], *, done: int, days: int) -> AgeingStep | None:
    """Return the one step to take now: the first after those done, where its days are reached; else None.

    Args:
        steps: of the company, in any order.
        done: position of the last step taken in this episode, 0 for none.
        days: since the due date of the oldest overdue invoice.
    """
    step = following_step(steps, done=done)
    return step if step is not None and days >= step.days else None


def following_step(steps: Iterable[AgeingStep], *, done: int) -> AgeingStep | None:
    """Return the step that comes after those done, whenever it is reached; None after the last."""
    return min((step for step in steps if step.position > done), default=None)


def reached_on(step: AgeingStep, due_on: date, calendar: BusinessCalendar | None = None) -> date:
    """Return the first day on which a step's condition is reached for a due date."""
    if calendar is None:
        return due_on + timedelta(days=step.days)
    return calendar.add(due_on, step.days)


@dataclass(frozen=True, slots=True)
class Receivable:
    """What is open on an invoice, and since when it is due."""

    due_on: date
    open: Money


@dataclass(frozen=True, slots=True)
class AgeBucket:
    """What is open and between two ages: from `first` to `last` days since due; None without end."""

    first: int | None
    last: int | None
    open: Money

    @property
    def label(self) -> str:
        """Return words such as `not due`, `1-30 days` or `over 90 days`."""
        if self.first is None:
            return "not due"
        return f"over {self.first - 1} days" if self.last is None else f"{self.first}-{self.last} days"


def by_age(
    receivables: Iterable[Receivable], on: date, bounds: Sequence[int] = DEFAULT_BOUNDS
) -> dict[str, tuple[AgeBucket, ...]]:
    """Return receivables by age for each currency code; every bucket is there, also where nothing lies in it.

    Raises:
        AgeingError: the bounds do not rise from above 0.
    """
    edges = (0, *bounds)
    if any(later <= earlier for earlier, later in pairwise(edges)):
        raise AgeingError(f"The bounds {tuple(bounds)} do not rise; give days such as 30, 60, 90.")
    ranges = [(None, 0), *((low + 1, high) for low, high in pairwise(edges)), (edges[-1] + 1, None)]
    ages: dict[str, list[tuple[int, Money]]] = defaultdict(list)
    for item in receivables:
        ages[item.open.currency.code].append((days_since_due(item.due_on, on), item.open))
    return {
        code: tuple(AgeBucket(low, high, _between(aged, low, high, Money.zero(code))) for low, high in ranges)
        for code, aged in sorted(ages.items())
    }


def _between(aged: Iterable[tuple[int, Money]], low: int | None, high: int | None, zero: Money) -> Money:
    result = zero
    for age, amount in aged:
        if (low is None or age >= low) and (high is None or age <= high):
            result += amount
    return result
