"""Days from which and up to which something counts: half-open, the end is the day after the last."""

from datetime import date

from django.db.models import Q

from billhook.customers.refusals import MalformedError


def require_days(start: date, end: date | None) -> None:
    """Refuse an end that is not after its start.

    Raises:
        MalformedError: no day lies between them.
    """
    if end is not None and end <= start:
        raise MalformedError(f"It would count from {start} until {end}, on no day: choose a later end.")


def require_day_within(day: date, start: date, end: date | None) -> None:
    """Refuse a day on which something cannot end: not after its start, or not before its end.

    Raises:
        MalformedError: the day lies outside.
    """
    if day <= start or (end is not None and day >= end):
        until = f" and before {end}" if end else ""
        raise MalformedError(f"It cannot end on {day}: choose a day after {start}{until}.")


def counting_on(day: date) -> Q:
    """Return the condition that something counts on a day."""
    return Q(valid_from__lte=day) & (Q(valid_until=None) | Q(valid_until__gt=day))


def overlapping(start: date, end: date | None) -> Q:
    """Return the condition that something counts on a day between two, the end exclusive or open."""
    begins = Q() if end is None else Q(valid_from__lt=end)
    return begins & (Q(valid_until=None) | Q(valid_until__gt=start))
