"""Exchange rates: dated, through one pivot currency."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from billhook.core import exact
from billhook.core.errors import Refusal
from billhook.core.money import Currency, Money
from billhook.core.rounding import Rounding, to_places


class ExchangeError(Refusal):
    """A rate of nothing, two for one day, or none for the day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRate:
    """How many units of a currency one unit of the pivot buys, from a day until the next rate of the currency."""

    currency: Currency
    per_pivot: Decimal
    valid_from: date | None = None

    def __post_init__(self) -> None:
        """Refuse a float and a rate that is not above zero."""
        if exact.require(self.per_pivot, f"rate of {self.currency}") <= 0:
            raise ExchangeError(f"A rate of {self.per_pivot} {self.currency} buys nothing; give one above zero.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeTable:
    """The dated rates of a company; the pivot itself needs none."""

    pivot: Currency
    rates: tuple[ExchangeRate, ...]

    def __post_init__(self) -> None:
        """Refuse two rates of one currency from the same day."""
        if len({(rate.currency, rate.valid_from) for rate in self.rates}) < len(self.rates):
            raise ExchangeError("Two rates of one currency hold from the same day; keep one of them.")

    def rate(self, currency: Currency, on: date) -> Fraction:
        """Return how many units one unit of the pivot buys on a day.

        Raises:
            ExchangeError: none is in force.
        """
        if currency == self.pivot:
            return Fraction(1)
        found = list(self._in_force(currency, on))
        if not found:
            raise ExchangeError(f"There is no exchange rate of {currency} on {on}; enter one.")
        return Fraction(max(found, key=lambda rate: rate.valid_from or date.min).per_pivot)

    def convert(self, amount: Money, to: Currency, on: date, mode: Rounding = Rounding.HALF_UP) -> Money:
        """Return an amount in another currency at the rates of a day, rounded once to its minor unit."""
        exactly = Fraction(amount.amount) / self.rate(amount.currency, on) * self.rate(to, on)
        return Money(to_places(exactly, to.digits, mode), to)

    def _in_force(self, currency: Currency, on: date) -> Iterable[ExchangeRate]:
        return (
            rate
            for rate in self.rates
            if rate.currency == currency and (rate.valid_from is None or rate.valid_from <= on)
        )
