"""Percentage of other lines: a price that stands on what other products of the bill come to."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar

from billhook.core import exact
from billhook.core.derivation import Percent
from billhook.core.money import Currency, MixedCurrenciesError, Money
from billhook.core.price import Priced, PriceError, require_currency
from billhook.core.price.percentage import ONE_PERCENT


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseLine:
    """A line on which a percentage may stand."""

    product: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentageOf:
    """A percentage of the lines of some products, all where none is named, without the excluded ones.

    Args:
        currency: of the lines and of the amount.
        percent: of their sum; below zero for a rebate.
        products: on which it stands; none named, all of them.
        excluded: on which it never stands.
    """

    tag: ClassVar[str] = "percentage_of"
    currency: Currency
    percent: Decimal
    products: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a missing currency, a float, and a product that is named both ways."""
        require_currency(self.currency)
        exact.require(self.percent, "percentage")
        both = set(self.products) & set(self.excluded)
        if both:
            raise PriceError(f"Named and excluded both: {', '.join(sorted(both))}; choose one for each.")

    def price(self, quantity: Decimal) -> Priced:
        """Return the percentage of an amount."""
        base = exact.require(quantity, "base")
        step = Percent(percent=self.percent, base=Fraction(base))
        return Priced(amount=exact.multiply(base, exact.multiply(self.percent, ONE_PERCENT)), steps=(step,))

    def price_lines(self, lines: Iterable[BaseLine]) -> Priced:
        """Return the percentage of the lines on which it stands.

        Raises:
            MixedCurrenciesError: a line is in another currency.
        """
        chosen = [line.amount for line in lines if self.stands_on(line.product)]
        for amount in chosen:
            if amount.currency != self.currency:
                raise MixedCurrenciesError(f"{amount} is no amount in {self.currency}; price each currency on its own.")
        return self.price(exact.total(amount.amount for amount in chosen))

    def stands_on(self, product: str) -> bool:
        """Return whether it stands on the lines of a product."""
        return product not in self.excluded and (not self.products or product in self.products)
