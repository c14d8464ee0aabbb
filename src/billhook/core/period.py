"""Periods of days: half-open, `[start, end)`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Self

from billhook.core.errors import Refusal

ONE_DAY = timedelta(days=1)


class PeriodError(Refusal):
    """A period ends before it starts, or its ends are no dates."""


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """The days from `start` up to, not including, `end`; empty where both are the same."""

    start: date
    end: date

    def __post_init__(self) -> None:
        """Refuse an end before the start, and instants in place of dates."""
        if isinstance(self.start, datetime) or isinstance(self.end, datetime):
            raise PeriodError(f"A period runs over dates; {self.start} to {self.end} are instants.")
        if self.end < self.start:
            raise PeriodError(f"The period ends on {self.end}, before it starts on {self.start}; swap the dates.")

    @classmethod
    def day(cls, day: date) -> Self:
        """Return the period of a single day."""
        return cls(day, day + ONE_DAY)

    @property
    def days(self) -> int:
        """Return how many days it has."""
        return (self.end - self.start).days

    @property
    def last_day(self) -> date:
        """Return its last day, the day before its end."""
        return self.end - ONE_DAY

    @property
    def is_empty(self) -> bool:
        """Return whether it has no day."""
        return self.start == self.end

    def __contains__(self, day: date) -> bool:
        """Return whether a day lies in it."""
        return self.start <= day < self.end

    def __str__(self) -> str:
        """Return both ends, the later one excluded, such as `2026-03-01 to before 2026-04-01`."""
        return f"{self.start} to before {self.end}"

    def covers(self, other: Self) -> bool:
        """Return whether every day of another period lies in this one."""
        return other.is_empty or (self.start <= other.start and other.end <= self.end)

    def intersect(self, other: Self) -> Self | None:
        """Return the days in both, or None where there are none."""
        return self.clip(other.start, other.end)

    def clip(self, start: date, until: date | None) -> Self | None:
        """Return its days on or after `start` and, where given, before `until`; None where there are none."""
        first = max(self.start, start)
        end = self.end if until is None or self.end <= until else until
        if first == self.start and end == self.end and first < end:
            return self
        return type(self)(first, end) if first < end else None

    def split(self, *at: date) -> tuple[Self, ...]:
        """Cut it at the dates that lie inside it; the parts are contiguous and sum to the whole."""
        cuts = sorted({day for day in at if self.start < day < self.end})
        ends = [self.start, *cuts, self.end]
        return tuple(type(self)(ends[index], ends[index + 1]) for index in range(len(ends) - 1))

    def subtract(self, others: Iterable[Self]) -> tuple[Self, ...]:
        """Return what is left of it without the days of others, in order."""
        left, start = [], self.start
        for other in sorted(others):
            gap = self.clip(start, other.start)
            if gap and not other.is_empty:
                left.append(gap)
            start = max(start, other.end) if not other.is_empty else start
        rest = self.clip(start, None)
        return (*left, rest) if rest else tuple(left)


def hull(periods: Iterable[Period]) -> Period:
    """Return the shortest period that covers all of at least one period."""
    covered = list(periods)
    return Period(min(period.start for period in covered), max(period.end for period in covered))
