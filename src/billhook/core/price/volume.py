"""Volume price: all units at the tier in which the total falls."""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from billhook.core import exact
from billhook.core.money import Currency
from billhook.core.price import Priced, require_currency, require_quantity
from billhook.core.price.tiers import (
    BeyondLastTier,
    Tier,
    TierBound,
    bounded,
    is_free,
    opened,
    require_ladder,
    slice_amount,
    slice_steps,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """All units at the one tier in which the total falls, with that tier's flat fee."""

    tag: ClassVar[str] = "volume"
    currency: Currency
    tiers: tuple[Tier, ...]
    beyond: BeyondLastTier = BeyondLastTier.SUSPENSE
    bound: TierBound = TierBound.UP_TO

    def __post_init__(self) -> None:
        """Refuse a missing currency and tiers that make no ladder."""
        require_currency(self.currency)
        require_ladder(self.tiers)

    def price(self, quantity: Decimal) -> Priced:
        """Return all units at their tier."""
        return self.price_beyond(exact.ZERO, quantity)

    def price_beyond(self, already: Decimal, quantity: Decimal) -> Priced:
        """Return what units cost that come on top of others, at the tier in which the total of both falls.

        Args:
            already: units used before, which are not charged here.
            quantity: units on top of them.
        """
        total = exact.add(require_quantity(already), require_quantity(quantity))
        if is_free(total, self.tiers, self.beyond):
            return Priced(amount=exact.ZERO, steps=())
        end = bounded(total, self.tiers, self.beyond)
        units = max(exact.subtract(end, already), exact.ZERO)
        tier, above = self._tier_of(end)
        return Priced(
            amount=slice_amount(tier, units),
            steps=slice_steps(opened(tier, end), units=units, above=above),
            unit_price=None if tier.flat_fee or tier.block else tier.unit_price,
        )

    def _tier_of(self, total: Decimal) -> tuple[Tier, Decimal]:
        """Return the tier of a total, and the bound above which it lies."""
        above = exact.ZERO
        for tier in self.tiers[:-1]:
            if tier.up_to is None or total < tier.up_to or (total == tier.up_to and self.bound is TierBound.UP_TO):
                return tier, above
            above = tier.up_to
        return self.tiers[-1], above
