"""Prices that need single events, meters, pools and percentages of other lines, in a bill."""

from collections.abc import Callable
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from tests.core.agreements import EUR, FIRST, agreement, billed, day, event, line, usage_line

from billhook.core.agreement import AgreedLine, AgreementError, BilledUsage
from billhook.core.bands import BandCalendar, TimeBand
from billhook.core.billed import BilledPart
from billhook.core.canonical import from_bytes, to_bytes
from billhook.core.derivation import recompute, sentence
from billhook.core.document import InvoiceDraft
from billhook.core.draft import bill
from billhook.core.grouping import GroupBy, GroupingError, References, partition
from billhook.core.meters import Aggregation, Carried, Meter, MeterState, UnitRounding
from billhook.core.money import Money
from billhook.core.period import Period
from billhook.core.price import PriceError, PriceModel
from billhook.core.price.capacity import Capacity, CapacityTier, Limit
from billhook.core.price.chain import Chain, Maximum, Multiplier, capped
from billhook.core.price.dynamic import Dynamic
from billhook.core.price.filtered import Filtered, FilteredPrice, PropertyFilter
from billhook.core.price.flat import Flat
from billhook.core.price.graduated import Graduated
from billhook.core.price.per_unit import PerUnit
from billhook.core.price.percentage import Percentage
from billhook.core.price.percentage_of import PercentageOf
from billhook.core.price.pooled import Pooled
from billhook.core.price.tiers import Tier
from billhook.core.price.time_of_day import BandPrice, TimeOfDay
from billhook.core.rounding import Rounding
from billhook.core.usage import UsageCharge, UsageError, UsageEvent

D = Decimal
MARCH, APRIL, MAY = FIRST, day("04-01"), day("05-01")
MONTH = Period(MARCH, APRIL)
CENT = PerUnit(currency=EUR, unit_price=D("0.01"))
DEAR = PerUnit(currency=EUR, unit_price=D("0.10"))
EVENINGS = TimeOfDay(
    calendar=BandCalendar(
        bands=(TimeBand(name="day", end=time(18)), TimeBand(name="evening", start=time(18))), zone="Europe/Amsterdam"
    ),
    prices=(BandPrice(band="day", price=DEAR), BandPrice(band="evening", price=CENT)),
)
SEATS = Capacity(
    currency=EUR,
    tiers=(
        CapacityTier(limits=(Limit(meter="seats", up_to=D(10)), Limit(meter="gb", up_to=D(50))), amount=D(20)),
        CapacityTier(limits=(Limit(meter="seats", up_to=D(20)), Limit(meter="gb", up_to=None)), amount=D(35)),
    ),
)
REGIONS = Filtered(
    default=CENT,
    prices=(FilteredPrice(filters=(PropertyFilter(name="region", values=("eu",)),), price=capped(DEAR, D("0.50"))),),
)


def used(*events: UsageEvent, period: Period = MONTH, key: str = "U") -> UsageCharge:
    return UsageCharge(line=key, period=period, events=events)


def drafted(*lines: AgreedLine, usage: tuple[UsageCharge, ...] = (), **changes: Any) -> InvoiceDraft:
    draft = bill(agreement(*lines, **changes), usage, APRIL)
    assert draft is not None
    assert from_bytes(InvoiceDraft, to_bytes(draft)) == draft
    assert all(recompute(item.derivation) == item.amount for item in draft.lines)
    return draft


def amounts(draft: InvoiceDraft) -> dict[str, str]:
    return {item.description: str(item.amount.amount) for item in draft.lines}


def of(price: PriceModel, *events: UsageEvent, **changes: Any) -> str:
    return str(drafted(usage_line(price=price, **changes), usage=(used(*events),)).total.amount)


def on(clock: str, key: str, quantity: str, **told: Any) -> UsageEvent:
    return event(key, quantity, at=datetime.fromisoformat(f"2026-03-10T{clock}+00:00"), **told)


