"""Changes of an order line: when they take effect, what is credited, and the versions before and after."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from billhook.core.agreement import AgreedLine, Alignment, Cycle
from billhook.core.billed import BilledPart
from billhook.core.cadence import anchor_on, first_on_day
from billhook.core.errors import Refusal
from billhook.core.period import ONE_DAY, Period
from billhook.core.price import PriceModel
from billhook.core.schedule import anchor_of


class ChangeError(Refusal):
    """A change outside the line, or one that contradicts its policy."""


class When(StrEnum):
    """When a change takes effect."""

    NOW = "now"
    """At the start of the day on which it is asked for."""
    START_OF_PERIOD = "start_of_period"
    """At the start of the period that is billed for that day."""
    END_OF_PERIOD = "end_of_period"
    """At the end of that period; now, where none is billed."""
    DATE = "date"
    """On a given date, which may lie in the past."""


class How(StrEnum):
    """What is given back of the periods that are billed."""

    PRORATE = "prorate"
    """The unused part: the default."""
    FULL = "full"
    """The whole of every period that the change reaches."""
    NONE = "none"
    """Nothing."""


class Settle(StrEnum):
    """When the difference is billed or given back."""

    NOW = "now"
    """On a bill of its own."""
    NEXT_INVOICE = "next_invoice"
    """With the next bill: the default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePolicy:
    """How a company handles a change.

    `day_counts` says that the day of the change still belongs to what was before, so that it is billed.
    """

    when: When = When.NOW
    how: How = How.PRORATE
    settle: Settle = Settle.NEXT_INVOICE
    day_counts: bool = False


PRORATED = ChangePolicy()


def effective_on(policy: ChangePolicy, asked_on: date, *, billed: Period | None, dated: date | None = None) -> date:
    """Return the first day on which a change is in force.

    Args:
        policy: when changes take effect.
        asked_on: the day of the request.
        billed: the period that is billed and contains that day, if any.
        dated: the day that was asked for, for `date`.

    Raises:
        ChangeError: the policy asks for a date and there is none.
    """
    if policy.when is When.DATE and dated is None:
        raise ChangeError("The change takes effect on a date, but none is given; give one.")
    start = {
        When.NOW: asked_on,
        When.START_OF_PERIOD: billed.start if billed else asked_on,
        When.END_OF_PERIOD: billed.end if billed else asked_on,
        When.DATE: dated or asked_on,
    }[policy.when]
    inside = policy.day_counts and policy.when in {When.NOW, When.DATE}
    return start + ONE_DAY if inside else start


def billing_on(billing: Settle, on: date, *, next_bill: date) -> date:
    """Return the day on which a change is billed or given back."""
    return on if billing is Settle.NOW else max(on, next_bill)


def end(line: AgreedLine, on: date, *, billed: tuple[BilledPart, ...] = (), how: How = How.PRORATE) -> AgreedLine:
    """Return a line that is in force until a day, which is not billed, with what was billed beyond it to give back.

    Args:
        line: the version in force.
        on: the first day without it; its first day at the earliest.
        billed: what was billed for days on or after that day.
        how: what is given back.

    Raises:
        ChangeError: it begins after that day, or has ended before it.
    """
    if on < line.active_from or (line.active_until is not None and on > line.active_until):
        raise ChangeError(f"{line.key} is not in force on {on}; choose a day from {line.active_from} on.")
    reached = tuple(part for part in (*line.billed, *billed) if part.period.end > on)
    if how is How.NONE:
        return replace(line, active_until=on, billed=())
    if how is How.FULL and reached:
        on = max(line.active_from, min(part.period.start for part in reached))
    return replace(line, active_until=on, billed=reached)


def change(
    line: AgreedLine,
    on: date,
    *,
    key: str,
    billed: tuple[BilledPart, ...] = (),
    how: How = How.PRORATE,
    quantity: Decimal | None = None,
    price: PriceModel | None = None,
) -> tuple[AgreedLine, AgreedLine]:
    """Return the versions of a line before and after a change of quantity or price; the new part is charged from `on`.

    Where nothing is given back, the new version is billed from the end of what was billed.

    Args:
        line: the version in force.
        on: the first day of the new version.
        key: names the new version.
        billed: what was billed for days on or after that day.
        how: what is given back of it.
        quantity: from then on; None for the same.
        price: from then on; None for the same.
    """
    before = end(line, on, billed=billed, how=how)
    kept = max((part.period.end for part in billed), default=on) if how is How.NONE else on
    after = replace(
        line,
        key=key,
        order_line=line.group,
        order_start=line.order_start or line.active_from,
        active_from=on,
        quantity=line.quantity if quantity is None else quantity,
        price=price or line.price,
        billed_through=kept if kept > on else None,
        billed=(),
    )
    return before, after


def move_billing_day(line: AgreedLine, cycle: Cycle, day: int, on: date, *, key: str) -> tuple[AgreedLine, AgreedLine]:
    """Return the versions of a running line before and after a change of the billing day; nothing billed is credited.

    The new day is in force from its first date on or after the change and after what is billed. Until then the line
    keeps its old cycle, over which the gap is prorated.

    Args:
        line: a recurring one.
        cycle: the customer's, before the change.
        day: the new day of the month.
        on: the day of the change.
        key: names the version after it.
    """
    held = max(on, line.billed_through or on, line.active_from)
    force = first_on_day(day, held)
    before = replace(line, active_until=force, alignment=Alignment.PLAN, anchor=anchor_of(line, cycle))
    after = replace(
        line,
        key=key,
        order_line=line.group,
        order_start=line.order_start or line.active_from,
        active_from=force,
        billed_through=None,
        billed=(),
        alignment=Alignment.PLAN,
        anchor=anchor_on(day, start=force, cadence=line.cadence or cycle.cadence),
    )
    return before, after
