"""Capacity price: the peak of one or more meters picks the tier that prices the period."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import ClassVar

from billhook.core import exact
from billhook.core.derivation import Fee
from billhook.core.money import Currency
from billhook.core.price import (
    BeyondLastTierError,
    NegativeTierError,
    OverlappingTiersError,
    Priced,
    PriceError,
    require_currency,
    require_quantity,
)
from billhook.core.price.tiers import BeyondLastTier
from billhook.core.usage import UsageEvent
from billhook.core.wording import show


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How much of one meter a tier allows, the figure itself included; None: any amount."""

    meter: str
    up_to: Decimal | None

    def __post_init__(self) -> None:
        """Refuse floats and limits below zero."""
        if self.up_to is not None and exact.require(self.up_to, f"limit of {self.meter}") < 0:
            raise NegativeTierError(f"The limit of {self.meter} is {self.up_to}; give at least 0, or none for any.")

    def holds(self, peak: Decimal) -> bool:
        """Return whether a peak lies within it."""
        return self.up_to is None or peak <= self.up_to


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityTier:
    """What a whole period costs where every meter stays within its limit."""

    limits: tuple[Limit, ...]
    amount: Decimal

    def __post_init__(self) -> None:
        """Refuse floats, amounts below zero, and a meter that has two limits."""
        if exact.require(self.amount, "tier's amount") < 0:
            raise NegativeTierError(f"A tier's amount is {self.amount}; give at least 0.")
        if len(self.meters) < len(self.limits):
            raise PriceError("A tier limits one meter twice; give each meter one limit.")

    @property
    def meters(self) -> frozenset[str]:
        """Return the meters that it limits."""
        return frozenset(limit.meter for limit in self.limits)

    def exceeded_by(self, peaks: Mapping[str, Decimal]) -> str | None:
        """Return the first meter, by name, whose peak lies above its limit, or None."""
        over = (limit.meter for limit in self.limits if not limit.holds(peaks.get(limit.meter, exact.ZERO)))
        return min(over, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """The lowest tier that holds the peaks of all its meters prices the period.

    Args:
        currency: of the amounts.
        tiers: limits rise from tier to tier; every tier limits the same meters.
        beyond: what a peak above the last tier costs; `not_charged` and `nothing` are both nothing.
    """

    tag: ClassVar[str] = "capacity"
    currency: Currency
    tiers: tuple[CapacityTier, ...]
    beyond: BeyondLastTier = BeyondLastTier.SUSPENSE

    def __post_init__(self) -> None:
        """Refuse a missing currency, no tiers, tiers over different meters, and limits that do not rise."""
        require_currency(self.currency)
        if not self.tiers or not self.tiers[0].limits:
            raise PriceError("The price has no tiers with limits; give at least one.")
        for lower, upper in pairwise(self.tiers):
            _refuse_falling(lower, upper)

    @property
    def meters(self) -> tuple[str, ...]:
        """Return the meters whose peaks it needs."""
        return tuple(sorted(self.tiers[0].meters))

    def price(self, quantity: Decimal) -> Priced:
        """Return what a period costs whose only meter peaks at a quantity.

        Raises:
            PriceError: the price needs the peaks of several meters.
        """
        if len(self.meters) > 1:
            raise PriceError(f"The price needs the peaks of {' and '.join(self.meters)}; pass each by its name.")
        return self.price_peaks({self.meters[0]: quantity})

    @property
    def needs_events(self) -> bool:
        """Return that a sum has no peak."""
        return True

    def price_usage(self, events: Sequence[UsageEvent]) -> Priced:
        """Return what a period costs whose events name the use of meters as properties.

        Where there is but one meter, an event that does not name it tells its use by its quantity.

        Raises:
            PriceError: an event names none of several meters, or names one without a figure.
            BeyondLastTierError: a peak lies above the last tier, and the price does not say what then.
        """
        peaks: dict[str, Decimal] = {}
        for event in events:
            for meter, used in self._used(event).items():
                peaks[meter] = max(used, peaks.get(meter, used))
        return self.price_peaks(peaks)

    def _used(self, event: UsageEvent) -> Mapping[str, Decimal]:
        """Return the use of each meter that an event names."""
        found = {meter: event.properties[meter] for meter in self.meters if meter in event.properties}
        used = {meter: figure for meter, figure in found.items() if isinstance(figure, Decimal)}
        if not found and len(self.meters) == 1:
            return {self.meters[0]: event.quantity}
        if not used or len(used) < len(found):
            raise PriceError(f"The event {event.key} has no figure for {' or '.join(self.meters)}; add it.")
        return used

    def price_peaks(self, peaks: Mapping[str, Decimal]) -> Priced:
        """Return what a period with these peaks costs.

        Args:
            peaks: the highest use of each meter; one that is not named was not used.

        Raises:
            BeyondLastTierError: a peak lies above the last tier, and the price does not say what then.
        """
        for meter, peak in peaks.items():
            if meter not in self.meters:
                raise PriceError(f"The price has no limit for {meter}; add one, or do not pass its peak.")
            require_quantity(peak)
        needed = ""
        for tier in self.tiers:
            over = tier.exceeded_by(peaks)
            if over is None:
                return _priced(tier, needed)
            needed = f"{show(peaks[over])} {over}"
        return self._beyond(needed)

    def _beyond(self, needed: str) -> Priced:
        if self.beyond is BeyondLastTier.SUSPENSE:
            raise BeyondLastTierError(f"{needed} lies above the last tier; add a tier or open the last one.")
        if self.beyond is BeyondLastTier.LAST_TIER:
            return _priced(self.tiers[-1], needed)
        return Priced(amount=exact.ZERO, steps=())


def _priced(tier: CapacityTier, needed: str) -> Priced:
    name = f"the tier that {needed} needs," if needed else "the first tier,"
    return Priced(amount=tier.amount, steps=(Fee(name=name, amount=tier.amount),))


def _refuse_falling(lower: CapacityTier, upper: CapacityTier) -> None:
    if lower.meters != upper.meters:
        raise PriceError("The tiers limit different meters; give every tier a limit for each, or none for any amount.")
    rising = {limit.meter: limit.up_to for limit in upper.limits}
    for limit in lower.limits:
        top = rising[limit.meter]
        if top is not None and (limit.up_to is None or top < limit.up_to):
            raise OverlappingTiersError(f"The limit of {limit.meter} falls from tier to tier; limits must rise.")
