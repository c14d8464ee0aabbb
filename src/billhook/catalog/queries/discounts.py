"""Reads of discounts and coupons, and both as the core knows them."""

from datetime import date

from django.db.models import Q, QuerySet

from billhook.catalog.models import Coupon, Discount
from billhook.catalog.queries.products import products_in
from billhook.core import coupon as core_coupons
from billhook.core import discount as core_discounts
from billhook.core import money
from billhook.core.errors import Refusal

NO_PRODUCT = "-"


class UnknownDiscountError(Refusal):
    """Raised when no discount has a code."""

    def __init__(self, code: str) -> None:
        """Name the code."""
        super().__init__(f"There is no discount {code}: create it, or name another.")


class UnknownCouponError(Refusal):
    """Raised when no coupon has a code."""

    def __init__(self, code: str) -> None:
        """Name the code."""
        super().__init__(f"There is no coupon {code.upper()}: check how it is written, or order without it.")


def discount_by_code(code: str) -> Discount:
    """Return a discount.

    Raises:
        UnknownDiscountError: there is none of that code.
    """
    discount = Discount.objects.filter(code=code).first()
    if discount is None:
        raise UnknownDiscountError(code)
    return discount


def coupon_by_code(code: str) -> Coupon:
    """Return a coupon with its discount, whatever the case of its letters.

    Raises:
        UnknownCouponError: there is none of that code.
    """
    coupon = Coupon.objects.select_related("discount").filter(code=code.upper()).first()
    if coupon is None:
        raise UnknownCouponError(code)
    return coupon


def discounts(*, on: date | None = None) -> QuerySet[Discount]:
    """Return the discounts that are given on a day, or all, in the order in which they are taken off."""
    found = Discount.objects.order_by("position", "code")
    if on is None:
        return found
    return found.filter(Q(valid_from=None) | Q(valid_from__lte=on)).exclude(valid_until__lte=on)


def coupons() -> QuerySet[Coupon]:
    """Return the coupons by code, with their discounts."""
    return Coupon.objects.select_related("discount").order_by("code")


def products_of(discount: Discount) -> tuple[str, ...]:
    """Return the codes of the products to which a discount applies, sorted; none for all of them.

    A discount on categories without products applies to nothing, and names a product that there is not.
    """
    if not (discount.products or discount.categories):
        return ()
    in_categories = products_in(discount.categories) if discount.categories else ()
    return tuple(sorted({*discount.products, *in_categories})) or (NO_PRODUCT,)


def core_discount(discount: Discount, *, key: str = "") -> core_discounts.Discount:
    """Return a discount as a bill takes it; `key` names it there, its code unless given."""
    return core_discounts.Discount(
        key=key or discount.code,
        description=discount.name,
        percent=discount.percent,
        amount=_amount(discount),
        products=products_of(discount),
    )


def core_coupon(
    discount: Discount, *, key: str = "", used: int = 0, rest: money.Money | None = None
) -> core_coupons.Coupon:
    """Return a discount with the bills for which it runs.

    Args:
        discount: with its periods.
        key: names it on the bill, its code unless given.
        used: for how many bills it has run.
        rest: what the last bill left of a fixed amount.
    """
    return core_coupons.Coupon(
        key=key or discount.code,
        description=discount.name,
        percent=discount.percent,
        amount=_amount(discount),
        runs=discount.periods,
        used=used,
        keeps_rest=discount.keep_rest,
        rest=rest,
        products=products_of(discount),
    )


def _amount(discount: Discount) -> money.Money | None:
    return None if discount.amount is None else money.Money.of(discount.amount, discount.currency)