def test_events_cost_what_they_say() -> None:
    price = Dynamic(currency=EUR)
    assert of(price, event("a", "1", amount=D("1.20")), event("b", "1", amount=D("0.35"))) == "1.55"
    with pytest.raises(PriceError, match="b does not say"):
        of(price, event("a", "1", amount=D(1)), event("b", "1"))


def test_the_first_events_in_time_are_the_free_ones() -> None:
    price = Percentage(currency=EUR, percent=D(1), fee=D("0.20"), free_events=1)
    assert of(price, on("12:00", "late", "100"), on("11:00", "early", "900")) == "1.20"
    assert of(price, on("11:00", "late", "100"), on("12:00", "early", "900")) == "9.20"


def test_a_percentage_without_fee_and_limits_takes_sums() -> None:
    total = UsageCharge(line="U", period=MONTH, quantity=D(300))
    flat = Percentage(currency=EUR, percent=D(1))
    assert str(drafted(usage_line(price=flat), usage=(total,)).total.amount) == "3.00"
    assert of(flat, event("a", "100"), event("b", "200")) == "3.00"


def test_the_peak_of_any_meter_picks_the_tier() -> None:
    seats = [event(str(n), "1", properties={"seats": D(n)}) for n in (3, 9)]
    assert of(SEATS, *seats) == "20.00"
    assert of(SEATS, *seats, event("x", "1", properties={"gb": D(51)})) == "35.00"
    only = Capacity(currency=EUR, tiers=(CapacityTier(limits=(Limit(meter="kW", up_to=None),), amount=D(7)),))
    assert of(only, event("a", "12")) == "7.00"
    for properties in ({}, {"seats": "nine"}):
        with pytest.raises(PriceError, match="has no figure for gb or seats"):
            of(SEATS, event("a", "1", properties=properties))


def test_an_event_has_the_price_of_its_band_in_the_zone_of_the_calendar() -> None:
    assert of(EVENINGS, on("16:59", "a", "10"), on("17:00", "b", "10")) == "1.10"


def test_an_event_has_the_price_that_its_properties_choose_and_a_cap_holds_for_its_own_price_alone() -> None:
    european = [event(str(n), "4", properties={"region": "eu"}) for n in range(2)]
    draft = drafted(usage_line(price=REGIONS), usage=(used(*european, event("x", "10")),))
    assert str(draft.total.amount) == "0.60"
    turned = Filtered(
        default=capped(DEAR, D("0.50")), prices=(FilteredPrice(filters=REGIONS.prices[0].filters, price=CENT),)
    )
    draft = drafted(usage_line(price=turned), usage=(used(*european, event("x", "60")),))
    assert str(draft.total.amount) == "0.58"
    assert "all else 0.5" in sentence(draft.lines[0].derivation)


def test_links_stand_behind_a_price_of_events() -> None:
    price = Chain(first=EVENINGS, links=(Multiplier(factor=D(2)), Maximum(amount=D(2))))
    assert of(price, on("12:00", "a", "9")) == "1.80"
    assert of(price, on("12:00", "a", "90")) == "2.00"


@pytest.mark.parametrize("price", [Dynamic(currency=EUR), EVENINGS, SEATS, REGIONS, capped(EVENINGS, D(9))])
def test_a_sum_has_no_answer_where_events_are_needed(price: PriceModel) -> None:
    total = UsageCharge(line="U", period=MONTH, quantity=D(300))
    with pytest.raises(UsageError, match="its price looks at events"):
        drafted(usage_line(price=price), usage=(total,))


