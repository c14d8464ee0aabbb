"""Good parameters for every bundled price model, and what they build."""

from decimal import Decimal

from billhook.core.derivation import run
from billhook.core.money import currency
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

EUR = currency("EUR")
D = Decimal


def nested(amount="20"):
    """Return the parameters of a flat price within another."""
    return {"model": "flat", "parameters": {"amount": amount}}


def band(name, **more):
    """Return the parameters of a band."""
    return {"name": name, **more}


DAY_AND_NIGHT = [
    band("day", start="08:00", end="20:00", days=[0, 1, 2, 3, 4]),
    band("night", end="08:00", days=[0, 1, 2, 3, 4]),
    band("night", start="20:00", days=[0, 1, 2, 3, 4]),
    band("night", days=[5, 6, 7]),
]
GOOD = {
    FlatPrice: {"amount": "20.00"},
    PerUnitPrice: {"unit_price": "0.05"},
    PackagePrice: {"size": "100", "price": "5"},
    GraduatedPrice: {"tiers": [{"up_to": "10", "unit_price": "1"}, {"unit_price": "0.5"}]},
    VolumePrice: {"tiers": [{"up_to": "10", "unit_price": "1"}, {"unit_price": "0.5"}]},
    PercentagePrice: {"percent": "2.9"},
    GraduatedPercentagePrice: {"tiers": [{"up_to": "100", "percent": "3"}, {"percent": "2"}]},
    PercentageOfPrice: {"percent": "10"},
    CapacityPrice: {"tiers": [{"limits": {"seats": "10"}, "amount": "50"}]},
    PooledPrice: {"unit_price": "1", "pool_product": "seat", "factor": "5"},
    DynamicPrice: {},
    FormulaPrice: {"expression": "units * 0.05"},
    ChainPrice: {"price": nested(), "links": [{"kind": "multiplier", "figure": "0.8"}]},
    CappedPrice: {"price": nested(), "maximum": "15"},
    FilteredPrices: {"default": nested(), "prices": [{"filters": {"region": ["eu"]}, "price": nested("10")}]},
    TimelinePrice: {"versions": [{"valid_from": "2026-01-01", "price": nested()}]},
    TimeOfDayPrice: {"bands": DAY_AND_NIGHT, "prices": {"day": nested("2"), "night": nested("1")}},
}


def build(plugin, **changes):
    """Return the price of a plugin's good parameters, some of them changed."""
    return plugin(plugin.Parameters(**(GOOD[plugin] | changes))).build(EUR)


def costs(plugin, quantity, **changes):
    """Return what a quantity costs, once its steps have led there too."""
    priced = build(plugin, **changes).price(D(quantity))
    assert run(priced.steps) == priced.amount
    return str(priced.amount.normalize())
