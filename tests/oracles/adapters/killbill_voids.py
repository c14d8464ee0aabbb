"""Kill Bill: an invoice of usage that is taken back and made again."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tests.oracles.adapters.killbill_dates import KILLBILL
from tests.oracles.adapters.killbill_plans import USD
from tests.oracles.books import Books, periods
from tests.oracles.comparing import AnyOrder
from tests.oracles.harness import Case, Facts, Unreadable, adapter

from billhook.core.agreement import AgreedLine, ChargeKind, Cycle, Timing
from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.document import InvoiceDraft
from billhook.core.period import Period
from billhook.core.price.capacity import Capacity, CapacityTier, Limit
from billhook.core.usage import UsageCharge, UsageEvent

MONTH = Cadence(CadenceUnit.MONTH)
_PLAN = re.compile(r"usage-in-arrear MONTHLY capacity: peak (\w+) <=([\d.]+) -> \$([\d.]+), above -> \$([\d.]+)")


@adapter("scenario.usage_void", files=KILLBILL)
def usage_void(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the items of a month's usage before its invoice is taken back, and when it is billed anew."""
    given.skip("currency", "mode", "account_bcd")
    events = [(event["action"], event["date"]) for event in given["timeline"]]
    used = re.fullmatch(
        r"usage ([\d.]+(?:, [\d.]+)*); invoice; void invoice; trigger again",
        "; ".join(action for action, _on in events),
    )
    month = re.fullmatch(r"(\d{4})-(\d\d)", events[0][1])
    names = list(given["plans"])
    if used is None or month is None or len(names) != 1 or any(on for _action, on in events[1:]):
        raise Unreadable("the actions are others")
    start = date(int(month[1]), int(month[2]), 1)
    peak = max(Decimal(word) for word in used[1].split(", "))
    end, price = MONTH.nth(start, 1), _price(given["plans"][names[0]])
    at = datetime(start.year, start.month, start.day, tzinfo=UTC)
    event = UsageEvent(key="peak", at=at, quantity=peak, properties=dict.fromkeys(price.meters, peak))
    usage = UsageCharge(line="usage", period=Period.day(start), quantity=peak, events=(event,))
    books = _books(price, start, end)
    before = _items(books.bill(end, (usage,)))
    _release(books)
    return {"before": before, "after_retrigger": _items(books.bill(end, (usage,)))}


def _release(books: Books) -> None:
    """Leave the period of an invoice that is taken back free to be billed."""
    books.add(*(replace(line, billed_through=None) for line in books.versions.values()))


def _price(text: str) -> Capacity:
    words = _PLAN.fullmatch(text)
    if words is None:
        raise Unreadable(f"{text!r} is no usage")
    meter, most, low, high = words.groups()
    tiers = (
        CapacityTier(limits=(Limit(meter=meter, up_to=Decimal(most)),), amount=Decimal(low)),
        CapacityTier(limits=(Limit(meter=meter, up_to=None),), amount=Decimal(high)),
    )
    return Capacity(currency=USD, tiers=tiers)


def _books(price: Capacity, start: date, end: date) -> Books:
    """Return the books of a customer with one line of usage."""
    books = Books(USD, Cycle(cadence=MONTH, anchor=end, next_bill=end, as_due=True))
    line = AgreedLine(
        key="usage",
        description="usage",
        kind=ChargeKind.USAGE,
        timing=Timing.IN_ARREARS,
        cadence=MONTH,
        price=price,
        active_from=start,
    )
    books.add(line)
    return books


def _items(draft: InvoiceDraft | None) -> object:
    if draft is None:
        return []
    (period,) = periods(draft)
    items: list[Mapping[str, Any]] = [
        {"type": line.kind.value.upper(), "amount": line.amount.amount, "start": period.start, "end": period.end}
        for line in draft.lines
    ]
    return AnyOrder.of(items)
