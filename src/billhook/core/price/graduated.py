"""Graduated price: each slice of the quantity at its own tier."""

from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from typing import ClassVar

from billhook.core import exact
from billhook.core.derivation import Step
from billhook.core.money import Currency
from billhook.core.price import Priced, require_currency, require_quantity
from billhook.core.price.tiers import (
    BeyondLastTier,
    Tier,
    bounded,
    is_free,
    opened,
    require_ladder,
    slice_amount,
    slice_steps,
)


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
        return self.price_beyond(exact.ZERO, quantity)

    def price_beyond(self, already: Decimal, quantity: Decimal) -> Priced:
        """Return what units cost that come on top of others; the fee of a tier is paid where they enter it.

        Args:
            already: units used before, which are not charged here.
            quantity: units on top of them; blocks are counted for these alone.
        """
        total = exact.add(require_quantity(already), require_quantity(quantity))
        if is_free(total, self.tiers, self.beyond):
            return Priced(amount=exact.ZERO, steps=())
        end = bounded(total, self.tiers, self.beyond)
        amount, above = exact.ZERO, exact.ZERO
        slices: list[tuple[Step, ...]] = []
        for tier in self.tiers:
            top = end if tier is self.tiers[-1] or tier.up_to is None else min(end, tier.up_to)
            if top > already or (top == end and not slices):
                units = max(exact.subtract(top, max(above, already)), exact.ZERO)
                enters = already <= above
                slices.append(slice_steps(opened(tier, top), units=units, above=above, with_fee=enters))
                amount = exact.add(amount, slice_amount(tier, units, with_fee=enters))
            if top == end:
                break
            above = top
        return Priced(amount=amount, steps=tuple(chain.from_iterable(slices)))
