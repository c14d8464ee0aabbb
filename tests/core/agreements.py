"""Small agreements and usage for the tests of drafts."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from billhook.core.agreement import AgreedLine, Agreement, ChargeKind, Cycle, Timing
from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.draft import InvoiceDraft
from billhook.core.money import currency
from billhook.core.period import Period
from billhook.core.price.flat import Flat
from billhook.core.tax import TaxPolicy, TaxRule
from billhook.core.usage import UsageCharge, UsageEvent

EUR = currency("EUR")
MONTH = Cadence(CadenceUnit.MONTH)
FIRST = date(2026, 3, 1)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
TWENTY = Flat(currency=EUR, amount=Decimal("20.00"))

VAT = TaxPolicy(
    rules=(
        TaxRule(tax_category="standard", code="VAT", name="VAT 21 %", percent=Decimal(21)),
        TaxRule(tax_category="reduced", code="VAT", name="VAT 9 %", percent=Decimal(9)),
    )
)


def day(text: str) -> date:
    """Return a date of 2026 from month and day."""
    return date.fromisoformat(f"2026-{text}")


def line(key: str = "L", **changes: Any) -> AgreedLine:
    """Return a line of 20.00 a month in advance from 1 March, unless told otherwise."""
    usual: dict[str, Any] = {
        "description": key,
        "kind": ChargeKind.RECURRING,
        "active_from": FIRST,
        "cadence": MONTH,
        "price": TWENTY,
    }
    return AgreedLine(key=key, **(usual | changes))


def usage_line(key: str = "U", **changes: Any) -> AgreedLine:
    """Return a usage line in arrears from 1 March, rated record by record unless it has a price."""
    usual = {"kind": ChargeKind.USAGE, "timing": Timing.IN_ARREARS, "price": None, "unit": "minute"}
    return line(key, **(usual | changes))


def agreement(*lines: AgreedLine, **changes: Any) -> Agreement:
    """Return an agreement with a monthly cycle from 1 March."""
    usual: dict[str, Any] = {"cycle": Cycle(cadence=MONTH, anchor=FIRST, next_bill=FIRST)}
    return Agreement(customer="1001", currency=EUR, lines=lines, **(usual | changes))


def usage(amount: str | None = "1.50", *, line: str = "U", on: str = "03-10", **changes: Any) -> UsageCharge:
    """Return the usage of one day."""
    rated = None if amount is None else Decimal(amount)
    usual: dict[str, Any] = {"quantity": Decimal(30), "unit": "minute"}
    return UsageCharge(line=line, period=Period.day(day(on)), amount=rated, **(usual | changes))


def event(key: str, quantity: str, *, at: datetime = NOON, **told: Any) -> UsageEvent:
    """Return an event of 10 March at noon, unless told otherwise."""
    return UsageEvent(key=key, at=at, quantity=Decimal(quantity), **told)


def billed(draft: InvoiceDraft | None) -> list[tuple[str, str, str, str]]:
    """Return key, both ends of the service period, and amount of each line."""
    lines = draft.lines if draft else ()
    return [
        (item.line_key, f"{item.period.start:%m-%d}", f"{item.period.end:%m-%d}", str(item.amount.amount))
        for item in lines
    ]
