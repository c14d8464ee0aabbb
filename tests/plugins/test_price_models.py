"""What the bundled price models refuse at the door."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from tests.plugins.prices import DAY_AND_NIGHT, EUR, GOOD, band, build, costs, nested

from billhook.catalog.hooks import PRICE_MODEL
from billhook.catalog.queries import price_model
from billhook.core.bands import BandError
from billhook.core.calendar import CalendarError
from billhook.core.exact import NotExactError
from billhook.core.expression import FormulaError
from billhook.core.money import UnknownCurrencyError
from billhook.core.price import NegativeTierError, OverlappingTiersError, PriceError
from billhook.hooks import registry
from billhook.hooks.registry import UnknownPluginError
from billhook.plugins.price_models.nested import (
    CappedPrice,
    ChainPrice,
    FilteredPrices,
    NotADateError,
    TimelinePrice,
    TimeOfDayPrice,
)
from billhook.plugins.price_models.parameters import PriceParametersError, TooDeepError, TooLongFigureError
from billhook.plugins.price_models.percentages import (
    GraduatedPercentagePrice,
    PercentageOfPrice,
    PercentagePrice,
)
from billhook.plugins.price_models.plugin import FlatPrice, GraduatedPrice, PackagePrice, PerUnitPrice, VolumePrice
from billhook.plugins.price_models.usage import CapacityPrice, DynamicPrice, FormulaPrice, PooledPrice

D = Decimal


def test_every_model_is_installed_and_found_by_its_code():
    installed = registry.plugins_for(PRICE_MODEL.name)
    bundled = {plugin for plugin in installed if plugin.__module__.startswith("billhook.")}
    assert bundled == set(GOOD)
    assert len({plugin.code for plugin in GOOD}) == len(GOOD)


@pytest.mark.parametrize("plugin", GOOD, ids=lambda plugin: plugin.code)
def test_what_is_stored_builds_the_same_frozen_price(plugin):
    parameters = plugin.Parameters(**GOOD[plugin])
    again = plugin.Parameters(**parameters.model_dump(mode="json"))
    assert again == parameters
    price = plugin(parameters).build(EUR)
    assert plugin(again).build(EUR) == price == price_model(plugin.code, parameters.model_dump(mode="json"), "EUR")
    assert (hash(price), price.currency) == (hash(plugin(again).build(EUR)), EUR)


@pytest.mark.parametrize("plugin", GOOD, ids=lambda plugin: plugin.code)
def test_an_unknown_parameter_is_refused_by_name(plugin):
    with pytest.raises(PriceParametersError, match=r"colour is not known.*: correct them"):
        build(plugin, colour="red")


@pytest.mark.parametrize("plugin", [plugin for plugin in GOOD if GOOD[plugin]], ids=lambda plugin: plugin.code)
def test_no_parameters_are_refused_by_the_names_of_those_that_are_missing(plugin):
    missing = next(iter(GOOD[plugin]))
    with pytest.raises(PriceParametersError, match=f"{missing} is missing"):
        plugin(plugin.Parameters())


@pytest.mark.parametrize("plugin", GOOD, ids=lambda plugin: plugin.code)
def test_what_is_no_currency_is_refused(plugin):
    with pytest.raises(UnknownCurrencyError, match="'XEU' is no ISO 4217 currency"):
        price_model(plugin.code, GOOD[plugin], "XEU")
    with pytest.raises(UnknownCurrencyError, match="names no currency"):
        plugin(plugin.Parameters(**GOOD[plugin])).build("EUR")


FIGURES = [
    (FlatPrice, "amount", lambda figure: {"amount": figure}),
    (PerUnitPrice, "unit_price", lambda figure: {"unit_price": figure}),
    (PackagePrice, "size", lambda figure: {"size": figure}),
    (GraduatedPrice, "unit_price", lambda figure: {"tiers": [{"unit_price": figure}]}),
    (VolumePrice, "block", lambda figure: {"tiers": [{"block": figure}]}),
    (PercentagePrice, "minimum", lambda figure: {"minimum": figure}),
    (PercentagePrice, "free_events", lambda figure: {"free_events": figure}),
    (GraduatedPercentagePrice, "percent", lambda figure: {"tiers": [{"percent": figure}]}),
    (PercentageOfPrice, "percent", lambda figure: {"percent": figure}),
    (CapacityPrice, "limits", lambda figure: {"tiers": [{"limits": {"seats": figure}, "amount": 1}]}),
    (PooledPrice, "factor", lambda figure: {"factor": figure}),
    (DynamicPrice, "unit", lambda figure: {"unit": figure}),
    (FormulaPrice, "expression", lambda figure: {"expression": figure}),
    (ChainPrice, "figure", lambda figure: {"links": [{"kind": "minimum", "figure": figure}]}),
    (ChainPrice, "amount", lambda figure: {"price": nested(figure)}),
    (CappedPrice, "maximum", lambda figure: {"maximum": figure}),
    (FilteredPrices, "amount", lambda figure: {"default": nested(figure)}),
    (TimelinePrice, "amount", lambda figure: {"versions": [{"valid_from": "2026-01-01", "price": nested(figure)}]}),
    (TimeOfDayPrice, "days", lambda figure: {"bands": [band("all", days=[figure])]}),
]


@pytest.mark.parametrize("figure", [0.05, True])
@pytest.mark.parametrize(("plugin", "name", "changes"), FIGURES)
def test_a_float_or_a_truth_value_is_no_figure(plugin, name, changes, figure):
    with pytest.raises(NotExactError, match=f"{name} is {figure}: give it as a decimal in text"):
        build(plugin, **changes(figure))


DECIMALS = [case for case in FIGURES if case[1] not in {"free_events", "unit", "expression", "days"}]


@pytest.mark.parametrize("figure", ["NaN", "Infinity", "1,5", ""])
@pytest.mark.parametrize(("plugin", "name", "changes"), DECIMALS)
def test_what_is_no_number_is_refused_by_its_place(plugin, name, changes, figure):
    with pytest.raises(PriceParametersError, match=rf"{name}[^ ]*: .*: correct them"):
        build(plugin, **changes(figure))


@pytest.mark.parametrize("figure", ["0.0000000000001", "1E+30", "1E+999999"])
@pytest.mark.parametrize(("plugin", "name", "changes"), DECIMALS)
def test_a_figure_longer_than_what_is_kept_is_refused(plugin, name, changes, figure):
    with pytest.raises(TooLongFigureError, match=f"{name} has more than 12 decimals or 30 digits: round it first"):
        build(plugin, **changes(figure))


def test_the_longest_figures_are_kept():
    assert build(FlatPrice, amount="0.000000000001").amount == D("1E-12")
    assert build(FlatPrice, amount="9" * 30).amount == D("9" * 30)


@pytest.mark.parametrize(
    ("plugin", "changes", "refusal", "sentence"),
    [
        (PackagePrice, {"size": -1}, PriceError, "A block of -1 units holds nothing"),
        (PackagePrice, {"free_units": -1}, PriceError, "-1 free units are below zero"),
        (GraduatedPrice, {"tiers": [{"unit_price": -1}]}, NegativeTierError, "unit price is -1"),
        (VolumePrice, {"tiers": [{"block": -1}]}, PriceError, "block of -1 units"),
        (PercentagePrice, {"percent": -1}, PriceError, "The percentage is -1"),
        (PercentagePrice, {"free_events": -1}, PriceError, "-1 free events"),
        (GraduatedPercentagePrice, {"tiers": [{"percent": -1}]}, PriceError, "percentage is -1"),
        (CapacityPrice, {"tiers": [{"limits": {"a": -1}, "amount": 1}]}, NegativeTierError, "limit of a is -1"),
        (CapacityPrice, {"tiers": [{"limits": {"a": 1}, "amount": -1}]}, NegativeTierError, "amount is -1"),
        (PooledPrice, {"factor": -1}, PriceError, "pool of -1 units"),
        (PooledPrice, {"unit_price": -1}, PriceError, "below zero"),
        (ChainPrice, {"links": [{"kind": "multiplier", "figure": -1}]}, PriceError, "The factor is -1"),
        (CappedPrice, {"maximum": -1}, PriceError, "The maximum is -1"),
        (CappedPrice, {"minimum": -1}, PriceError, "The minimum is -1"),
        (TimeOfDayPrice, {"bands": [band("all", days=[-1])]}, BandError, r"days \[-1\]"),
    ],
)
def test_a_figure_below_zero_is_refused_where_it_makes_no_price(plugin, changes, refusal, sentence):
    with pytest.raises(refusal, match=sentence):
        build(plugin, **changes)


@pytest.mark.parametrize(
    ("plugin", "changes", "refusal", "sentence"),
    [
        (GraduatedPrice, {"tiers": []}, PriceError, "no tiers; give at least one"),
        (VolumePrice, {"tiers": [{"unit_price": 1}, {"unit_price": 2}]}, OverlappingTiersError, "without an upper"),
        (GraduatedPercentagePrice, {"tiers": []}, PriceError, "no tiers; give at least one"),
        (CapacityPrice, {"tiers": []}, PriceError, "no tiers with limits"),
        (CapacityPrice, {"tiers": [{"limits": {}, "amount": 1}]}, PriceError, "no tiers with limits"),
        (PooledPrice, {"pool_product": ""}, PriceParametersError, "pool_product: "),
        (FormulaPrice, {"expression": ""}, FormulaError, "is no formula"),
        (FormulaPrice, {"expression": "__import__('os')"}, FormulaError, "calls a function that is not offered"),
        (FormulaPrice, {"expression": "units * seats"}, FormulaError, "uses seats"),
        (PercentageOfPrice, {"products": ["a"], "excluded": ["a"]}, PriceError, "Named and excluded both: a"),
        (PercentagePrice, {"minimum": 2, "maximum": 1}, PriceError, "lies above the maximum"),
        (CappedPrice, {"minimum": 20}, PriceError, "minimum 20 lies above the maximum 15"),
        (ChainPrice, {"links": []}, PriceParametersError, "links: "),
        (ChainPrice, {"links": [{"kind": "magic", "figure": 1}]}, PriceParametersError, "links.0.kind: "),
        (FilteredPrices, {"prices": [{"filters": {}, "price": nested()}]}, PriceError, "no filter"),
        (FilteredPrices, {"prices": [{"filters": {"a": []}, "price": nested()}]}, PriceError, "names no value"),
        (TimelinePrice, {"versions": []}, PriceError, "no version; give at least one"),
        (TimelinePrice, {"versions": GOOD[TimelinePrice]["versions"] * 2}, PriceError, "start on 2026-01-01"),
        (TimeOfDayPrice, {"bands": []}, BandError, "No band covers all of day 0"),
        (TimeOfDayPrice, {"bands": DAY_AND_NIGHT[:2]}, BandError, "No band covers"),
        (TimeOfDayPrice, {"prices": {}}, PriceError, "give one for each of the calendar"),
        (TimeOfDayPrice, {"prices": {"day": nested()}}, PriceError, "The prices are for the bands day"),
        (TimeOfDayPrice, {"zone": "Mars/Base"}, CalendarError, "Mars/Base"),
    ],
)
def test_parameters_that_make_no_price_are_refused_by_name(plugin, changes, refusal, sentence):
    with pytest.raises(refusal, match=sentence):
        build(plugin, **changes)


@pytest.mark.parametrize(
    ("plugin", "place"),
    [
        (ChainPrice, lambda price: {"price": price}),
        (CappedPrice, lambda price: {"price": price}),
        (FilteredPrices, lambda price: {"prices": [{"filters": {"a": ["b"]}, "price": price}]}),
        (TimelinePrice, lambda price: {"versions": [{"valid_from": "2026-01-01", "price": price}]}),
        (TimeOfDayPrice, lambda price: {"prices": {"day": price, "night": nested()}}),
    ],
)
def test_a_nested_price_is_checked_like_any_other(plugin, place):
    with pytest.raises(UnknownPluginError, match="No installed plugin gold"):
        build(plugin, **place({"model": "gold", "parameters": {}}))
    with pytest.raises(UnknownPluginError, match="No installed plugin rate_card"):
        build(plugin, **place({"model": "rate_card", "parameters": {}}))
    with pytest.raises(PriceParametersError, match="colour is not known"):
        build(plugin, **place({"model": "flat", "parameters": {"amount": 1, "colour": "red"}}))
    with pytest.raises(PriceParametersError, match="amount is missing"):
        build(plugin, **place({"model": "flat", "parameters": {}}))
    with pytest.raises(NegativeTierError, match="unit price is -1"):
        build(plugin, **place({"model": "volume", "parameters": {"tiers": [{"unit_price": -1}]}}))
    with pytest.raises(PriceParametersError, match=r"currency is not known"):
        build(plugin, **place({**nested(), "currency": "USD"}))
    with pytest.raises(PriceParametersError, match=r"model is missing"):
        build(plugin, **place({"parameters": {}}))
    with pytest.raises(PriceParametersError, match=r"parameters\.self is not known|self is not known"):
        build(plugin, **place({"model": "flat", "parameters": {"amount": 1, "self": 1}}))


def test_prices_may_be_nested_but_not_without_end():
    def chained(times):
        price = nested()
        for _ in range(times):
            price = {"model": "chain", "parameters": {"price": price, "links": [{"kind": "multiplier", "figure": 2}]}}
        return price["parameters"]

    assert costs(ChainPrice, 1, **chained(3)) == "1.6E+2"
    with pytest.raises(TooDeepError, match="nested more than 40 deep"):
        build(ChainPrice, **chained(5000))


@pytest.mark.parametrize("wrong", [20260101, datetime(2026, 1, 1, tzinfo=UTC)])
def test_a_number_or_an_instant_is_no_date(wrong):
    with pytest.raises(NotADateError, match=r"valid_from is .*: give a date"):
        build(TimelinePrice, versions=[{"valid_from": wrong, "price": nested()}])
    with pytest.raises(NotADateError, match=r"holidays is .*: give a date"):
        build(TimeOfDayPrice, holidays=[wrong])


@pytest.mark.parametrize("wrong", [8, "08:00+02:00"])
def test_a_number_or_a_time_in_a_zone_is_no_local_time(wrong):
    with pytest.raises(NotADateError, match=r"start is .*: give a date.* or a local time"):
        build(TimeOfDayPrice, bands=[band("all", start=wrong)])