def test_late_events_are_priced_on_top_of_those_billed_before() -> None:
    price = Percentage(currency=EUR, percent=D(1), fee=D("0.20"), free_events=1)
    before = BilledUsage(period=MONTH, quantity=D(900), events=(on("11:00", "early", "900"),))
    late = usage_line(price=price, billed_through=APRIL, billed_usage=(before,))
    assert str(drafted(late, usage=(used(on("12:00", "late", "100")),)).total.amount) == "1.20"
    blind = usage_line(price=price, billed_through=APRIL, billed_usage=(BilledUsage(period=MONTH, quantity=D(9)),))
    with pytest.raises(UsageError, match="looks at the events billed before"):
        drafted(blind, usage=(used(on("12:00", "late", "100")),))


def grouped(**changes: Any) -> AgreedLine:
    meter = Meter(aggregation=Aggregation.SUM, measures="gb", group_by=("region",), **changes)
    ladder = Graduated(currency=EUR, tiers=(Tier(up_to=D(10)), Tier(up_to=None, unit_price=D(1))))
    return usage_line(price=ladder, meter=meter, description="Storage", unit="GB")


def gb(key: str, figure: str, region: str, **told: Any) -> UsageEvent:
    return event(key, "1", properties={"gb": D(figure), "region": region}, **told)


def test_each_of_three_groups_has_a_quantity_and_tiers_of_its_own() -> None:
    events = [gb("a", "8", "eu"), gb("b", "7", "eu"), gb("c", "12", "us/east"), gb("d", "3", "")]
    draft = drafted(grouped(), usage=(used(*events[:2]), used(*events[2:])))
    assert amounts(draft) == {
        "Storage (region eu)": "5.00",
        "Storage (region us/east)": "2.00",
        "Storage (no region)": "0.00",
    }
    assert {item.key: str(item.quantity) for item in draft.lines} == {
        "U/2026-03-01/eu": "15",
        "U/2026-03-01/us%2Feast": "12",
        "U/2026-03-01/": "3",
    }


def test_late_usage_of_a_group_stands_on_what_was_billed_of_it() -> None:
    before = BilledUsage(period=MONTH, quantity=D(15), group=("eu",))
    late = grouped()
    changed = usage_line(price=late.price, meter=late.meter, billed_through=APRIL, billed_usage=(before,))
    draft = drafted(changed, usage=(used(gb("x", "2", "eu"), gb("y", "11", "us")),))
    assert amounts(draft) == {"U (region eu)": "2.00", "U (region us)": "1.00"}
    assert [str(item.quantity) for item in draft.lines] == ["2", "11"]


def test_a_meter_that_does_not_add_up_needs_the_events_billed_before() -> None:
    most = Meter(aggregation=Aggregation.MAX, measures="gb")
    events = (gb("a", "9", "eu"),)
    before = BilledUsage(period=MONTH, quantity=D(9), events=events)
    usual: dict[str, Any] = {"price": PerUnit(currency=EUR, unit_price=D(1)), "meter": most, "billed_through": APRIL}
    draft = drafted(usage_line(billed_usage=(before,), **usual), usage=(used(gb("b", "12", "eu")),))
    assert str(draft.total.amount) == "3.00"
    blind = BilledUsage(period=MONTH, quantity=D(9))
    with pytest.raises(UsageError, match="needs the events billed before"):
        drafted(usage_line(billed_usage=(blind,), **usual), usage=(used(gb("b", "12", "eu")),))


def test_a_rounded_quantity_is_rounded_over_all_of_its_period() -> None:
    up = Meter(aggregation=Aggregation.SUM, measures="gb", rounding=UnitRounding(mode=Rounding.UP))
    usual: dict[str, Any] = {"price": PerUnit(currency=EUR, unit_price=D(1)), "meter": up}
    first = drafted(usage_line(**usual), usage=(used(gb("a", "1.2", "")),))
    assert str(first.total.amount) == "2.00"
    before = BilledUsage(period=MONTH, quantity=D(2), events=(gb("a", "1.2", ""),))
    late = usage_line(billed_through=APRIL, billed_usage=(before,), **usual)
    assert str(drafted(late, usage=(used(gb("b", "0.7", "")),)).total.amount) == "0.00"
    assert str(drafted(late, usage=(used(gb("b", "0.9", "")),)).total.amount) == "1.00"


