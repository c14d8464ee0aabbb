"""The price models of a value: percentage, graduated percentage, percentage of other lines."""

from decimal import Decimal
from typing import ClassVar

from billhook.core.exact import ZERO
from billhook.core.money import Currency
from billhook.core.price.graduated_percentage import GraduatedPercentage, PercentTier
from billhook.core.price.percentage import Percentage
from billhook.core.price.percentage_of import PercentageOf
from billhook.core.price.tiers import BeyondLastTier
from billhook.hooks import contract
from billhook.plugins.price_models.parameters import CorePrice, Part, PriceParameters


class PercentageParameters(PriceParameters):
    """The percentage of an event's value and its fee, what is free at the start, and the limits of an event."""

    percent: Decimal
    fee: Decimal = ZERO
    free_events: int | None = None
    free_volume: Decimal | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None


class PercentagePrice(CorePrice[PercentageParameters]):
    """A percentage of the value of every event plus a fee, within a minimum and a maximum per event."""

    code: ClassVar[str] = "percentage"
    title: ClassVar[str] = "Percentage"
    Parameters: ClassVar[type[contract.Parameters]] = PercentageParameters

    def build(self, currency: Currency) -> Percentage:
        """Return the price in a currency."""
        return Percentage(**self.parameters.model_dump(), currency=currency)


class PercentTierParameters(Part):
    """One tier of a value: its inclusive upper bound (none for the last), percentage and flat fee."""

    percent: Decimal
    up_to: Decimal | None = None
    flat_fee: Decimal = ZERO


class GraduatedPercentageParameters(PriceParameters):
    """The tiers in rising order, and what happens above a closed last one."""

    tiers: tuple[PercentTierParameters, ...]
    beyond: BeyondLastTier = BeyondLastTier.SUSPENSE


class GraduatedPercentagePrice(CorePrice[GraduatedPercentageParameters]):
    """Each slice of a value at the percentage of its own tier."""

    code: ClassVar[str] = "graduated_percentage"
    title: ClassVar[str] = "Graduated percentage"
    Parameters: ClassVar[type[contract.Parameters]] = GraduatedPercentageParameters

    def build(self, currency: Currency) -> GraduatedPercentage:
        """Return the price in a currency."""
        asked = self.parameters
        tiers = tuple(PercentTier(**tier.model_dump()) for tier in asked.tiers)
        return GraduatedPercentage(currency=currency, tiers=tiers, beyond=asked.beyond)


class PercentageOfParameters(PriceParameters):
    """The percentage, below zero for a rebate, and the products on which it stands: all where none is named."""

    percent: Decimal
    products: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


class PercentageOfPrice(CorePrice[PercentageOfParameters]):
    """A percentage of what other products of the bill come to."""

    code: ClassVar[str] = "percentage_of"
    title: ClassVar[str] = "Percentage of other lines"
    Parameters: ClassVar[type[contract.Parameters]] = PercentageOfParameters

    def build(self, currency: Currency) -> PercentageOf:
        """Return the price in a currency."""
        return PercentageOf(**self.parameters.model_dump(), currency=currency)
