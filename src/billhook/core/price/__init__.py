"""Price models: what a quantity costs, exactly, and by which steps."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from billhook.core import exact
from billhook.core.derivation import Step
from billhook.core.errors import Refusal
from billhook.core.money import Currency, UnknownCurrencyError


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


def require_currency(currency: Currency) -> None:
    """Refuse a price that names no currency."""
    if not isinstance(currency, Currency):
        raise UnknownCurrencyError("The price names no currency; give one such as 'EUR'.")


def require_quantity(quantity: Decimal) -> Decimal:
    """Return the quantity; refuse one below zero."""
    if exact.require(quantity, "quantity") < 0:
        raise NegativeQuantityError(f"A quantity of {quantity} has no price; bill a negative line for a correction.")
    return quantity
