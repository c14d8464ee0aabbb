"""Calendars: the local date of an instant, due dates by terms, and business days."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from billhook.core.errors import Refusal
from billhook.core.period import ONE_DAY, Period

WEEKEND = frozenset({5, 6})
_DAYS_A_WEEK = 7


class CalendarError(Refusal):
    """An instant without zone, a zone that does not exist, or terms that lead nowhere."""


def local_date(at: datetime, zone: str) -> date:
    """Return the date that an instant has in a zone.

    Raises:
        CalendarError: the instant names no zone, or the zone does not exist.
    """
    if at.tzinfo is None:
        raise CalendarError(f"{at} names no time zone, so it is no instant; give it in UTC.")
    return at.astimezone(_zone(zone)).date()


def day_start(day: date, zone: str) -> datetime:
    """Return the first instant of a day in a zone, in UTC, also where the clocks change at midnight."""
    return datetime.combine(day, time.min, _zone(zone)).astimezone(UTC)


def seconds(period: Period, zone: str) -> int:
    """Return the length of a period in a zone; a day may have 23, 24.5 or 25 hours."""
    return int((day_start(period.end, zone) - day_start(period.start, zone)).total_seconds())


class Roll(StrEnum):
    """Where a date goes that is no business day."""

    NONE = "none"
    FOLLOWING = "following"
    PRECEDING = "preceding"


class TermsBase(StrEnum):
    """From when payment terms count."""

    INVOICE_DATE = "invoice_date"
    END_OF_MONTH = "end_of_month"
    """From the last day of the month of the invoice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessCalendar:
    """The days on which a company works: no weekend (Monday is 0) and no holiday."""

    holidays: frozenset[date] = frozenset()
    weekend: frozenset[int] = WEEKEND

    def __post_init__(self) -> None:
        """Refuse a week without a working day."""
        if len(self.weekend) >= _DAYS_A_WEEK:
            raise CalendarError("Every day is a weekend, so no business day ever comes; leave at least one.")

    def is_business_day(self, day: date) -> bool:
        """Return whether a day is worked."""
        return day.weekday() not in self.weekend and day not in self.holidays

    def roll(self, day: date, roll: Roll) -> date:
        """Return the day, or the business day to which it moves."""
        step = {Roll.NONE: timedelta(0), Roll.FOLLOWING: ONE_DAY, Roll.PRECEDING: -ONE_DAY}[roll]
        while step and not self.is_business_day(day):
            day += step
        return day

    def add(self, day: date, count: int) -> date:
        """Return the day that lies a number of business days after another; not below zero."""
        if count < 0:
            raise CalendarError(f"{count} business days lead backwards; give at least 0.")
        for _ in range(count):
            day = self.roll(day + ONE_DAY, Roll.FOLLOWING)
        return day

    def between(self, period: Period) -> int:
        """Return how many business days a period has."""
        return sum(self.is_business_day(period.start + timedelta(days=n)) for n in range(period.days))


EVERY_WEEKDAY = BusinessCalendar()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Payment terms: so many days after the base, moved to a business day where asked."""

    days: int
    base: TermsBase = TermsBase.INVOICE_DATE
    roll: Roll = Roll.NONE

    def __post_init__(self) -> None:
        """Refuse terms that end before they begin."""
        if self.days < 0:
            raise CalendarError(f"Payment terms of {self.days} days end before the invoice; give at least 0.")


def due_date(invoiced_on: date, terms: Terms, calendar: BusinessCalendar = EVERY_WEEKDAY) -> date:
    """Return the last day on which an invoice is paid in time."""
    base = invoiced_on
    if terms.base is TermsBase.END_OF_MONTH:
        base = invoiced_on.replace(day=monthrange(invoiced_on.year, invoiced_on.month)[1])
    return calendar.roll(base + timedelta(days=terms.days), terms.roll)


@cache
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CalendarError(f"There is no time zone {name!r}; give one such as 'Europe/Amsterdam'.") from None
