"""Proration: the part of a cycle that is charged, as an exact fraction."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from billhook.core import calendar
from billhook.core.errors import Refusal
from billhook.core.period import Period

_DAYS_A_BANK_YEAR = 360
_DAYS_A_BANK_MONTH = 30


class ProrationError(Refusal):
    """The days used do not lie in the cycle, or the cycle has none."""


class Basis(StrEnum):
    """What is counted to prorate."""

    NONE = "none"
    """Nothing: any part costs the full amount."""
    DAYS = "days"
    """Days used over the days of their cycle: the default."""
    THIRTY = "thirty"
    """The same with months of 30 days (30E/360, ISDA 2006 4.16(g)), so that every whole month costs the same."""
    SECONDS = "seconds"
    """Seconds, in the zone, over the seconds of the cycle: a day may have 23 or 25 hours."""


@dataclass(frozen=True, slots=True)
class Proportion:
    """Used over whole, both counted on a basis; not shortened, so that it reads as counted."""

    used: int
    whole: int
    basis: Basis

    @property
    def fraction(self) -> Fraction:
        """Return it as a number."""
        return Fraction(self.used, self.whole)

    @property
    def is_whole(self) -> bool:
        """Return whether all of the cycle is charged."""
        return self.used == self.whole


_WHOLE = {basis: Proportion(1, 1, basis) for basis in Basis}


def prorate(used: Period, *, cycle: Period, basis: Basis, zone: str = "UTC") -> Proportion:
    """Return the part of a cycle that some of its days are; the parts of a cycle always sum to 1.

    Args:
        used: the days that are charged.
        cycle: the whole cycle in which they lie.
        basis: what is counted.
        zone: whose days have how many seconds, for `seconds`.

    Raises:
        ProrationError: the days do not lie in the cycle, or it has none.
    """
    if used is cycle and not cycle.is_empty:
        return _WHOLE[basis]
    if cycle.is_empty or not cycle.covers(used):
        raise ProrationError(f"{used} does not lie in the cycle {cycle}; prorate each cycle on its own.")
    if basis is Basis.NONE or used == cycle:
        return Proportion(1, 1, basis)
    if basis is Basis.SECONDS:
        return Proportion(calendar.seconds(used, zone), calendar.seconds(cycle, zone), basis)
    if basis is Basis.THIRTY and _bank_days(cycle):
        return Proportion(_bank_days(used), _bank_days(cycle), basis)
    return Proportion(used.days, cycle.days, Basis.DAYS)


def _bank_days(period: Period) -> int:
    """Return the days of a period where each month has 30; a cycle from the 30th to the 31st has none."""
    return _bank_day(period.end) - _bank_day(period.start)


def _bank_day(day: date) -> int:
    return day.year * _DAYS_A_BANK_YEAR + day.month * _DAYS_A_BANK_MONTH + min(day.day, _DAYS_A_BANK_MONTH)
