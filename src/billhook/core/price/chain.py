"""Chained prices: a price whose amount passes through links, such as a multiplier, a minimum and a cap."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from billhook.core import exact
from billhook.core.derivation import AtLeast, AtMost, Fee, Step
from billhook.core.money import Currency
from billhook.core.price import Priced, PriceError, PriceModel, needs_events, price_usage, require_currency
from billhook.core.usage import UsageEvent
from billhook.core.usage_steps import Times


@dataclass(frozen=True, slots=True, kw_only=True)
class Multiplier:
    """Multiplies what came before, 0.8 for four fifths of it."""

    tag: ClassVar[str] = "multiplier"
    factor: Decimal

    def __post_init__(self) -> None:
        """Refuse a float and a factor below zero."""
        if exact.require(self.factor, "factor") < 0:
            raise PriceError(f"The factor is {self.factor}; give at least 0.")

    def apply(self, amount: Decimal) -> tuple[Decimal, Step]:
        """Return the amount after it, and its step."""
        return exact.multiply(amount, self.factor), Times(factor=self.factor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Minimum:
    """Raises a smaller amount to a minimum."""

    tag: ClassVar[str] = "minimum"
    amount: Decimal

    def __post_init__(self) -> None:
        """Refuse a float and an amount below zero."""
        _require_limit(self.amount, "minimum")

    def apply(self, amount: Decimal) -> tuple[Decimal, Step]:
        """Return the amount after it, and its step."""
        return max(amount, self.amount), AtLeast(amount=self.amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class Maximum:
    """Lowers a greater amount to a cap."""

    tag: ClassVar[str] = "maximum"
    amount: Decimal

    def __post_init__(self) -> None:
        """Refuse a float and an amount below zero."""
        _require_limit(self.amount, "maximum")

    def apply(self, amount: Decimal) -> tuple[Decimal, Step]:
        """Return the amount after it, and its step."""
        return min(amount, self.amount), AtMost(amount=self.amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surcharge:
    """Adds a fee, or takes off a rebate where it is below zero."""

    tag: ClassVar[str] = "surcharge"
    name: str
    amount: Decimal

    def __post_init__(self) -> None:
        """Refuse a float."""
        exact.require(self.amount, "surcharge")

    def apply(self, amount: Decimal) -> tuple[Decimal, Step]:
        """Return the amount after it, and its step."""
        return exact.add(amount, self.amount), Fee(name=self.name, amount=self.amount)


Link = Multiplier | Minimum | Maximum | Surcharge


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """A price and the links through which its amount passes, in order."""

    tag: ClassVar[str] = "chain"
    first: PriceModel
    links: tuple[Link, ...]

    def __post_init__(self) -> None:
        """Refuse a first price without currency, and a minimum above a maximum that follows it."""
        require_currency(self.currency)
        floor = exact.ZERO
        for link in self.links:
            if isinstance(link, Minimum):
                floor = link.amount
            elif isinstance(link, Maximum) and link.amount < floor:
                raise PriceError(f"The minimum {floor} lies above the maximum {link.amount}; swap them.")

    @property
    def currency(self) -> Currency:
        """Return the currency of the first price."""
        return self.first.currency

    def price(self, quantity: Decimal) -> Priced:
        """Return the first price after all links."""
        return self.through(self.first.price(quantity))

    @property
    def needs_events(self) -> bool:
        """Return whether the first price needs them."""
        return needs_events(self.first)

    def price_usage(self, events: Sequence[UsageEvent]) -> Priced:
        """Return what the first price asks for events, after all links."""
        return self.through(price_usage(self.first, events))

    def through(self, priced: Priced) -> Priced:
        """Return what was priced already, after all links."""
        amount, steps = priced.amount, list(priced.steps)
        for link in self.links:
            amount, step = link.apply(amount)
            steps.append(step)
        scales = all(isinstance(link, Multiplier) for link in self.links)
        unit_price = self._scaled(priced.unit_price) if scales else None
        return Priced(amount=amount, steps=tuple(steps), unit_price=unit_price)

    def _scaled(self, unit_price: Decimal | None) -> Decimal | None:
        """Return the unit price after multipliers, which is all that the links are."""
        if unit_price is None:
            return None
        for link in self.links:
            unit_price, _ = link.apply(unit_price)
        return unit_price


def capped(first: PriceModel, cap: Decimal) -> Chain:
    """Return a price that never costs more than a cap."""
    return Chain(first=first, links=(Maximum(amount=cap),))


def _require_limit(amount: Decimal, what: str) -> None:
    if exact.require(amount, what) < 0:
        raise PriceError(f"The {what} is {amount}; give at least 0.")
