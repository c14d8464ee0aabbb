"""The price models of a quantity alone: flat, per unit, package, graduated, volume."""

from decimal import Decimal
from typing import Any, ClassVar

from billhook.core.exact import ZERO
from billhook.core.money import Currency
from billhook.core.price.flat import Flat
from billhook.core.price.graduated import Graduated
from billhook.core.price.package import Package
from billhook.core.price.per_unit import PerUnit
from billhook.core.price.tiers import BeyondLastTier, Tier, TierBound
from billhook.core.price.volume import Volume
from billhook.hooks import contract
from billhook.plugins.price_models.parameters import CorePrice, Part, PriceParameters


class FlatParameters(PriceParameters):
    """The amount of a whole period."""

    amount: Decimal


class FlatPrice(CorePrice[FlatParameters]):
    """One amount for a period, whatever the quantity."""

    code: ClassVar[str] = "flat"
    title: ClassVar[str] = "Flat"
    Parameters: ClassVar[type[contract.Parameters]] = FlatParameters

    def build(self, currency: Currency) -> Flat:
        """Return the price in a currency."""
        return Flat(amount=self.parameters.amount, currency=currency)


class PerUnitParameters(PriceParameters):
    """The price of one unit, with up to 12 decimals."""

    unit_price: Decimal


class PerUnitPrice(CorePrice[PerUnitParameters]):
    """Every unit costs the same."""

    code: ClassVar[str] = "per_unit"
    title: ClassVar[str] = "Per unit"
    Parameters: ClassVar[type[contract.Parameters]] = PerUnitParameters

    def build(self, currency: Currency) -> PerUnit:
        """Return the price in a currency."""
        return PerUnit(unit_price=self.parameters.unit_price, currency=currency)


class PackageParameters(PriceParameters):
    """The size and price of a package, and the units that are free before it."""

    size: Decimal
    price: Decimal
    free_units: Decimal = ZERO


class PackagePrice(CorePrice[PackageParameters]):
    """Blocks of units, of which a started one counts."""

    code: ClassVar[str] = "package"
    title: ClassVar[str] = "Package"
    Parameters: ClassVar[type[contract.Parameters]] = PackageParameters

    def build(self, currency: Currency) -> Package:
        """Return the price in a currency."""
        asked = self.parameters
        return Package(size=asked.size, block_price=asked.price, free=asked.free_units, currency=currency)


class TierParameters(Part):
    """One tier: its inclusive upper bound (none for the last), unit price, flat fee, and block where it has one."""

    up_to: Decimal | None = None
    unit_price: Decimal = ZERO
    flat_fee: Decimal = ZERO
    block: Decimal | None = None


class TieredParameters(PriceParameters):
    """The tiers in rising order, and what happens above a closed last one."""

    tiers: tuple[TierParameters, ...]
    beyond: BeyondLastTier = BeyondLastTier.SUSPENSE

    def built(self) -> dict[str, Any]:
        """Return what the core's tiered prices take."""
        return {"tiers": tuple(Tier(**tier.model_dump()) for tier in self.tiers), "beyond": self.beyond}


class GraduatedPrice(CorePrice[TieredParameters]):
    """Each slice of the quantity at its own tier."""

    code: ClassVar[str] = "graduated"
    title: ClassVar[str] = "Graduated"
    Parameters: ClassVar[type[contract.Parameters]] = TieredParameters

    def build(self, currency: Currency) -> Graduated:
        """Return the price in a currency."""
        return Graduated(**self.parameters.built(), currency=currency)


class VolumeParameters(TieredParameters):
    """The tiers in rising order, what happens above a closed last one, and to which tier a bound belongs."""

    bound: TierBound = TierBound.UP_TO


class VolumePrice(CorePrice[VolumeParameters]):
    """All units at the tier in which the total falls."""

    code: ClassVar[str] = "volume"
    title: ClassVar[str] = "Volume"
    Parameters: ClassVar[type[contract.Parameters]] = VolumeParameters

    def build(self, currency: Currency) -> Volume:
        """Return the price in a currency."""
        return Volume(**self.parameters.built(), bound=self.parameters.bound, currency=currency)
