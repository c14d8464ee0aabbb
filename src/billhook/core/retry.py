"""Retries: when a declined charge is tried again, and when an uncertain one is asked about."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from billhook.core.errors import Refusal

POLL_AFTER = (timedelta(minutes=5), timedelta(hours=1), *(timedelta(days=1),) * 5)


class RetryError(Refusal):
    """A schedule with a wait of no days, or an attempt that was never made."""


class DeclineClass(StrEnum):
    """What a decline says about the next attempt."""

    SOFT = "soft"
    """Try again, such as insufficient funds."""
    HARD = "hard"
    """Never again, such as a stolen card."""
    AUTHENTICATION = "authentication"
    """Only with the customer, who is asked."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Days to wait after each decline: the first figure after the first decline, and so on; then no more."""

    days: tuple[int, ...]

    def __post_init__(self) -> None:
        """Refuse a wait of less than a day."""
        if any(wait < 1 for wait in self.days):
            raise RetryError(f"The retry schedule {self.days} has a wait of less than a day; give days of at least 1.")


def next_attempt(
    schedule: Schedule, *, decline_class: DeclineClass, attempts: int, declined_at: datetime
) -> datetime | None:
    """Return when to try again, or None for never.

    Args:
        schedule: of the company.
        decline_class: of the last decline; only a soft one is tried again.
        attempts: made so far, the declined one included.
        declined_at: the instant of the last decline; a day is 24 hours.

    Raises:
        RetryError: no attempt was made.
    """
    if attempts < 1:
        raise RetryError("Nothing was declined yet; make the first attempt before the next.")
    if decline_class is not DeclineClass.SOFT or attempts > len(schedule.days):
        return None
    return declined_at + timedelta(days=schedule.days[attempts - 1])


def next_poll(*, polls: int, at: datetime) -> datetime | None:
    """Return when to ask next about a charge whose outcome is unknown: after 5 minutes, an hour, then daily five times.

    Args:
        polls: questions asked so far.
        at: the instant of the charge or of the last question.
    """
    return at + POLL_AFTER[polls] if polls < len(POLL_AFTER) else None
