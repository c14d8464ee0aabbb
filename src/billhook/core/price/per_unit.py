"""Per-unit price: every unit costs the same."""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from billhook.core import exact
from billhook.core.derivation import Units
from billhook.core.money import Currency
from billhook.core.price import Priced, require_currency, require_quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class PerUnit:
    """Every unit costs the same; the unit price keeps up to 12 decimals."""

    tag: ClassVar[str] = "per_unit"
    currency: Currency
    unit_price: Decimal

    def __post_init__(self) -> None:
        """Refuse a float and a missing currency."""
        require_currency(self.currency)
        exact.require(self.unit_price, "unit price")

    def price(self, quantity: Decimal) -> Priced:
        """Return quantity times unit price."""
        units = Units(quantity=require_quantity(quantity), unit_price=self.unit_price)
        return Priced(
            amount=exact.multiply(quantity, self.unit_price),
            steps=(units,),
            unit_price=self.unit_price,
        )
