"""Aggregations of events, as Lago gives them."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction

from tests.oracles.adapters.lago_charges import cents
from tests.oracles.adapters.phrases import figure, number
from tests.oracles.harness import Case, Facts, Unreadable, adapter

from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.meters import (
    Aggregation,
    Carried,
    Event,
    Measured,
    Meter,
    Stay,
    UnitRounding,
    measure,
    prorated_quantity,
)
from billhook.core.money import currency
from billhook.core.period import ONE_DAY, Period
from billhook.core.price.per_unit import PerUnit
from billhook.core.proration import Basis, Proportion, prorate
from billhook.core.rounding import Rounding

FILES = ("lago",)
EUR = currency("EUR")
MONTH = Cadence(CadenceUnit.MONTH)
START, END = datetime(2023, 1, 1, tzinfo=UTC), datetime(2023, 2, 1, tzinfo=UTC)
MODES = {"round": Rounding.HALF_UP, "ceil": Rounding.CEILING, "floor": Rounding.FLOOR}
AGGREGATIONS = {
    "aggregation.count": Aggregation.COUNT,
    "aggregation.sum": Aggregation.SUM,
    "aggregation.max": Aggregation.MAX,
    "aggregation.latest": Aggregation.LATEST,
}


def _events(values: list[object]) -> list[Event]:
    return [
        Event(key=str(index), at=START + timedelta(minutes=index), properties={"value": number(value)})
        for index, value in enumerate(values)
    ]


@adapter(*AGGREGATIONS, files=FILES)
def after_each_event(given: Facts, case: Case) -> Mapping[str, object]:
    """Measure and price after each event, and in the end."""
    meter = Meter(aggregation=AGGREGATIONS[case.area], measures="value")
    events = _events(list(given["event_values"]))
    found = [measure(meter, events[: count + 1], start=START, end=END)[()].quantity for count in range(len(events))]
    price = PerUnit(currency=EUR, unit_price=number(given.get("price", 0)))
    amounts = [cents(price.price(units).amount) for units in found]
    return {
        "units_after_each": found,
        "amount_cents_after_each": amounts,
        "value": found[-1],
        "units": found[-1],
        "amount_cents": amounts[-1],
    }


@adapter("aggregation.weighted_sum", files=FILES)
def weighted_sum(given: Facts, _case: Case) -> Mapping[str, object]:
    """Weigh the running sum by the time for which it stood."""
    first, last = (datetime.fromisoformat(text) for text in given["period"])
    end = last if last.time() == time.min else last.replace(microsecond=0) + timedelta(seconds=1)
    carried = {(): Carried(total=number(given["carried"]))} if "carried" in given else None
    meter = Meter(aggregation=Aggregation.WEIGHTED_SUM, measures="value", recurring=carried is not None)
    found: Measured = measure(meter, _dated(given), start=first, end=end, carried=carried)[()]
    return {"value": figure(found.exact), "value_rounded_5": found.exact, "count": found.events}


def _dated(given: Facts) -> Iterator[Event]:
    """Yield the events of each day that is named."""
    for name in given:
        found = re.fullmatch(r"events_on_(\d{4})_(\d\d)_(\d\d)", name)
        for index, (clock, value) in enumerate(given[name]) if found else ():
            day = date(*(int(part) for part in found.groups()))
            at = datetime.combine(day, time.fromisoformat(clock), UTC)
            yield Event(key=f"{name}/{index}", at=at, properties={"value": number(value)})


@adapter("aggregation.sum.prorated", files=FILES)
def prorated_sum(given: Facts, _case: Case) -> Mapping[str, object]:
    """Count units from the day of their event to the day on which the subscription ended."""
    event = given["event"]
    day, last = date.fromisoformat(event["date"]), date.fromisoformat(given["terminated"])
    start = date.fromisoformat(given["subscription_start"])
    cycle = MONTH.containing(day.replace(day=1), day)
    if not given["month"].startswith("calendar") or str(cycle.days) not in given["month"] or start > day:
        raise Unreadable(given["month"])
    part = prorate(Period(day, last + ONE_DAY), cycle=cycle, basis=Basis.DAYS)
    quantity = prorated_quantity([Stay(units=number(event["units"]), part=part)])
    return {"charge_fee_cents": cents(quantity * Fraction(number(given["price"]))), "value": quantity}


@adapter("aggregation.unique_count.prorated", files=FILES)
def prorated_unique(given: Facts, _case: Case) -> Mapping[str, object]:
    """Count carried values to the day on which the subscription ended; the last days named belong to the period."""
    first, last = (date.fromisoformat(text) for text in given["period"])
    cycle = Period(first, last + ONE_DAY)
    ended = date.fromisoformat(given["subscription_terminated_on"]) if "subscription_terminated_on" in given else last
    part: Proportion = prorate(Period(first, ended + ONE_DAY), cycle=cycle, basis=Basis.DAYS)
    quantity = prorated_quantity([Stay(units=number(given["carried_unique_ids"]), part=part)])
    return {"value": f"{quantity} (ceil 5 decimals)"}


@adapter("aggregation.unique_count", files=FILES)
def unique(given: Facts, _case: Case) -> Mapping[str, object]:
    """Count the different values of a period, with those that were carried over."""
    recurring = bool(given.get("recurring", False))
    carried = {(): Carried(values=frozenset(f"carried {index}" for index in range(int(given["carried_ids"]))))}
    events = [
        Event(key=str(index), at=START, properties={"value": f"new {index}"})
        for index in range(int(given["new_ids_in_period"]))
    ]
    meter = Meter(aggregation=Aggregation.UNIQUE, measures="value", recurring=recurring)
    return {"value": measure(meter, events, start=START, end=END, carried=carried if recurring else None)[()].quantity}


@adapter("aggregation.rounding", files=FILES)
def rounded(given: Facts, _case: Case) -> Mapping[str, object]:
    """Round metered units."""
    precision = given.get("precision")
    rounding = UnitRounding(mode=MODES[given["function"]], places=0 if precision is None else int(precision))
    return {"units": Decimal(rounding.apply(number(given["units"])))}
