"""Charges, charge models in advance and filters, as Lago gives them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from tests.oracles.adapters.phrases import number
from tests.oracles.harness import Case, Facts, Unreadable, adapter

from billhook.core import exact
from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.money import Money, currency, round_together
from billhook.core.period import ONE_DAY, Period
from billhook.core.price import Priced
from billhook.core.price.dynamic import Dynamic
from billhook.core.price.filtered import Filtered, FilteredPrice, PropertyFilter
from billhook.core.price.graduated import Graduated
from billhook.core.price.graduated_percentage import GraduatedPercentage, PercentTier
from billhook.core.price.in_advance import ProratedEvent, charge_in_advance, owed, prorated_tiers, true_up
from billhook.core.price.package import Package
from billhook.core.price.per_unit import PerUnit
from billhook.core.price.percentage import Percentage
from billhook.core.price.tiers import Tier
from billhook.core.price.volume import Volume
from billhook.core.proration import Basis, prorate
from billhook.core.usage import UsageEvent

FILES = ("lago",)
EUR = currency("EUR")
MONTH = Cadence(CadenceUnit.MONTH)
HUNDRED = Decimal(100)


def cents(amount: Decimal | Fraction) -> int:
    """Return an amount in cents, rounded once."""
    (money,) = round_together([amount], EUR)
    return int(exact.multiply(money.amount, HUNDRED))


def tiers(given: Facts) -> tuple[Tier, ...]:
    """Return the tiers of ranges with both bounds, a price for each unit and a flat fee."""
    rows = _rows(given, "per_unit")
    return tuple(Tier(up_to=row["to"], unit_price=row["per_unit"], flat_fee=row["flat"]) for row in rows)


def _rows(given: Facts, price: str) -> list[dict[str, Decimal]]:
    columns = list(given["ranges_cols"])
    if sorted(columns) != sorted(["from", "to", price, "flat"]):
        raise Unreadable(f"ranges have the columns {columns}")
    rows = [dict(zip(columns, row, strict=True)) for row in given["ranges"]]
    return [{name: None if value is None else number(value) for name, value in row.items()} for row in rows]


def _answer(priced: Priced, units: Decimal) -> dict[str, object]:
    unit_amount = Fraction(priced.amount) / Fraction(units) if units else Fraction(0)
    return {
        "amount": priced.amount,
        "amount_cents": cents(priced.amount),
        "unit_amount": unit_amount,
        "unit_amount_rounded": unit_amount,
    }


@adapter("charge.standard", files=FILES)
def standard(given: Facts, _case: Case) -> Mapping[str, object]:
    """Price units at one price."""
    units = number(given["units"])
    return _answer(PerUnit(currency=EUR, unit_price=number(given["amount"])).price(units), units)


@adapter("charge.graduated", files=FILES)
def graduated(given: Facts, _case: Case) -> Mapping[str, object]:
    """Price units in slices."""
    units = number(given["units"])
    return _answer(Graduated(currency=EUR, tiers=tiers(given)).price(units), units)


@adapter("charge.volume", files=FILES)
def volume(given: Facts, _case: Case) -> Mapping[str, object]:
    """Price all units at one tier; no units, no charge."""
    units = number(given["units"])
    price = Volume(currency=EUR, tiers=tiers(given))
    return _answer(price.price(units) if units else Priced(amount=exact.ZERO, steps=()), units)


@adapter("charge.graduated_percentage", files=FILES)
def graduated_percentage(given: Facts, _case: Case) -> Mapping[str, object]:
    """Price a value in slices, each at its percentage."""
    rows = _rows(given, "rate_percent")
    parts = tuple(PercentTier(up_to=row["to"], percent=row["rate_percent"], flat_fee=row["flat"]) for row in rows)
    units = number(given["units"])
    return _answer(GraduatedPercentage(currency=EUR, tiers=parts).price(units), units)


@adapter("charge.package", "openmeter.package", files=FILES)
def package(given: Facts, case: Case) -> Mapping[str, object]:
    """Price units in started packages, after the free ones."""
    is_openmeter = case.area.startswith("openmeter")
    units = number(given["usage" if is_openmeter else "units"])
    free = number(given.get("free_units", 0))
    price = Package(
        currency=EUR,
        size=number(given["quantity_per_package" if is_openmeter else "package_size"]),
        block_price=number(given["amount" if is_openmeter else "amount_per_package"]),
        free=free,
    )
    priced = price.price(units)
    return _answer(priced, units) | {
        "paid_units": max(exact.subtract(units, free), exact.ZERO),
        "quantity": sum(step.blocks for step in priced.steps),
    }


def percentage_price(given: Facts) -> Percentage:
    """Return the percentage price of a case; what is not given, or zero, is no limit."""
    limits = {
        "free_events": given.get("free_units_per_events"),
        "free_volume": given.get("free_units_per_total_aggregation"),
        "minimum": given.get("per_transaction_min"),
        "maximum": given.get("per_transaction_max"),
    }
    known = {name: number(value) for name, value in limits.items() if value is not None}
    if "free_events" in known:
        known["free_events"] = int(known["free_events"])
    return Percentage(
        currency=EUR,
        percent=number(given["rate_percent"]),
        fee=number(given.get("fixed_amount") or 0),
        **known,
    )


@adapter("charge.percentage", "charge.percentage.min_max", files=FILES)
def percentage(given: Facts, _case: Case) -> Mapping[str, object]:
    """Price the value of events at a percentage, a fee and a free start."""
    price, values = percentage_price(given), _values(given)
    units, paid = exact.total(values), list(price.paid_parts(values))
    fixed = exact.multiply(price.fee, Decimal(len(paid)))
    priced = price.price_values(values)
    return _answer(priced, units) | {
        "fixed_part": fixed,
        "percentage_part": exact.subtract(priced.amount, fixed),
        "free_events": len(values) - len(paid),
        "free_units": exact.subtract(units, exact.total(paid)),
    }


def _values(given: Facts) -> list[Decimal]:
    """Return the value of each event; where only the running total of the first ones is given, the rest is spread."""
    if "event_values" in given:
        return [number(value) for value in given["event_values"]]
    running = [exact.ZERO, *(number(value) for value in given.get("running_total", []))]
    units, count = number(given["units"]), int(given["events_count"])
    first = [exact.subtract(later, earlier) for earlier, later in pairwise(running)]
    later = count - len(first)
    if later < 1:
        return first[:count]
    rest = exact.subtract(units, running[-1])
    each = (rest / later).quantize(Decimal("0.000001"))
    return [*first, *([each] * (later - 1)), exact.subtract(rest, exact.multiply(each, Decimal(later - 1)))]


@adapter("charge.dynamic", files=FILES)
def dynamic(given: Facts, _case: Case) -> Mapping[str, object]:
    """Sum what the events say they cost."""
    units = number(given["units"])
    amount = exact.multiply(number(given["precise_total_amount_cents"]), Decimal("0.01"))
    event = UsageEvent(key="all", at=datetime(2026, 3, 1, tzinfo=UTC), quantity=units, amount=amount)
    return _answer(Dynamic(currency=EUR).price_usage([event]), units)


@adapter("charge.graduated.prorated", files=FILES)
def prorated_events(given: Facts, _case: Case) -> Mapping[str, object]:
    """Place each event by the running total, and price the share of it that falls to the period."""
    events = [
        ProratedEvent(units=number(units), share=Fraction(number(share)))
        for units, share in zip(given["event_units"], given["event_prorated_units"], strict=True)
    ]
    charged = prorated_tiers(Graduated(currency=EUR, tiers=tiers(given)), events)
    return {"amount": charged.exact, "amount_rounded_2": charged.exact}


@adapter("charge.graduated.prorated", files=FILES)
def carried_over(given: Facts, _case: Case) -> Mapping[str, object]:
    """Price the events of two periods, of which the first leaves its quantity to the second."""
    if not given["recurring"]:
        raise Unreadable("the quantity is not carried over")
    price = Graduated(currency=EUR, tiers=tiers(given))
    first, second = ([number(value) for value in given[name]] for name in ("period1_events", "period2_events"))
    carried = exact.total(first)
    amounts = [
        max(prorated_tiers(price, [_whole(units) for units in events], carried=start).exact, Fraction(0))
        for events, start in ((first, exact.ZERO), (second, carried))
    ]
    return {
        "period1_invoice_cents": cents(amounts[0]),
        "period2_amount_cents": cents(amounts[1]),
        "period2_units": exact.add(carried, exact.total(second)),
    }


def _whole(units: Decimal) -> ProratedEvent:
    return ProratedEvent(units=units, share=Fraction(units))


@adapter("charge.pay_in_advance.standard", "charge.pay_in_advance.graduated", files=FILES)
def in_advance(given: Facts, _case: Case) -> Mapping[str, object]:
    """Bill each event at once: the price of the total so far less what was billed."""
    if given["agg"] != "sum":
        raise Unreadable(f"aggregation {given['agg']}")
    if "ranges" in given:
        price: Graduated | PerUnit = Graduated(currency=EUR, tiers=tiers(given))
    else:
        price = PerUnit(currency=EUR, unit_price=number(given["amount"]))
    charges = charge_in_advance(price, [number(value) for value in given["event_values"]])
    return {
        "fee_amount_cents": [cents(charge.priced.amount) for charge in charges],
        "fee_units": [charge.units for charge in charges],
    }


@adapter("charge.pay_in_advance.percentage", files=FILES)
def percentage_in_advance(given: Facts, _case: Case) -> Mapping[str, object]:
    """Bill each event at once: the price of all events so far less that of those before."""
    price, values = percentage_price(given), _values(given)
    so_far = [price.price_values(values[:count]) for count in range(len(values) + 1)]
    fees = [owed(later, earlier.amount) for earlier, later in pairwise(so_far)]
    return {"fee_amount_cents": [cents(fee.amount) for fee in fees]}


@adapter("charge.filter", files=FILES)
def filtered(given: Facts, _case: Case) -> Mapping[str, object]:
    """Price an event by the filter that its properties pass."""
    event = given["event"].plain()
    price = Filtered(
        default=PerUnit(currency=EUR, unit_price=number(given["charge_default_amount"])),
        prices=tuple(_filter(item) for item in given["filters"]),
    )
    priced = price.price_for(event).price(number(event["units"]))
    return {"fee_amount_cents": cents(priced.amount), "matched_filter": price.match(event) is not None}


def _filter(item: Facts) -> FilteredPrice:
    values: Mapping[str, Sequence[str]] = item["values"].plain()
    return FilteredPrice(
        filters=tuple(PropertyFilter(name=name, values=tuple(allowed)) for name, allowed in values.items()),
        price=PerUnit(currency=EUR, unit_price=number(item["amount"])),
    )


@adapter("charge.min_amount", files=FILES)
def minimum(given: Facts, _case: Case) -> Mapping[str, object]:
    """True a charge up to its minimum, prorated to the day on which the subscription ended."""
    if given["calendar"] != "monthly":
        raise Unreadable(given["calendar"])
    last = date.fromisoformat(given["terminated"])
    cycle = MONTH.containing(last.replace(day=1), last)
    part = prorate(Period(cycle.start, last + ONE_DAY), cycle=cycle, basis=Basis.DAYS)
    usage = PerUnit(currency=EUR, unit_price=number(given["charge_price"])).price(number(given["units"])).amount
    least = exact.multiply(number(given["min_amount_cents"]), Decimal("0.01"))
    missing = cents(true_up(usage, minimum=least, part=part).exact)
    fees = cents(usage) + missing
    tax = Money(exact.multiply(Decimal(fees), number(given["tax_percent"])), EUR) * Decimal("0.0001")
    return {
        "usage_fee_cents": cents(usage),
        "true_up_fee_cents": missing,
        "fees_cents": fees,
        "tax_cents": cents(tax.amount),
    }
