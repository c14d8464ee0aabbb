"""Package price: blocks of units, of which a started one counts."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import ClassVar

from billhook.core import exact
from billhook.core.derivation import Blocks
from billhook.core.money import Currency
from billhook.core.price import Priced, PriceError, require_currency, require_quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """Blocks of `size` units at a price each; free units come off first, and a started block counts."""

    tag: ClassVar[str] = "package"
    currency: Currency
    size: Decimal
    block_price: Decimal
    free: Decimal = exact.ZERO

    def __post_init__(self) -> None:
        """Refuse floats, a missing currency, blocks without size and free units below zero."""
        require_currency(self.currency)
        exact.require(self.block_price, "block price")
        if exact.require(self.size, "block size") <= 0:
            raise PriceError(f"A block of {self.size} units holds nothing; give a size above 0.")
        if exact.require(self.free, "free units") < 0:
            raise PriceError(f"{self.free} free units are below zero; give at least 0.")

    def price(self, quantity: Decimal) -> Priced:
        """Return the started blocks beyond the free units at their price."""
        charged = max(exact.subtract(require_quantity(quantity), self.free), exact.ZERO)
        blocks = ceil(Fraction(charged) / Fraction(self.size))
        step = Blocks(quantity=quantity, free=self.free, size=self.size, blocks=blocks, block_price=self.block_price)
        return Priced(amount=exact.multiply(Decimal(blocks), self.block_price), steps=(step,))
