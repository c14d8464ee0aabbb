"""The price models that need more than a quantity: capacity, pooled, dynamic, formula."""

from decimal import Decimal
from typing import ClassVar

from pydantic import Field

from billhook.core.money import Currency
from billhook.core.price.capacity import Capacity, CapacityTier, Limit
from billhook.core.price.dynamic import Dynamic
from billhook.core.price.formula import Formula
from billhook.core.price.pooled import Pooled
from billhook.core.price.tiers import BeyondLastTier
from billhook.hooks import contract
from billhook.plugins.price_models.parameters import CorePrice, Part, PriceParameters


class CapacityTierParameters(Part):
    """One tier: how much of each meter it allows (none: any amount), and what the whole period costs."""

    limits: dict[str, Decimal | None]
    amount: Decimal


class CapacityParameters(PriceParameters):
    """The tiers in rising order, each with limits for the same meters, and what a peak above the last one costs."""

    tiers: tuple[CapacityTierParameters, ...]
    beyond: BeyondLastTier = BeyondLastTier.SUSPENSE


class CapacityPrice(CorePrice[CapacityParameters]):
    """The lowest tier that holds the peaks of all meters prices the period."""

    code: ClassVar[str] = "capacity"
    title: ClassVar[str] = "Capacity"
    Parameters: ClassVar[type[contract.Parameters]] = CapacityParameters

    def build(self, currency: Currency) -> Capacity:
        """Return the price in a currency."""
        asked = self.parameters
        return Capacity(currency=currency, tiers=tuple(_tier(tier) for tier in asked.tiers), beyond=asked.beyond)


def _tier(asked: CapacityTierParameters) -> CapacityTier:
    limits = tuple(Limit(meter=meter, up_to=up_to) for meter, up_to in sorted(asked.limits.items()))
    return CapacityTier(limits=limits, amount=asked.amount)


class PooledParameters(PriceParameters):
    """The price of a unit beyond the pool, the product whose quantity fills it, and the units each of that includes."""

    unit_price: Decimal
    pool_product: str = Field(min_length=1)
    factor: Decimal


class PooledPrice(CorePrice[PooledParameters]):
    """Each unit of another product includes some units; the rest costs a unit price."""

    code: ClassVar[str] = "pooled"
    title: ClassVar[str] = "Pooled"
    Parameters: ClassVar[type[contract.Parameters]] = PooledParameters

    def build(self, currency: Currency) -> Pooled:
        """Return the price in a currency."""
        return Pooled(**self.parameters.model_dump(), currency=currency)


class DynamicParameters(PriceParameters):
    """The unit that the events count, as the invoice names it."""

    unit: str = ""


class DynamicPrice(CorePrice[DynamicParameters]):
    """Every event says itself what it costs."""

    code: ClassVar[str] = "dynamic"
    title: ClassVar[str] = "Dynamic"
    Parameters: ClassVar[type[contract.Parameters]] = DynamicParameters

    def build(self, currency: Currency) -> Dynamic:
        """Return the price in a currency."""
        return Dynamic(unit=self.parameters.unit, currency=currency)


class FormulaParameters(PriceParameters):
    """Arithmetic over `units`, the quantity, and the further figures that are named."""

    expression: str
    names: tuple[str, ...] = ()


class FormulaPrice(CorePrice[FormulaParameters]):
    """What an expression makes of the quantity; it is read as arithmetic and never run as code."""

    code: ClassVar[str] = "formula"
    title: ClassVar[str] = "Formula"
    Parameters: ClassVar[type[contract.Parameters]] = FormulaParameters

    def build(self, currency: Currency) -> Formula:
        """Return the price in a currency."""
        return Formula(**self.parameters.model_dump(), currency=currency)