def test_a_meter_carries_its_value_into_periods_without_events() -> None:
    users = Meter(aggregation=Aggregation.UNIQUE, measures="user", recurring=True)
    agreed = usage_line(price=PerUnit(currency=EUR, unit_price=D(1)), meter=users)
    april = Period(APRIL, MAY)
    events = [event(name, "1", properties={"user": name}) for name in ("ann", "bob")]
    leaves = event("x", "1", at=datetime(2026, 4, 9, tzinfo=UTC), properties={"user": "ann", "operation": "remove"})
    draft = bill(agreement(agreed), [used(*events), used(leaves, period=april)], day("06-01"))
    assert draft is not None
    assert [(start, amount) for _, start, _, amount in billed(draft)] == [
        ("03-01", "2.00"),
        ("04-01", "2.00"),
        ("05-01", "1.00"),
    ]
    assert draft.meters_left == (MeterState(line="U", carried=Carried(values=frozenset({"bob"}))),)
    assert from_bytes(InvoiceDraft, to_bytes(draft)) == draft
    from_state = usage_line(price=agreed.price, meter=users, billed_through=day("06-01"), carried=draft.meters_left)
    june = bill(agreement(from_state), (), day("07-01"))
    assert billed(june) == [("U", "06-01", "07-01", "1.00")]
    with pytest.raises(UsageError, match="was carried on already"):
        bill(agreement(from_state), [used(*events)], day("07-01"))


def test_a_meter_counts_from_midnight_to_midnight_of_the_customer_over_a_change_of_clocks() -> None:
    weighted = Meter(aggregation=Aggregation.WEIGHTED_SUM, measures="gb")
    agreed = usage_line(price=PerUnit(currency=EUR, unit_price=D(743)), meter=weighted)
    last_hour = event("a", "1", at=datetime(2026, 3, 31, 21, tzinfo=UTC), properties={"gb": D(1)})
    assert str(drafted(agreed, usage=(used(last_hour),), zone="Europe/Amsterdam").total.amount) == "1.00"


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: usage_line(meter=Meter(aggregation=Aggregation.COUNT)), "needs a price and usage"),
        (lambda: line(meter=Meter(aggregation=Aggregation.COUNT)), "needs a price and usage"),
        (lambda: usage_line(price=EVENINGS, meter=Meter(aggregation=Aggregation.COUNT)), "keep one of them"),
        (lambda: usage_line(carried=(MeterState(line="U"),)), "no meter that carries"),
        (
            lambda: usage_line(
                price=CENT,
                meter=Meter(aggregation=Aggregation.SUM, measures="gb", recurring=True),
                carried=(MeterState(line="V"),),
            ),
            "V carries over; pass those of U",
        ),
    ],
)
def test_a_meter_that_does_not_fit_its_line_is_refused(build: Callable[[], AgreedLine], words: str) -> None:
    with pytest.raises(AgreementError, match=words):
        build()


def test_a_meter_needs_events() -> None:
    with pytest.raises(UsageError, match="as a sum, but a meter"):
        drafted(grouped(), usage=(UsageCharge(line="U", period=MONTH, quantity=D(3)),))


def test_seats_fill_the_pool_of_hours() -> None:
    hours = Pooled(currency=EUR, unit_price=D(2), pool_product="seats", factor=D(5))
    seats = line("S", product="seats", quantity=D(3))
    total = UsageCharge(line="U", period=MONTH, quantity=D(18))
    assert amounts(drafted(seats, usage_line(price=hours), usage=(total,)))["U"] == "6.00"
    more = line("S2", product="seats", order_line="S", quantity=D(31), active_from=day("03-17"))
    fewer = line("S1", product="seats", order_line="S", quantity=D(0), active_until=day("03-17"))
    total = UsageCharge(line="U", period=MONTH, quantity=D(80))
    assert amounts(drafted(fewer, more, usage_line(price=capped(hours, D(99))), usage=(total,)))["U"] == "10.00"
    fixed = line("F", price=hours, quantity=D(16))
    assert amounts(drafted(seats, fixed))["F"] == "2.00"


