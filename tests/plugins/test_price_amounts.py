"""What the bundled price models charge."""

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from tests.plugins.prices import band, build, costs, nested

from billhook.core.price import BeyondLastTierError
from billhook.core.usage import UsageEvent
from billhook.plugins.price_models.nested import (
    CappedPrice,
    ChainPrice,
    FilteredPrices,
    TimelinePrice,
    TimeOfDayPrice,
)
from billhook.plugins.price_models.percentages import (
    GraduatedPercentagePrice,
    PercentageOfPrice,
    PercentagePrice,
)
from billhook.plugins.price_models.plugin import FlatPrice, GraduatedPrice, PackagePrice, PerUnitPrice, VolumePrice
from billhook.plugins.price_models.usage import CapacityPrice, DynamicPrice, FormulaPrice, PooledPrice

D = Decimal


def one(at, amount=None):
    """Return one unit that was used at an instant."""
    return UsageEvent(key="a", at=at, quantity=D(1), amount=amount)


def test_a_rebate_is_a_price_below_zero():
    assert costs(FlatPrice, 1, amount="-5") == "-5"
    assert costs(PerUnitPrice, 3, unit_price="-0.05") == "-0.15"
    assert costs(PercentageOfPrice, 200, percent="-10") == "-2E+1"
    assert costs(ChainPrice, 1, links=[{"kind": "surcharge", "figure": "-5", "name": "a rebate"}]) == "15"


def test_a_formula_may_name_further_figures():
    price = build(FormulaPrice, expression="units * 0.05 + 2 * seats", names=["seats"])
    assert price.price_with(D(10), {"seats": D(3)}).amount == D("6.5")


@pytest.mark.parametrize(
    ("plugin", "changes", "quantity", "amount"),
    [
        (FlatPrice, {}, 7, "2E+1"),
        (PerUnitPrice, {}, 7, "0.35"),
        (PackagePrice, {"free_units": 1}, 102, "1E+1"),
        (GraduatedPrice, {}, 12, "11"),
        (GraduatedPrice, {"tiers": [{"unit_price": 3, "block": 10, "flat_fee": 1}]}, 12, "7"),
        (VolumePrice, {}, 12, "6"),
        (VolumePrice, {}, 10, "1E+1"),
        (VolumePrice, {"bound": "below"}, 10, "5"),
        (PercentagePrice, {"fee": "0.25", "maximum": "3"}, 50, "1.7"),
        (PercentagePrice, {"fee": "0.25", "maximum": "3"}, 500, "3"),
        (PercentagePrice, {"free_events": 1}, 500, "0"),
        (PercentagePrice, {"free_volume": 400}, 500, "2.9"),
        (PercentagePrice, {"minimum": 2}, 50, "2"),
        (GraduatedPercentagePrice, {"tiers": [{"up_to": 100, "percent": 3}, {"percent": 2, "flat_fee": 1}]}, 150, "5"),
        (PercentageOfPrice, {}, 45, "4.5"),
        (CapacityPrice, {}, 10, "5E+1"),
        (PooledPrice, {}, 7, "7"),
        (DynamicPrice, {}, 0, "0"),
        (FormulaPrice, {}, 7, "0.35"),
        (ChainPrice, {}, 1, "16"),
        (CappedPrice, {}, 1, "15"),
        (CappedPrice, {"maximum": 50, "minimum": 30}, 1, "3E+1"),
    ],
)
def test_what_a_quantity_costs(plugin, changes, quantity, amount):
    assert costs(plugin, quantity, **changes) == amount


def test_links_hold_in_their_order():
    links = [("multiplier", 2), ("maximum", 30), ("surcharge", 5), ("minimum", 36)]
    assert costs(ChainPrice, 1, links=[{"kind": kind, "figure": figure} for kind, figure in links]) == "36"


def test_what_happens_above_a_closed_last_tier():
    closed = [{"up_to": 10, "unit_price": 1}]
    for plugin in (GraduatedPrice, VolumePrice):
        with pytest.raises(BeyondLastTierError):
            costs(plugin, 12, tiers=closed)
        assert costs(plugin, 12, tiers=closed, beyond="last_tier") == "12"
    percent = [{"up_to": 100, "percent": 3}]
    with pytest.raises(BeyondLastTierError):
        costs(GraduatedPercentagePrice, 200, tiers=percent)
    assert costs(GraduatedPercentagePrice, 200, tiers=percent, beyond="not_charged") == "3"
    with pytest.raises(BeyondLastTierError):
        costs(CapacityPrice, 11)
    assert costs(CapacityPrice, 11, beyond="last_tier") == "5E+1"


def test_the_peaks_of_several_meters_choose_a_tier():
    limits = [({"seats": 10, "storage": 5}, 50), ({"storage": 9, "seats": None}, 80)]
    tiers = [{"limits": limit, "amount": amount} for limit, amount in limits]
    price = build(CapacityPrice, tiers=tiers)
    assert price.price_peaks({"seats": D(10)}).amount == 50
    assert price.price_peaks({"seats": D(900), "storage": D(9)}).amount == 80


def test_a_pool_and_events_with_their_own_price():
    assert build(PooledPrice).with_pool(D(2)).price(D(12)).amount == 2
    dynamic = build(DynamicPrice, unit="call")
    assert dynamic.price_usage([one(datetime(2026, 3, 1, tzinfo=UTC), D("0.35"))]).amount == D("0.35")
    assert dynamic.unit == "call"


def test_the_properties_of_an_event_choose_its_price():
    price = build(FilteredPrices)
    assert [price.price_for({"region": region}).amount for region in ("eu", "us")] == [10, 20]


def test_the_date_chooses_a_version_whatever_their_order():
    versions = [{"valid_from": day, "price": nested(amount)} for day, amount in (("2026-03-01", 2), ("2026-01-01", 1))]
    price = build(TimelinePrice, versions=versions)
    assert [price.on(day).amount for day in (date(2026, 2, 28), date(2026, 3, 1))] == [1, 2]


@pytest.mark.parametrize(
    ("at", "amount"),
    [
        (datetime(2026, 3, 2, 6, 59, tzinfo=UTC), 1),
        (datetime(2026, 3, 2, 7, tzinfo=UTC), 2),  # eight in Amsterdam, on a Monday
        (datetime(2026, 3, 2, 19, tzinfo=UTC), 1),
        (datetime(2026, 3, 7, 12, tzinfo=UTC), 1),  # a Saturday
        (datetime(2026, 4, 6, 12, tzinfo=UTC), 1),  # Easter Monday
    ],
)
def test_weekday_hour_and_holiday_choose_a_price_by_the_clock_of_the_zone(at, amount):
    price = build(TimeOfDayPrice, zone="Europe/Amsterdam", holidays=["2026-04-06"])
    assert price.price_usage([one(at)]).amount == amount


def test_bands_cover_every_day_unless_days_are_named():
    whole = build(TimeOfDayPrice, bands=[band("all")], prices={"all": nested()})
    assert [found.days for found in whole.calendar.bands] == [frozenset(range(8))]
    assert Fraction(whole.price_usage([one(datetime(2026, 3, 7, tzinfo=UTC))]).amount) == 20
