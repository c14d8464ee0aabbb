"""Tiers: the ladder of bounds that graduated and volume prices climb."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from math import ceil

from billhook.core import exact
from billhook.core.derivation import Fee, Step, Units
from billhook.core.price import BeyondLastTierError, NegativeTierError, OverlappingTiersError, PriceError
from billhook.core.usage_steps import TierBlocks


class BeyondLastTier(StrEnum):
    """What happens above a closed last tier."""

    SUSPENSE = "suspense"
    """The quantity is refused, and waits in suspense: the default."""
    LAST_TIER = "last_tier"
    """The last tier's price holds."""
    NOT_CHARGED = "not_charged"
    """The units above it are free."""
    NOTHING = "nothing"
    """Nothing at all is charged."""


class TierBound(StrEnum):
    """To which of two tiers a quantity belongs that lies exactly on their bound."""

    UP_TO = "up_to"
    """To the lower one, which runs up to and including it: the default."""
    BELOW = "below"
    """To the upper one, which starts with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Units above the tier before it, up to and including `up_to` (None: without end), at one price and a flat fee.

    Where the tier counts in blocks, a started block counts, and the price is that of one block.
    """

    up_to: Decimal | None
    unit_price: Decimal = exact.ZERO
    flat_fee: Decimal = exact.ZERO
    block: Decimal | None = None

    def __post_init__(self) -> None:
        """Refuse floats, figures below zero and blocks without size."""
        if self.block is not None and exact.require(self.block, "tier's block") <= 0:
            raise PriceError(f"A tier's block of {self.block} units holds nothing; give a size above 0.")
        for what, figure in (("bound", self.up_to), ("unit price", self.unit_price), ("flat fee", self.flat_fee)):
            if figure is not None and exact.require(figure, f"tier's {what}") < 0:
                raise NegativeTierError(f"A tier's {what} is {figure}; give one of at least 0.")


def require_ladder(tiers: Sequence[Tier]) -> None:
    """Refuse tiers that overlap, run backwards or follow one without an end, and a price without tiers."""
    if not tiers:
        raise PriceError("The price has no tiers; give at least one.")
    for lower, upper in pairwise(tiers):
        if lower.up_to is None:
            raise OverlappingTiersError("A tier follows one without an upper bound; only the last may have none.")
        if upper.up_to is not None and upper.up_to <= lower.up_to:
            raise OverlappingTiersError(
                f"The tier up to {upper.up_to} overlaps the one up to {lower.up_to}; bounds must rise."
            )


def bounded(quantity: Decimal, tiers: Sequence[Tier], beyond: BeyondLastTier) -> Decimal:
    """Return the quantity that is priced: all of it, or, where the rest is free, up to the last tier's bound.

    Raises:
        BeyondLastTierError: it lies above a closed last tier, and the price does not say what then.
    """
    top = tiers[-1].up_to
    if top is None or quantity <= top or beyond is BeyondLastTier.LAST_TIER:
        return quantity
    if beyond in {BeyondLastTier.NOT_CHARGED, BeyondLastTier.NOTHING}:
        return top
    raise BeyondLastTierError(f"{quantity} lies above the last tier, up to {top}; add a tier or open the last one.")


def is_free(quantity: Decimal, tiers: Sequence[Tier], beyond: BeyondLastTier) -> bool:
    """Return whether a quantity costs nothing at all, for it lies above a closed last tier."""
    top = tiers[-1].up_to
    return beyond is BeyondLastTier.NOTHING and top is not None and quantity > top


def opened(tier: Tier, quantity: Decimal) -> Tier:
    """Return a tier as it is, or without its bound where its price goes on above it, up to a quantity."""
    return replace(tier, up_to=None) if tier.up_to is not None and quantity > tier.up_to else tier


def blocks_of(tier: Tier, units: Decimal) -> int:
    """Return the blocks of a tier that units start."""
    return ceil(Fraction(units) / Fraction(tier.block or exact.ONE))


def slice_steps(tier: Tier, *, units: Decimal, above: Decimal, with_fee: bool = True) -> tuple[Step, ...]:
    """Return the steps for units that lie in a tier: its flat fee where it has one, then the units or their blocks."""
    fee = (Fee(name="the tier's fee", amount=tier.flat_fee),) if tier.flat_fee and with_fee else ()
    if not units and fee:
        return fee
    if tier.block is None:
        return (*fee, Units(quantity=units, unit_price=tier.unit_price, above=above, up_to=tier.up_to))
    blocks = TierBlocks(
        quantity=units,
        size=tier.block,
        blocks=blocks_of(tier, units),
        block_price=tier.unit_price,
        above=above,
        up_to=tier.up_to,
    )
    return (*fee, blocks)


def slice_amount(tier: Tier, units: Decimal, *, with_fee: bool = True) -> Decimal:
    """Return what units in a tier cost, with its flat fee."""
    counted = units if tier.block is None else Decimal(blocks_of(tier, units))
    amount = exact.multiply(counted, tier.unit_price)
    return exact.add(amount, tier.flat_fee) if with_fee else amount
