"""Flat price: one amount, whatever the quantity."""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from billhook.core import exact
from billhook.core.derivation import Fee
from billhook.core.money import Currency
from billhook.core.price import Priced, require_currency


@dataclass(frozen=True, slots=True, kw_only=True)
class Flat:
    """One amount for a whole period, whatever the quantity."""

    tag: ClassVar[str] = "flat"
    currency: Currency
    amount: Decimal

    def __post_init__(self) -> None:
        """Refuse a float and a missing currency."""
        require_currency(self.currency)
        exact.require(self.amount, "flat price")

    def price(self, quantity: Decimal) -> Priced:
        """Return the amount."""
        exact.require(quantity, "quantity")
        return Priced(amount=self.amount, steps=(Fee(name="a flat", amount=self.amount),))
