"""Drafting: invoices of five lines with tiers, a discount and two taxes, derivations included, on one core.

The floor is writing the finished draft's bytes: what any engine must do that stores what it computed.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from bench.measure import Figure, best_seconds, figure
from billhook.core.agreement import AgreedLine, Agreement, BilledUsage, ChargeKind, Cycle, Timing, UsageCharge
from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.discount import Discount
from billhook.core.draft import bill, to_bytes
from billhook.core.money import currency
from billhook.core.period import Period
from billhook.core.price.flat import Flat
from billhook.core.price.graduated import Graduated
from billhook.core.price.per_unit import PerUnit
from billhook.core.price.tiers import Tier
from billhook.core.tax import TaxPolicy, TaxRule

SEED = 0
COUNT = 2000
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


def agreement(months: int) -> Agreement:
    """Return an agreement that began some months before its bill: three fixed lines and two metered ones."""
    start = MONTH.nth(BILL_DATE, -months - 1)
    fixed = [
        ("line", Flat(currency=EUR, amount=Decimal("20.00")), 1),
        ("seats", PerUnit(currency=EUR, unit_price=Decimal("7.50")), 12),
        ("support", Flat(currency=EUR, amount=Decimal("99.90")), 1),
    ]
    lines = [
        AgreedLine(
            key=name,
            description=name.capitalize(),
            kind=ChargeKind.RECURRING,
            active_from=start,
            cadence=MONTH,
            price=price,
            quantity=Decimal(quantity),
            billed_through=BILL_DATE if months else None,
            product=name,
        )
        for name, price, quantity in fixed
    ]
    metered = [
        AgreedLine(
            key=name,
            description=name.capitalize(),
            kind=ChargeKind.USAGE,
            active_from=start,
            cadence=MONTH,
            timing=Timing.IN_ARREARS,
            price=TIERS,
            billed_through=SERVICE.start if months else None,
            product=name,
            billed_usage=tuple(history(months)),
        )
        for name in ("messages", "requests")
    ]
    return Agreement(
        customer="C",
        currency=EUR,
        cycle=Cycle(cadence=MONTH, anchor=BILL_DATE, next_bill=BILL_DATE),
        lines=(*lines, *metered),
        tax=TAXES,
        discounts=(DISCOUNT,),
    )


def history(months: int) -> Iterator[BilledUsage]:
    """Yield what was billed in the last periods that late usage may still reach, however long the past is."""
    for back in range(min(months, 2)):
        yield BilledUsage(
            period=Period(MONTH.nth(SERVICE.start, -back - 1), MONTH.nth(SERVICE.start, -back)), quantity=Decimal(900)
        )


def usage() -> tuple[UsageCharge, ...]:
    """Return the metered quantities of the month."""
    return tuple(
        UsageCharge(line=name, period=SERVICE, quantity=Decimal(quantity), records=quantity)
        for name, quantity in (("messages", 2400), ("requests", 7300))
    )


def drafted(months: int) -> tuple[float, bytes]:
    """Return the seconds for many drafts of one customer with a past of some months, and the draft's bytes."""
    agreed, used = agreement(months), usage()
    draft = bill(agreed, used, BILL_DATE)
    if draft is None:
        message = "nothing is due: the benchmark measures nothing"
        raise RuntimeError(message)
    return best_seconds(lambda: [bill(agreed, used, BILL_DATE) for _ in range(COUNT)]), to_bytes(draft)


def measure() -> list[Figure]:
    """Measure drafting for a new customer and for one with five years behind it."""
    figures = []
    for name, months in (("drafting", 1), ("drafting_60_months", 60)):
        seconds, result = drafted(months)
        draft = bill(agreement(months), usage(), BILL_DATE)
        floor = best_seconds(lambda draft=draft: [to_bytes(draft) for _ in range(COUNT)])
        figures.append(
            figure(name, unit="drafts/s", count=COUNT, seconds=seconds, floor_seconds=floor, seed=SEED, result=result)
        )
    return figures
