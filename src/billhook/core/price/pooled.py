"""Pooled price: the quantity of another product includes units."""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from billhook.core import exact
from billhook.core.money import Currency
from billhook.core.price import Priced, PriceError, require_currency, require_quantity
from billhook.core.price.graduated import Graduated
from billhook.core.price.tiers import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """Each unit of a pool product includes some units, such as 5 hours for each seat; the rest costs a unit price.

    Args:
        currency: of the unit price.
        unit_price: of each unit beyond the pool.
        pool_product: whose quantity fills the pool.
        factor: units that each of it includes.
    """

    tag: ClassVar[str] = "pooled"
    currency: Currency
    unit_price: Decimal
    pool_product: str
    factor: Decimal

    def __post_init__(self) -> None:
        """Refuse a missing currency, floats and figures below zero."""
        require_currency(self.currency)
        if exact.require(self.unit_price, "unit price") < 0 or exact.require(self.factor, "factor") < 0:
            raise PriceError(f"A pool of {self.factor} units at {self.unit_price} is below zero; give at least 0.")

    def price(self, quantity: Decimal) -> Priced:
        """Return what a quantity costs without any pool."""
        return self.with_pool(exact.ZERO).price(quantity)

    def with_pool(self, pool_quantity: Decimal) -> Graduated:
        """Return the price that holds while the customer has a quantity of the pool product."""
        included = exact.multiply(require_quantity(pool_quantity), self.factor)
        beyond = Tier(up_to=None, unit_price=self.unit_price)
        tiers = (Tier(up_to=included), beyond) if included else (beyond,)
        return Graduated(currency=self.currency, tiers=tiers)
