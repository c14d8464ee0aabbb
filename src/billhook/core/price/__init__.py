"""Price models: what a quantity costs, exactly, and by which steps."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Protocol, TypeGuard

from billhook.core import exact
from billhook.core.derivation import Fee, Step, run
from billhook.core.errors import Refusal
from billhook.core.money import Currency, UnknownCurrencyError
from billhook.core.usage import UsageEvent


class PriceError(Refusal):
    """The parameters make no price."""


class NegativeTierError(PriceError):
    """A tier has a bound, price or fee below zero."""


class OverlappingTiersError(PriceError):
    """Two tiers claim the same units, or a tier follows one without an end."""


class BeyondLastTierError(PriceError):
    """A quantity lies above a closed last tier."""


class NegativeQuantityError(PriceError):
    """A quantity below zero was to be priced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """What a quantity costs: the exact amount, the steps that lead to it, and the unit price where there is one."""

    amount: Decimal
    steps: tuple[Step, ...]
    unit_price: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Charged:
    """What usage comes to where it may have no finite decimal: exact, with the steps that lead there.

    It is rounded once, with its line.
    """

    exact: Fraction
    steps: tuple[Step, ...]


class PriceModel(Protocol):
    """A frozen price in one currency: the same quantity always costs the same, by the same steps.

    A model is pure (no clock, no I/O), refuses parameters that make no price at construction, and its steps, run
    from nothing, give its amount. Bundled models are frozen dataclasses; so should a plugin's be, for its figures
    are part of a draft's fingerprint.
    """

    @property
    def currency(self) -> Currency:
        """Return the currency of every amount."""

    def price(self, quantity: Decimal) -> Priced:
        """Return what a quantity of one whole period costs, exactly."""


class EventPrice(PriceModel, Protocol):
    """A price that looks at single events: their instants, values, properties or own amounts."""

    @property
    def needs_events(self) -> bool:
        """Return whether a quantity alone may come to something else than the events behind it."""

    def price_usage(self, events: Sequence[UsageEvent]) -> Priced:
        """Return what the events of one period cost together, whatever their order."""


def looks_at_events(price: PriceModel | None) -> TypeGuard[EventPrice]:
    """Return whether a price looks at single events."""
    return hasattr(type(price), "price_usage")


def needs_events(price: PriceModel | None) -> bool:
    """Return whether a price has no answer for a sum of usage."""
    return looks_at_events(price) and price.needs_events


def price_usage(price: PriceModel, events: Sequence[UsageEvent]) -> Priced:
    """Return what the events of one period cost: each by itself where the price looks at them, else their sum."""
    if looks_at_events(price):
        return price.price_usage(events)
    return price.price(exact.total(event.quantity for event in events))


def together(parts: Iterable[tuple[str, Priced]]) -> Priced:
    """Return prices that are charged together, each by its name.

    The steps of one that would change what stands before it (a cap, a multiplier) are told as one sum.
    """
    amount, steps = exact.ZERO, tuple[Step, ...]()
    for name, part in parts:
        amount = exact.add(amount, part.amount)
        joined = (*steps, *part.steps)
        steps = joined if run(joined) == Fraction(amount) else (*steps, Fee(name=name, amount=part.amount))
    return Priced(amount=amount, steps=steps)


def require_currency(currency: Currency) -> None:
    """Refuse a price that names no currency."""
    if not isinstance(currency, Currency):
        raise UnknownCurrencyError("The price names no currency; give one such as 'EUR'.")


def require_quantity(quantity: Decimal) -> Decimal:
    """Return the quantity; refuse one below zero."""
    if exact.require(quantity, "quantity") < 0:
        raise NegativeQuantityError(f"A quantity of {quantity} has no price; bill a negative line for a correction.")
    return quantity
