"""Meters, percentiles, registers and demand."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billhook.core.exact import NotExactError
from billhook.core.meters import (
    Aggregation,
    Carried,
    Event,
    Meter,
    MeterError,
    Stay,
    UnitRounding,
    measure,
    prorated_quantity,
)
from billhook.core.percentile import Sample, SampleError, billable_rate, percentile
from billhook.core.period import Period
from billhook.core.price.filtered import PropertyFilter
from billhook.core.proration import Basis, Proportion
from billhook.core.registers import (
    Consumed,
    Ratchet,
    Reading,
    ReadingError,
    Register,
    consumption,
    net_export,
    peak_demand,
)
from billhook.core.rounding import Rounding

D = Decimal
START, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)


def event(value: object, *, hour: int = 0, key: str = "", **properties: object) -> Event:
    figure = D(value) if isinstance(value, int) else value
    return Event(
        key=key or f"{hour}/{value}", at=START + timedelta(hours=hour), properties={"value": figure, **properties}
    )


def quantity(aggregation: Aggregation, events: list[Event], **options: object) -> Decimal:
    meter = Meter(aggregation=aggregation, measures="value", **options)
    return measure(meter, events, start=START, end=END)[()].quantity


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [
        (Aggregation.COUNT, "4"),
        (Aggregation.SUM, "28"),
        (Aggregation.MAX, "20"),
        (Aggregation.MIN, "0"),
        (Aggregation.AVERAGE, "7"),
        (Aggregation.UNIQUE, "4"),
        (Aggregation.LATEST, "3"),
        (Aggregation.PERCENTILE, "20"),
    ],
)
def test_aggregations(aggregation: Aggregation, expected: str) -> None:
    events = [event(5), event(20, hour=1), event(0, hour=2), event(3, hour=3)]
    assert quantity(aggregation, events) == D(expected)


def test_nothing_measures_zero() -> None:
    for aggregation in Aggregation:
        assert quantity(aggregation, []) == 0


def test_a_weighted_sum_weighs_the_running_sum_by_time() -> None:
    half = (END - START) / 2
    events = [event(10), Event(key="half", at=START + half, properties={"value": D(-4)})]
    assert quantity(Aggregation.WEIGHTED_SUM, events) == 8
    thirds = measure(
        Meter(aggregation=Aggregation.WEIGHTED_SUM, measures="value"), [event(1, hour=248)], start=START, end=END
    )
    assert thirds[()].exact == Fraction(2, 3)
    assert str(thirds[()].quantity) == "0.666666666667"


@given(
    st.lists(st.tuples(st.integers(0, 700), st.integers(-9, 9)), max_size=8), st.sampled_from(Aggregation), st.randoms()
)
def test_a_quantity_does_not_depend_on_the_order_of_arrival(
    found: list[tuple[int, int]], aggregation: Aggregation, random: object
) -> None:
    events = [event(value, hour=hour, key=str(key)) for key, (hour, value) in enumerate(found)]
    one = quantity(aggregation, events)
    random.shuffle(events)  # type: ignore[attr-defined]
    assert quantity(aggregation, [*events, *events]) == one


def test_filters_and_groups_keep_events_apart() -> None:
    events = [
        event(5, key="a", region="eu", tier="gold"),
        event(7, key="b", region="us", tier="gold"),
        event(2, key="c", region="eu", tier="tin"),
        event(1, key="d", region="eu", tier="gold"),
    ]
    gold = PropertyFilter(name="tier", values=("gold",))
    meter = Meter(aggregation=Aggregation.SUM, measures="value", filters=(gold,), group_by=("region",))
    found = measure(meter, events, start=START, end=END)
    assert {group: item.quantity for group, item in found.items()} == {("eu",): 6, ("us",): 7}


def test_a_recurring_meter_carries_its_value_over() -> None:
    meter = Meter(aggregation=Aggregation.SUM, measures="value", recurring=True)
    found = measure(meter, [event(4)], start=START, end=END, carried={(): Carried(total=D(-3))})[()]
    assert (found.quantity, found.carry) == (1, Carried(total=D(1)))
    unique = Meter(aggregation=Aggregation.UNIQUE, measures="value", recurring=True)
    events = [event("new"), event("old", hour=1, operation="remove")]
    seen = measure(unique, events, start=START, end=END, carried={(): Carried(values=frozenset({"old"}))})[()]
    assert (seen.quantity, seen.carry.values) == (2, frozenset({"new"}))


@pytest.mark.parametrize(
    ("mode", "places", "rounded"),
    [
        (Rounding.HALF_UP, 0, "123"),
        (Rounding.HALF_UP, -2, "100"),
        (Rounding.CEILING, 0, "124"),
        (Rounding.FLOOR, 1, "123.4"),
    ],
)
def test_units_are_rounded_before_they_are_priced(mode: Rounding, places: int, rounded: str) -> None:
    rounding = UnitRounding(mode=mode, places=places)
    assert rounding.apply(D("123.456")) == D(rounded)
    assert quantity(Aggregation.SUM, [event(D("123.456"))], rounding=rounding) == D(rounded)


def test_stays_count_for_their_part_of_the_cycle() -> None:
    stays = [Stay(units=D(10), part=Proportion(5, 31, Basis.DAYS)), Stay(units=D(2), part=Proportion(1, 1, Basis.DAYS))]
    assert prorated_quantity(stays) == Fraction(50, 31) + 2


def test_meters_and_events_that_make_no_sense_are_refused() -> None:
    for build in (
        lambda: Meter(aggregation=Aggregation.SUM),
        lambda: Meter(aggregation=Aggregation.PERCENTILE, measures="value", percent=D(0)),
        lambda: Meter(aggregation=Aggregation.MAX, measures="value", recurring=True),
        lambda: quantity(Aggregation.SUM, [Event(key="late", at=END, properties={"value": D(1)})]),
        lambda: quantity(Aggregation.SUM, [Event(key="none", at=START)]),
        lambda: quantity(Aggregation.SUM, [event(0.5)]),
        lambda: quantity(Aggregation.UNIQUE, [Event(key="none", at=START)]),
    ):
        with pytest.raises(MeterError):
            build()


@given(st.lists(st.decimals(0, 1000, places=1), min_size=1, max_size=60), st.integers(1, 100))
def test_a_percentile_is_the_lowest_value_that_so_many_do_not_exceed(values: list[Decimal], percent: int) -> None:
    found = percentile(values, D(percent))
    below = [value for value in values if value <= found]
    assert found in values
    assert Fraction(len(below), len(values)) >= Fraction(percent, 100)
    assert Fraction(len([value for value in values if value < found]), len(values)) < Fraction(percent, 100)


def test_bandwidth_is_the_higher_way_with_ports_summed_and_gaps_reported() -> None:
    at = [START + timedelta(minutes=5 * index) for index in range(40)]
    samples = [Sample(port="a", at=moment, inbound=D(index), outbound=D(1)) for index, moment in enumerate(at[:20])]
    samples.append(Sample(port="b", at=at[19], inbound=D(100), outbound=D(0)))
    found = billable_rate(samples, start=START, end=at[-1])
    assert (found.rate, found.inbound, found.outbound, found.samples, found.gaps) == (18, 18, 1, 20, 19)
    for wrong in (samples[0], Sample(port="c", at=END, inbound=D(0), outbound=D(0))):
        with pytest.raises(SampleError):
            billable_rate([*samples, wrong], start=START, end=at[-1])


METER = Register(key="E1", multiplier=D(40), digits=5)


def read(day: int, figure: str, register: Register = METER, *, estimated: bool = False) -> Reading:
    return Reading(register=register, day=date(2026, 3, day), figure=D(figure), estimated=estimated)


def test_registers_multiply_and_roll_over() -> None:
    assert METER.between(D(10), D(12)) == 80
    assert METER.between(D(99999), D(1)) == 80
    with pytest.raises(ReadingError, match="has 5 digits"):
        METER.between(D(1), D(100000))
    with pytest.raises(ReadingError, match="name its digits"):
        Register(key="E2").between(D(2), D(1))
    for options in ({"multiplier": D(0)}, {"digits": 0}):
        with pytest.raises(ReadingError):
            Register(key="E3", **options)
    with pytest.raises(ReadingError, match="below zero"):
        read(1, "-1")
    with pytest.raises(NotExactError):
        Reading(register=METER, day=date(2026, 3, 1), figure=1.5)  # type: ignore[arg-type]


def test_an_exchange_starts_a_new_register_and_an_actual_read_cancels_the_estimate() -> None:
    new = Register(key="E9", multiplier=D(1))
    readings = [
        read(1, "100"),
        read(11, "110", estimated=True),
        read(11, "105"),
        read(11, "0", new),
        read(21, "7", new),
    ]
    expected = [(Period(date(2026, 3, 1), date(2026, 3, 11)), 200), (Period(date(2026, 3, 11), date(2026, 3, 21)), 7)]
    for given_so in (readings, readings[::-1]):
        assert [(item.period, item.quantity) for item in consumption(given_so)] == expected
    assert consumption([read(1, "0"), read(2, "1", estimated=True)])[0].estimated
    with pytest.raises(ReadingError, match="two readings"):
        consumption([read(1, "1"), read(1, "2")])


def test_usage_spreads_by_day_over_price_versions() -> None:
    whole = Period(date(2026, 3, 1), date(2026, 3, 11))
    used = Consumed(period=whole, quantity=D(100), estimated=False)
    assert used.by_day(whole.split(date(2026, 3, 4))) == (30, 70)


def test_demand_is_the_highest_mean_with_its_ratchet() -> None:
    energy = {START: D("2.5"), START + timedelta(minutes=15): D(5)}
    assert peak_demand(energy) == 20
    assert peak_demand({}) == 0
    ratchet = Ratchet(percent=D(80), months=2)
    assert ratchet.billed(Fraction(20), [Fraction(100), Fraction(50), Fraction(30)]) == 40
    assert ratchet.billed(Fraction(20), []) == 20
    for options in ({"percent": D(101), "months": 1}, {"percent": D(80), "months": 0}):
        with pytest.raises(ReadingError):
            Ratchet(**options)


def test_export_is_netted_and_surplus_banked() -> None:
    assert net_export(D(10), D(4)).billed == 6
    surplus = net_export(D(4), D(10))
    assert (surplus.billed, surplus.banked) == (0, 6)
    assert net_export(D(10), D(0), banked=surplus.banked).billed == 4
