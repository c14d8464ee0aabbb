"""Graduated price: each slice of the quantity at its own tier."""

from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from typing import ClassVar

from billhook.core import exact
from billhook.core.money import Currency
from billhook.core.price import Priced, require_currency, require_quantity
from billhook.core.price.tiers import BeyondLastTier, Tier, bounded, require_ladder, slice_amount, slice_steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Graduated:
    """Each slice at its own tier, with the flat fee of every tier entered; zero usage pays the first tier's fee."""

    tag: ClassVar[str] = "graduated"
    currency: Currency
    tiers: tuple[Tier, ...]
    beyond: BeyondLastTier = BeyondLastTier.SUSPENSE

    def __post_init__(self) -> None:
        """Refuse a missing currency and tiers that make no ladder."""
        require_currency(self.currency)
        require_ladder(self.tiers)

    def price(self, quantity: Decimal) -> Priced:
        """Return the sum of the slices."""
        rest = bounded(require_quantity(quantity), self.tiers, self.beyond)
        amount, above = exact.ZERO, exact.ZERO
        slices = []
        for tier in self.tiers:
            is_last = tier is self.tiers[-1]
            units = rest if is_last or tier.up_to is None else min(rest, exact.subtract(tier.up_to, above))
            slices.append(slice_steps(tier, units=units, above=above))
            amount = exact.add(amount, slice_amount(tier, units))
            rest = exact.subtract(rest, units)
            if not rest:
                break
            above = tier.up_to or above
        return Priced(amount=amount, steps=tuple(chain.from_iterable(slices)))
