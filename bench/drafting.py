"""Drafting: invoices of five lines (one tiered, one a discount) and two taxes, derivations included, on one core.

The floor is writing the finished draft's bytes: what any engine must do that stores what it computed.
"""

from datetime import date
from decimal import Decimal

from bench.measure import Figure, best_seconds, figure
from billhook.core.agreement import AgreedLine, Agreement, BilledUsage, ChargeKind, Cycle, Timing
from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.discount import Discount
from billhook.core.draft import bill, to_bytes
from billhook.core.money import currency
from billhook.core.period import Period
from billhook.core.price import PriceModel
from billhook.core.price.flat import Flat
from billhook.core.price.graduated import Graduated
from billhook.core.price.per_unit import PerUnit
from billhook.core.price.tiers import Tier
from billhook.core.tax import TaxPolicy, TaxRule
from billhook.core.usage import UsageCharge

SEED = 0
COUNT, LINES, UNITS = 2000, 5, 7300
EUR = currency("EUR")
MONTH = Cadence(CadenceUnit.MONTH)
BILL_DATE = date(2026, 4, 1)
SERVICE = Period(date(2026, 3, 1), BILL_DATE)
TIERS = Graduated(
    currency=EUR,
    tiers=(
        Tier(up_to=Decimal(1000), unit_price=Decimal("0.05")),
        Tier(up_to=Decimal(5000), unit_price=Decimal("0.035"), flat_fee=Decimal(2)),
        Tier(up_to=None, unit_price=Decimal("0.02")),
    ),
)
TAXES = TaxPolicy(
    rules=(
        TaxRule(tax_category="standard", code="vat", name="VAT", percent=Decimal(21)),
        TaxRule(tax_category="standard", code="city", name="City levy", percent=Decimal("1.5")),
    )
)
DISCOUNT = Discount(key="loyal", description="Loyalty", percent=Decimal(10))


def agreement(months: int, *, metered: bool) -> Agreement:
    """Return an agreement that began some months before its bill: three flat lines and one with tiers.

    Args:
        months: how long ago it began; all that lies behind it is billed.
        metered: whether the tiers price a month's usage in arrears, or a fixed number of units in advance.
    """
    start = MONTH.nth(BILL_DATE, -months)
    fixed = [
        recurring("line", Flat(currency=EUR, amount=Decimal("20.00")), 1, start),
        recurring("seats", PerUnit(currency=EUR, unit_price=Decimal("7.50")), 12, start),
        recurring("support", Flat(currency=EUR, amount=Decimal("99.90")), 1, start),
    ]
    tiered = usage_line(start) if metered else recurring("messages", TIERS, UNITS, start)
    return Agreement(
        customer="C",
        currency=EUR,
        cycle=Cycle(cadence=MONTH, anchor=BILL_DATE, next_bill=BILL_DATE),
        lines=(*fixed, tiered),
        tax=TAXES,
        discounts=(DISCOUNT,),
    )


def recurring(name: str, price: PriceModel, quantity: int, start: date) -> AgreedLine:
    """Return a line that is billed in advance, up to date where it began before the bill date."""
    return AgreedLine(
        key=name,
        description=name.capitalize(),
        kind=ChargeKind.RECURRING,
        active_from=start,
        cadence=MONTH,
        price=price,
        quantity=Decimal(quantity),
        billed_through=BILL_DATE if start < BILL_DATE else None,
        product=name,
    )


def usage_line(start: date) -> AgreedLine:
    """Return a metered line; the two periods that late usage may still reach are kept with what they were billed."""
    closed = [Period(MONTH.nth(SERVICE.start, -back - 1), MONTH.nth(SERVICE.start, -back)) for back in range(2)]
    return AgreedLine(
        key="messages",
        description="Messages",
        kind=ChargeKind.USAGE,
        active_from=start,
        cadence=MONTH,
        timing=Timing.IN_ARREARS,
        price=TIERS,
        billed_through=SERVICE.start,
        billed_usage=tuple(BilledUsage(period=period, quantity=Decimal(900)) for period in closed),
        product="messages",
    )


def measured(name: str, months: int, *, metered: bool = False) -> Figure:
    """Measure one kind of draft.

    Raises:
        RuntimeError: the draft is not the one that is to be measured.
    """
    agreed = agreement(months, metered=metered)
    used = (UsageCharge(line="messages", period=SERVICE, quantity=Decimal(UNITS), records=UNITS),) if metered else ()
    draft = bill(agreed, used, BILL_DATE)
    if draft is None or len(draft.lines) != LINES or len(draft.taxes) != len(TAXES.rules):
        message = f"{name}: the draft is not the one that is to be measured"
        raise RuntimeError(message)
    return figure(
        name,
        unit="drafts/s",
        count=COUNT,
        seconds=best_seconds(lambda: bill(agreed, used, BILL_DATE), times=COUNT),
        floor_seconds=best_seconds(lambda: to_bytes(draft), times=COUNT),
        seed=SEED,
        result=to_bytes(draft),
    )


def measure() -> list[Figure]:
    """Measure drafting for a new customer, for one with five years behind it, and with metered tiers."""
    return [
        measured("drafting", 0),
        measured("drafting_60_months", 60),
        measured("drafting_metered", 60, metered=True),
    ]
