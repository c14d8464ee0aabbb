"""Suspensions: what a line costs while the service rests."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from billhook.core.agreement import AgreedLine
from billhook.core.errors import Refusal
from billhook.core.period import Period
from billhook.core.price import PriceModel

WITHOUT_END = date.max


class SuspensionError(Refusal):
    """A suspension without days, outside the line, or a parking price where none belongs."""


class SuspensionBilling(StrEnum):
    """What the suspended days cost."""

    CREDIT = "credit"
    """Nothing; what was billed for them is credited: the default."""
    BILL_ON = "bill_on"
    """The same as other days."""
    PARKING = "parking"
    """A price of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspensionPolicy:
    """How suspended days are billed, and whether the term is extended by them."""

    billing: SuspensionBilling = SuspensionBilling.CREDIT
    parking_price: PriceModel | None = None
    extends_term: bool = False

    def __post_init__(self) -> None:
        """Refuse a parking price without parking, and parking without a price."""
        if (self.parking_price is not None) != (self.billing is SuspensionBilling.PARKING):
            raise SuspensionError(f"{self.billing} and the parking price do not go together; give both or neither.")


RESTING = SuspensionPolicy()


def suspend(line: AgreedLine, days: Period, policy: SuspensionPolicy = RESTING) -> tuple[AgreedLine, ...]:
    """Return a line with days on which it is suspended, and the parking line beside it where the policy has one.

    The anchor of its periods stays, so that the first day after the suspension lies in the period in which it would
    have lain without it.

    Args:
        line: in force on the first suspended day.
        days: from the first suspended day up to, not including, the day of resuming (`WITHOUT_END` until then).
        policy: of the company.

    Raises:
        SuspensionError: there are no days, they overlap earlier ones, or lie outside the line.
    """
    _require_sound(line, days)
    if policy.billing is SuspensionBilling.BILL_ON:
        return (_extended(line, days, policy),)
    resting = replace(_extended(line, days, policy), suspended=tuple(sorted((*line.suspended, days))))
    if policy.parking_price is None:
        return (resting,)
    parked = replace(
        line,
        key=f"{line.key}/parking/{days.start}",
        order_line=f"{line.group}/parking",
        order_start=line.order_start or line.active_from,
        price=policy.parking_price,
        active_from=days.start,
        active_until=None if days.end == WITHOUT_END else days.end,
        billed_through=None,
        billed=(),
        suspended=(),
    )
    return resting, parked


def resume(line: AgreedLine, on: date) -> AgreedLine:
    """Return a line whose open suspension ends before a day.

    Raises:
        SuspensionError: it is not suspended, or only from that day on.
    """
    if not line.suspended or line.suspended[-1].end != WITHOUT_END or line.suspended[-1].start > on:
        raise SuspensionError(f"{line.key} is not suspended before {on}; suspend it first.")
    rested = Period(line.suspended[-1].start, on)
    kept = line.suspended[:-1] if rested.is_empty else (*line.suspended[:-1], rested)
    return replace(line, suspended=kept)


def suspended_days(line: AgreedLine, within: Period) -> int:
    """Return how many days of a period a line is suspended."""
    return sum(found.days for found in _within(line.suspended, within))


def _within(periods: Sequence[Period], whole: Period) -> list[Period]:
    return [found for period in periods if (found := period.intersect(whole))]


def _extended(line: AgreedLine, days: Period, policy: SuspensionPolicy) -> AgreedLine:
    if not policy.extends_term or line.active_until is None or days.end == WITHOUT_END:
        return line
    return replace(line, active_until=line.active_until + timedelta(days=days.days))


def _require_sound(line: AgreedLine, days: Period) -> None:
    ended = line.active_until is not None and days.start >= line.active_until
    if days.is_empty or ended or days.end <= line.active_from:
        raise SuspensionError(f"{line.key} is not in force on {days}; suspend it on days that it has.")
    if any(days.intersect(earlier) for earlier in line.suspended):
        raise SuspensionError(f"{line.key} is suspended on days of {days} already; resume it first.")
