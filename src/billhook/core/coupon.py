"""Coupons: discounts that run once, for some bills, or for ever, and what is left of them."""

from dataclasses import dataclass, replace
from decimal import Decimal

from billhook.core.discount import Discount
from billhook.core.errors import Refusal
from billhook.core.money import Money


class CouponError(Refusal):
    """A coupon that runs for no bill, or more was used than it had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupon:
    """A discount with the bills for which it runs.

    Args:
        key: names the coupon.
        description: what the invoice says.
        percent: above 0, at most 100; or
        amount: above zero, for one bill.
        runs: for how many bills; 1 for once, None for ever.
        used: for how many it has run.
        keeps_rest: whether what a bill leaves of a fixed amount stays for the next one; else it is lost.
        rest: what the last bill left of a fixed amount.
        products: whose lines it applies to; none named, all of them.
    """

    key: str
    description: str
    percent: Decimal | None = None
    amount: Money | None = None
    runs: int | None = 1
    used: int = 0
    keeps_rest: bool = True
    rest: Money | None = None
    products: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a coupon that never runs, and one that makes no discount."""
        if self.runs is not None and self.runs < 1:
            raise CouponError(f"{self.key} runs for {self.runs} bills; give at least 1, or None for ever.")
        self._as_discount()

    @property
    def is_spent(self) -> bool:
        """Return whether it has run for all its bills and nothing is left of its amount."""
        return self.rest is None and self.runs is not None and self.used >= self.runs

    def discount(self) -> Discount | None:
        """Return the discount that it gives on the next bill, or None once it is spent."""
        return None if self.is_spent else self._as_discount()

    def after(self, taken: Money) -> "Coupon":
        """Return the coupon after a bill.

        Args:
            taken: what the bill took off, not below zero.

        Raises:
            CouponError: it is spent, or less was left of its amount.
        """
        offered = self.rest or self.amount
        if self.is_spent or (offered is not None and taken > offered):
            raise CouponError(f"{taken} was taken off by {self.key}, which has less left; bill without it.")
        left = offered - taken if offered is not None and self.keeps_rest else None
        used = self.used + (self.rest is None)
        return replace(self, used=used, rest=left or None)

    def _as_discount(self) -> Discount:
        amount = self.rest or self.amount
        return Discount(
            key=self.key, description=self.description, percent=self.percent, amount=amount, products=self.products
        )
