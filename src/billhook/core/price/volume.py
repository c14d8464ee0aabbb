"""Volume price: all units at the tier in which the total falls."""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from billhook.core import exact
from billhook.core.money import Currency
from billhook.core.price import Priced, require_currency, require_quantity
from billhook.core.price.tiers import BeyondLastTier, Tier, bounded, require_ladder, slice_amount, slice_steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """All units at the one tier in which the total falls, with that tier's flat fee."""

    tag: ClassVar[str] = "volume"
    currency: Currency
    tiers: tuple[Tier, ...]
    beyond: BeyondLastTier = BeyondLastTier.SUSPENSE

    def __post_init__(self) -> None:
        """Refuse a missing currency and tiers that make no ladder."""
        require_currency(self.currency)
        require_ladder(self.tiers)

    def price(self, quantity: Decimal) -> Priced:
        """Return all units at their tier."""
        units = bounded(require_quantity(quantity), self.tiers, self.beyond)
        above = exact.ZERO
        for tier in self.tiers:
            if tier is self.tiers[-1] or tier.up_to is None or units <= tier.up_to:
                break
            above = tier.up_to
        return Priced(
            amount=slice_amount(tier, units),
            steps=slice_steps(tier, units=units, above=above),
            unit_price=None if tier.flat_fee else tier.unit_price,
        )
