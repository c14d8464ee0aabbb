"""Graduated percentage: each slice of a value at the percentage of its own tier."""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from billhook.core import exact
from billhook.core.money import Currency
from billhook.core.price import Priced, PriceError, require_currency
from billhook.core.price.graduated import Graduated
from billhook.core.price.percentage import ONE_PERCENT
from billhook.core.price.tiers import BeyondLastTier, Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentTier:
    """The part of a value above the tier before it, up to and including `up_to`, at a percentage and a flat fee."""

    up_to: Decimal | None
    percent: Decimal
    flat_fee: Decimal = exact.ZERO

    def __post_init__(self) -> None:
        """Refuse floats and percentages below zero; the rest is refused by the ladder."""
        if exact.require(self.percent, "tier's percentage") < 0:
            raise PriceError(f"A tier's percentage is {self.percent}; give at least 0.")
        _ = self.as_units

    @property
    def as_units(self) -> Tier:
        """Return it as a tier whose units are those of the currency."""
        price = exact.multiply(self.percent, ONE_PERCENT)
        return Tier(up_to=self.up_to, unit_price=price, flat_fee=self.flat_fee)


@dataclass(frozen=True, slots=True, kw_only=True)
class GraduatedPercentage:
    """Each slice of the value at its tier's percentage, with the flat fee of every tier entered."""

    tag: ClassVar[str] = "graduated_percentage"
    currency: Currency
    tiers: tuple[PercentTier, ...]
    beyond: BeyondLastTier = BeyondLastTier.SUSPENSE

    def __post_init__(self) -> None:
        """Refuse a missing currency and tiers that make no ladder."""
        require_currency(self.currency)
        _ = self._graduated

    def price(self, quantity: Decimal) -> Priced:
        """Return the sum of the slices of a value."""
        return self._graduated.price(quantity)

    @property
    def _graduated(self) -> Graduated:
        tiers = tuple(tier.as_units for tier in self.tiers)
        return Graduated(currency=self.currency, tiers=tiers, beyond=self.beyond)