def levy(key: str, percent: str, **changes: Any) -> AgreedLine:
    products = {name: changes.pop(name) for name in ("products", "excluded") if name in changes}
    price = PercentageOf(currency=EUR, percent=D(percent), **products)
    return line(key, **({"product": key, "price": price, "active_from": MARCH, "billed_through": APRIL} | changes))


def fee(key: str, amount: str, **changes: Any) -> AgreedLine:
    usual: dict[str, Any] = {"price": Flat(currency=EUR, amount=D(amount)), "product": key, "billed_through": APRIL}
    return line(key, **(usual | changes))


def test_a_percentage_stands_on_the_other_lines_without_the_excluded_ones() -> None:
    draft = drafted(fee("a", "10.00"), fee("b", "20.01"), levy("fund", "10", excluded=("a",)))
    assert amounts(draft) == {"a": "10.00", "b": "20.01", "fund": "2.00"}
    assert sentence(draft.lines[-1].derivation).startswith("10 % of 20.01")


def test_a_percentage_of_a_percentage_comes_after_it() -> None:
    draft = drafted(fee("a", "10.00"), levy("over", "10"), levy("under", "50", products=("a",)))
    assert amounts(draft) == {"a": "10.00", "over": "1.50", "under": "5.00"}
    linked = levy("linked", "50")
    price = Chain(first=linked.price, links=(Maximum(amount=D(3)),))  # type: ignore[arg-type]
    assert amounts(drafted(fee("a", "10.00"), levy("linked", "50", price=price)))["linked"] == "3.00"


def test_percentages_of_each_other_are_refused_by_name() -> None:
    with pytest.raises(AgreementError, match="one and two are percentages of each other"):
        drafted(fee("a", "10.00"), levy("one", "1"), levy("two", "1"))


def test_a_percentage_of_several_periods_takes_each_line_once() -> None:
    back = fee("a", "10.00", billed_through=MARCH)
    credited = BilledPart(period=Period(day("02-01"), MARCH), amount=Money.of("4.00", EUR))
    gone = fee("gone", "4.00", billed=(credited,), active_from=day("02-01"), active_until=day("02-01"))
    draft = drafted(back, gone, levy("fund", "10", billed_through=MARCH))
    assert [(row[0], row[1], row[3]) for row in billed(draft) if row[0] != "a"] == [
        ("fund", "03-01", "1.00"),
        ("fund", "04-01", "0.60"),
        ("gone", "02-01", "-4.00"),
    ]


def test_a_percentage_without_a_line_to_stand_on_is_no_line_and_takes_no_usage() -> None:
    assert amounts(drafted(fee("a", "10.00"), levy("fund", "10", products=("b",)))) == {"a": "10.00"}
    price = PercentageOf(currency=EUR, percent=D(1))
    total = UsageCharge(line="U", period=MONTH, quantity=D(18))
    with pytest.raises(UsageError, match="has usage of its own"):
        drafted(fee("a", "10.00"), usage_line(price=price), usage=(total,))
    assert amounts(drafted(fee("a", "10.00"), usage_line(price=price))) == {"a": "10.00", "U": "0.10"}


def test_a_pool_is_not_filled_from_another_invoice() -> None:
    hours = Pooled(currency=EUR, unit_price=D(2), pool_product="seats", factor=D(5))
    agreed = agreement(line("S", product="seats", quantity=D(3)), usage_line(price=capped(hours, D(9))))
    apart = {"S": References(order="1"), "U": References(order="2")}
    with pytest.raises(GroupingError, match="U has a pool that S fills on another invoice"):
        partition(agreed, apart, [GroupBy.ORDER])
    assert len(partition(agreed, apart, [])) == 1
