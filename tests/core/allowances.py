"""Agreements with allowances, and calls that consume them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tests.core.agreements import EUR, FIRST, agreement, day, line, usage_line

from billhook.core.agreement import Agreement
from billhook.core.draft import InvoiceDraft, bill
from billhook.core.inclusion import Inclusion
from billhook.core.period import Period
from billhook.core.price.per_unit import PerUnit
from billhook.core.usage import UsageCharge, UsageEvent

D = Decimal
PER_MINUTE = PerUnit(currency=EUR, unit_price=D("0.05"))
MINUTES = frozenset({"voice"})


def included(amount: str = "100", **changes: Any) -> Inclusion:
    """Return minutes of voice that are included each month from 1 March."""
    usual: dict[str, Any] = {"products": MINUTES, "active_from": FIRST}
    return Inclusion(key="plan", amount=D(amount), **(usual | changes))


def voice(key: str = "U", **changes: Any) -> Any:
    """Return a line of calls that are rated one by one."""
    return usage_line(key, **({"product": "voice"} | changes))


def metered_voice(**changes: Any) -> Any:
    """Return a line of calls whose minutes are priced at 0.05 together."""
    return voice(**({"price": PER_MINUTE} | changes))


def call(minutes: str, *, on: str = "03-10", key: str = "", price: str = "0.05", **told: Any) -> UsageEvent:
    """Return a rated call at noon of a day."""
    at = datetime.combine(day(on), datetime.min.time(), UTC).replace(hour=12)
    usual: dict[str, Any] = {"amount": D(minutes) * D(price), "unit_price": D(price)}
    return UsageEvent(key=key or f"{on} {minutes}", at=at, quantity=D(minutes), **(usual | told))


def calls(*events: UsageEvent, line: str = "U", charges: tuple[str, ...] = ()) -> UsageCharge:
    """Return calls of one month as usage."""
    first = min(event.at.date() for event in events)
    last = max(event.at.date() for event in events)
    period = Period(first, Period.day(last).end)
    return UsageCharge(line=line, period=period, unit="minute", events=events, charges=charges)


def plan(*lines: Any, allowances: Sequence[Inclusion] = (), **changes: Any) -> Agreement:
    """Return an agreement with allowances."""
    return agreement(*lines, allowances=tuple(allowances), **changes)


def drafted(agreed: Agreement, used: Iterable[UsageCharge], on: date) -> InvoiceDraft:
    """Return a bill that there is."""
    draft = bill(agreed, tuple(used), on)
    assert draft is not None
    return draft


def after(agreed: Agreement, draft: InvoiceDraft) -> Agreement:
    """Return an agreement as it stands after a bill."""
    closed = {claim.line_key: claim.period.end for claim in draft.billed}
    lines = tuple(replace(item, billed_through=closed.get(item.key, item.billed_through)) for item in agreed.lines)
    return replace(agreed, lines=lines, allowances_left=draft.allowances_left)


def left(draft: InvoiceDraft) -> dict[str, str]:
    """Return what a bill leaves of each allowance."""
    return {item.key: format(item.left.normalize(), "f") for item in draft.allowances_left}


def base_fee(**changes: Any) -> Any:
    """Return the monthly 20.00 in advance."""
    return line("base", **changes)
