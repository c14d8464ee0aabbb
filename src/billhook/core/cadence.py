"""Cadences: the dates on which something recurs, each computed from the anchor so that none ever drifts."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

from billhook.core.errors import Refusal
from billhook.core.period import Period

_MONTHS_A_YEAR = 12
_HALF_MONTH = 15
_LONGEST_MONTH = 31
# From the same month of a year to the next leap February lie at most eight years.
_YEARS_TO_ANY_DAY = 8


class CadenceError(Refusal):
    """A cadence that never recurs, or a day that no month has."""


class CadenceUnit(StrEnum):
    """What a cadence counts."""

    DAY = "day"
    WEEK = "week"
    SEMI_MONTH = "semi_month"
    MONTH = "month"
    YEAR = "year"


_FAMILY = {
    CadenceUnit.DAY: "days",
    CadenceUnit.WEEK: "weeks",
    CadenceUnit.SEMI_MONTH: "half months",
    CadenceUnit.MONTH: "months",
    CadenceUnit.YEAR: "months",
}


@dataclass(frozen=True, slots=True)
class Cadence:
    """Every `count` units: a quarter is 3 months, a fixed 30-day cycle 30 days."""

    unit: CadenceUnit
    count: int = 1

    def __post_init__(self) -> None:
        """Refuse a cadence that stands still."""
        if self.count < 1:
            raise CadenceError(f"A cadence of {self.count} {self.unit} never recurs; give a count of at least 1.")

    def same_family(self, other: "Cadence") -> bool:
        """Return whether both count in the same kind of unit: days, weeks, half months, or months and years."""
        return _FAMILY[self.unit] == _FAMILY[other.unit]

    def nth(self, anchor: date, n: int) -> date:
        """Return the n-th date from the anchor, which is the 0th; a short month takes its last day, and only it."""
        steps = n * self.count
        if self.unit is CadenceUnit.DAY:
            return anchor + timedelta(days=steps)
        if self.unit is CadenceUnit.WEEK:
            return anchor + timedelta(weeks=steps)
        if self.unit is CadenceUnit.SEMI_MONTH:
            return _half_month(anchor, steps)
        return _on_day(_month_index(anchor) + steps * self._months, anchor.day)

    def index(self, anchor: date, day: date) -> int:
        """Return the n for which the period from the n-th date up to the next one contains a day."""
        n = self._distance(anchor, day) // self.count
        while self.nth(anchor, n) > day:
            n -= 1
        while self.nth(anchor, n + 1) <= day:
            n += 1
        return n

    def containing(self, anchor: date, day: date) -> Period:
        """Return the period that contains a day."""
        return _containing(self, anchor, day)

    def after(self, anchor: date, day: date) -> date:
        """Return the first date of the cadence after a day."""
        return _containing(self, anchor, day).end

    def periods(self, anchor: date, start: date, until: date) -> Iterator[Period]:
        """Yield, whole and in order, the periods that have a day from `start` up to, not including, `until`."""
        if until <= start:
            return
        period = _containing(self, anchor, start)
        while period.start < until:
            yield period
            period = _containing(self, anchor, period.end)

    @property
    def _months(self) -> int:
        return _MONTHS_A_YEAR if self.unit is CadenceUnit.YEAR else 1

    def _distance(self, anchor: date, day: date) -> int:
        if self.unit is CadenceUnit.DAY:
            return (day - anchor).days
        if self.unit is CadenceUnit.WEEK:
            return (day - anchor).days // 7
        months = _month_index(day) - _month_index(anchor)
        return 2 * months if self.unit is CadenceUnit.SEMI_MONTH else months // self._months

    def __str__(self) -> str:
        """Return words such as `month` or `3 months`."""
        words = self.unit.value.replace("_", "-")
        return words if self.count == 1 else f"{self.count} {words}s"


# Most customers share their anchors and bill dates, so that the same few periods are asked for again and again.
@lru_cache(maxsize=1 << 14)
def _containing(cadence: Cadence, anchor: date, day: date) -> Period:
    n = cadence.index(anchor, day)
    return Period(cadence.nth(anchor, n), cadence.nth(anchor, n + 1))


def anchor_on(day: int, *, start: date, cadence: Cadence) -> date:
    """Return the anchor for a day of the month, in the month of `start`.

    Where that month is too short, the anchor lies whole cycles earlier in a month that has the day, so that later
    dates return to it; where no such month exists (30 February), in one that has the most days.

    Raises:
        CadenceError: no month has such a day.
    """
    if not 1 <= day <= _LONGEST_MONTH:
        raise CadenceError(f"No month has a day {day}; give a billing day from 1 to {_LONGEST_MONTH}.")
    step = cadence.count * (_MONTHS_A_YEAR if cadence.unit is CadenceUnit.YEAR else 1)
    if cadence.unit not in {CadenceUnit.MONTH, CadenceUnit.YEAR}:
        step = 1
    candidates = (_on_day(_month_index(start) - back * step, day) for back in range(_YEARS_TO_ANY_DAY * _MONTHS_A_YEAR))
    best = next(candidates)
    for candidate in candidates:
        if best.day == day:
            break
        best = max(best, candidate, key=lambda found: found.day)
    return best


def first_on_day(day: int, start: date) -> date:
    """Return the first date on or after another that is a day of the month, or the last day of a shorter month.

    Raises:
        CadenceError: no month has such a day.
    """
    if not 1 <= day <= _LONGEST_MONTH:
        raise CadenceError(f"No month has a day {day}; give a billing day from 1 to {_LONGEST_MONTH}.")
    here = _on_day(_month_index(start), day)
    return here if here >= start else _on_day(_month_index(start) + 1, day)


def _month_index(day: date) -> int:
    return day.year * _MONTHS_A_YEAR + day.month - 1


def _on_day(month_index: int, day: int) -> date:
    year, month = divmod(month_index, _MONTHS_A_YEAR)
    return date(year, month + 1, min(day, monthrange(year, month + 1)[1]))


def _half_month(anchor: date, steps: int) -> date:
    """Return a date `steps` half months on: the 15th and the last day, or d and d + 15."""
    if anchor.day in {_HALF_MONTH, _LONGEST_MONTH}:
        days = (_HALF_MONTH, _LONGEST_MONTH)
    else:
        first = anchor.day if anchor.day <= _HALF_MONTH else anchor.day - _HALF_MONTH
        days = (first, first + _HALF_MONTH)
    month, half = divmod(2 * _month_index(anchor) + days.index(anchor.day) + steps, 2)
    return _on_day(month, days[half])
