"""jBilling: cases in letters, computed with figures that stand for them."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from tests.oracles.adapters.jbilling_cycles import JBILLING, USD
from tests.oracles.adapters.jbilling_invoices import MONTHLY, TODAY, billed, order_line
from tests.oracles.harness import Case, Facts, Unreadable, adapter
from tests.oracles.reading import figure

from billhook.core.agreement import ChargeKind, Cycle
from billhook.core.discount import Discount
from billhook.core.exact import from_fraction
from billhook.core.exchange import ExchangeRate, ExchangeTable
from billhook.core.money import currency
from billhook.core.price.flat import Flat

FOREIGN = currency("AUD")
STAND_IN = Decimal(100)
CYCLE = Cycle(cadence=MONTHLY, anchor=TODAY, next_bill=TODAY)


@adapter("currency.effective_dated", files=JBILLING)
def dated_rate(given: Facts, _: Case) -> Mapping[str, object]:
    """Return at which of the dated rates a price is converted on the date of an order."""
    dates = given["rates"].plain()
    rates = tuple(
        ExchangeRate(currency=FOREIGN, per_pivot=figure(rate), valid_from=_day(name)) for name, rate in dates.items()
    )
    found = ExchangeTable(pivot=USD, rates=rates).rate(FOREIGN, _day(given["order_date"]))
    written = next(rate for rate in dates.values() if figure(rate) == from_fraction(found))
    return {"amount": f"{written} x {given['item_price']}"}


def _day(name: str) -> date:
    """Return a day for a name such as `date2`, which lies after `date1`."""
    match = re.fullmatch(r"date(\d+)", name)
    if match is None:
        raise Unreadable(f"{name!r} is no date")
    return TODAY + timedelta(days=int(match[1]))


@adapter("discounts.percentage_item_level", files=JBILLING)
def item_discount(given: Facts, _: Case) -> Mapping[str, object]:
    """Return from which lines a discount on one item is taken, and how much."""
    items = [re.fullmatch(r"(\w+): (\w+)", text) for text in given["order_lines"]]
    names = [match[1] for match in items if match]
    if len(names) < len(items):
        raise Unreadable("an order line is written otherwise")
    discount = Discount(key="item", description="item", percent=figure(given["percent"]), products=(given["item"],))
    taken = {name: _taken(name, discount) for name in names}
    which = [name for name in names if taken[name]]
    if len(which) != 1:
        raise Unreadable("the discount is not on one line")
    percent = taken[which[0]] * 100 / STAND_IN
    return {"discount": f"-{percent.normalize():f}% of line {which[0]} only"}


def _taken(name: str, discount: Discount) -> Decimal:
    """Return what a discount takes off a line that is billed alone."""
    price = Flat(currency=USD, amount=STAND_IN)
    line = order_line(key=name, product=name, kind=ChargeKind.ONE_TIME, price=price, active_from=TODAY)
    draft = billed([line], CYCLE, TODAY, discounts=(discount,))
    return STAND_IN - draft.net.amount if draft else Decimal(0)
