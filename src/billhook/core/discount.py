"""Discounts: a percentage or a fixed amount, spread over the lines it applies to in proportion, exactly."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from billhook.core import exact
from billhook.core.derivation import Percent, Share, Step
from billhook.core.errors import Refusal
from billhook.core.exact import Figure
from billhook.core.money import Money

_HUNDRED = Decimal(100)
_ONE_PERCENT = Decimal("0.01")


class DiscountError(Refusal):
    """A discount that is none, both kinds at once, or more than everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """Takes a percentage, or a fixed amount, off the lines of some products.

    Args:
        key: names the discount.
        description: what the invoice says.
        percent: above 0, at most 100; or
        amount: above zero, of which no more is used than the lines come to.
        products: whose lines it applies to; none named, all of them. Penalties are never discounted.
    """

    key: str
    description: str
    percent: Decimal | None = None
    amount: Money | None = None
    products: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse both kinds at once, neither, and figures out of range."""
        if (self.percent is None) == (self.amount is None):
            raise DiscountError(f"{self.key} needs either a percentage or an amount; give one of them.")
        if self.percent is not None and not 0 < exact.require(self.percent, "percentage") <= _HUNDRED:
            raise DiscountError(f"{self.key} takes {self.percent} %; give above 0, at most 100.")
        if self.amount is not None and self.amount.amount <= 0:
            raise DiscountError(f"{self.key} takes {self.amount}; give an amount above zero.")

    def applies_to(self, product: str) -> bool:
        """Return whether it applies to a product's lines."""
        return not self.products or product in self.products

    def rate(self, whole: Figure) -> Figure:
        """Return what is taken off each unit of what it applies to, exactly; nothing where that is not above zero."""
        if whole <= 0:
            return exact.ZERO
        if self.percent is not None:
            return exact.multiply(self.percent, _ONE_PERCENT)
        return self._taken(Fraction(whole)) / Fraction(whole)

    def shares(self, bases: Sequence[Figure]) -> tuple[Figure, ...]:
        """Return what is taken off each base, exactly and in proportion; never more than all of them."""
        rate = self.rate(exact.total_of(bases))
        return tuple(exact.product(base, rate) for base in bases)

    def step(self, *, part: Figure, whole: Figure) -> Step:
        """Return the step that takes the discount off a part of the whole base."""
        if self.percent is not None:
            return Percent(percent=self.percent.copy_negate(), base=Fraction(part))
        return Share(amount=-self._taken(Fraction(whole)), part=Fraction(part), whole=Fraction(whole))

    def _taken(self, whole: Fraction) -> Fraction:
        return min(Fraction(self.amount.amount if self.amount else 0), whole)
