"""Discounts and coupons are added, ended and taken."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from billhook.catalog.events import CouponCreated, CouponTaken, DiscountCreated, DiscountEnded
from billhook.catalog.models import Coupon, CouponUse, Discount
from billhook.catalog.queries.discounts import UnknownCouponError
from billhook.catalog.queries.products import UnknownCategoryError, category_paths, products_by_code
from billhook.catalog.refusals import CodeTakenError, DatesOutOfOrderError, require_code, require_decimals
from billhook.core import discount as core
from billhook.core.errors import Refusal
from billhook.core.money import Money
from billhook.foundation.constraints import refusing
from billhook.foundation.events import Actor, emit

PERCENT_DECIMALS = 4


class DiscountTermsError(Refusal):
    """Raised when a discount runs for no bill, or a coupon may never be taken."""


class CouponRefusedError(Refusal):
    """Raised when a coupon cannot be taken; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDiscount:
    """What a discount takes off, of what, when and how long.

    Args:
        code: names it.
        name: what the invoice says.
        percent: above 0, at most 100, with up to 4 decimals; or
        amount: above zero.
        products: codes of what it applies to; and
        categories: codes of categories whose products, and those below, it applies to; neither for everything.
        periods: for how many bills, 1 for once, None for ever.
        position: a lower one is taken off first.
        keep_rest: whether what a bill leaves of a fixed amount stays for the next one.
        valid_from: first day on which it is given, None without beginning.
        valid_until: day after the last, None without end.
    """

    code: str
    name: str
    percent: Decimal | None = None
    amount: Money | None = None
    products: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    periods: int | None = None
    position: int = 0
    keep_rest: bool = True
    valid_from: date | None = None
    valid_until: date | None = None

    def __post_init__(self) -> None:
        """Refuse what makes no discount, no bill to run for, and dates out of order."""
        require_code("discount", self.code)
        core.Discount(key=self.code, description=self.name, percent=self.percent, amount=self.amount)
        require_decimals(self.percent or Decimal(0), f"percentage of {self.code}", PERCENT_DECIMALS)
        if self.periods is not None and self.periods < 1:
            raise DiscountTermsError(f"{self.code} runs for {self.periods} bills: give at least 1, or none for ever.")
        if self.valid_from and self.valid_until and self.valid_until <= self.valid_from:
            raise DatesOutOfOrderError(f"discount {self.code}")


@transaction.atomic
def create_discount(*, new: NewDiscount, actor: Actor, at: datetime) -> Discount:
    """Add a discount.

    Raises:
        CodeTakenError: another discount has the code.
        UnknownProductError: it applies to a product that does not exist.
        UnknownCategoryError: it applies to a category that does not exist.
    """
    products_by_code(new.products)
    known = category_paths() if new.categories else {}
    for category in new.categories:
        if category not in known:
            raise UnknownCategoryError(category)
    with refusing(discount_once=CodeTakenError("discount", new.code)):
        discount = Discount.objects.create(
            code=new.code,
            name=new.name,
            percent=new.percent,
            amount=new.amount.amount if new.amount else None,
            currency=new.amount.currency.code if new.amount else "",
            products=sorted(new.products),
            categories=sorted(new.categories),
            periods=new.periods,
            position=new.position,
            keep_rest=new.keep_rest,
            valid_from=new.valid_from,
            valid_until=new.valid_until,
        )
    emit(DiscountCreated(code=new.code), actor=actor, at=at)
    return discount


@transaction.atomic
def end_discount(*, discount: Discount, on: date, actor: Actor, at: datetime) -> Discount:
    """Give a discount no longer from a day on; who has it keeps it for its bills.

    Raises:
        DatesOutOfOrderError: it begins on the day or later.
    """
    locked = Discount.objects.select_for_update().get(pk=discount.pk)
    if locked.valid_from is not None and on <= locked.valid_from:
        raise DatesOutOfOrderError(f"discount {locked.code}")
    locked.valid_until = on
    locked.save(update_fields=["valid_until"])
    emit(DiscountEnded(code=locked.code, on=on), actor=actor, at=at)
    return locked


@transaction.atomic
def create_coupon(
    *,
    code: str,
    discount: Discount,
    actor: Actor,
    at: datetime,
    most: int | None = None,
    most_per_customer: int | None = 1,
    account_types: Sequence[str] = (),
    valid_until: date | None = None,
) -> Coupon:
    """Add a coupon that gives a discount; its code is kept in capitals.

    Args:
        code: what customers give.
        discount: what they get.
        actor: who adds it.
        at: when.
        most: how often it is given in all, None without limit.
        most_per_customer: how often to one customer, None without limit.
        account_types: codes of those whose customers may take it; none named, all of them.
        valid_until: day after the last, None without end.

    Raises:
        CodeError: the code has signs that a code may not have.
        CodeTakenError: another coupon has the code.
        DiscountTermsError: it may never be taken.
    """
    code = require_code("coupon", code).upper()
    if any(limit is not None and limit < 1 for limit in (most, most_per_customer)):
        raise DiscountTermsError(f"The coupon {code} may never be taken: give limits of at least 1, or none.")
    with refusing(coupon_once=CodeTakenError("coupon", code)):
        coupon = Coupon.objects.create(
            code=code,
            discount=discount,
            most=most,
            most_per_customer=most_per_customer,
            account_types=sorted(account_types),
            valid_until=valid_until,
        )
    emit(CouponCreated(code=code, discount=discount.code), actor=actor, at=at)
    return coupon


@transaction.atomic
def take_coupon(*, code: str, customer: str, account_type: str, on: date, actor: Actor, at: datetime) -> Coupon:
    """Count one more redemption of a coupon by a customer, under the coupon's lock.

    Args:
        code: as the customer gives it, in any case.
        customer: number of the customer.
        account_type: the customer's, by code.
        on: the customer's day.
        actor: who takes it.
        at: when.

    Raises:
        UnknownCouponError: there is no such coupon.
        CouponRefusedError: it is over, not for this account type, or was taken as often as it may be.
    """
    coupon = Coupon.objects.select_for_update(of=("self",)).select_related("discount").filter(code=code.upper()).first()
    if coupon is None:
        raise UnknownCouponError(code)
    use, _ = CouponUse.objects.get_or_create(coupon=coupon, customer=customer)
    _require_takeable(coupon, use, account_type, on)
    for counted in (coupon, use):
        counted.taken += 1
        counted.save(update_fields=["taken"])
    emit(CouponTaken(customer=customer, code=coupon.code, taken=coupon.taken), actor=actor, at=at)
    return coupon


def _require_takeable(coupon: Coupon, use: CouponUse, account_type: str, on: date) -> None:
    discount, code = coupon.discount, coupon.code
    ends = [day for day in (coupon.valid_until, discount.valid_until) if day is not None]
    if ends and on >= min(ends):
        raise CouponRefusedError(f"The coupon {code} ended before {min(ends)}: order without it.")
    if discount.valid_from is not None and on < discount.valid_from:
        raise CouponRefusedError(f"The coupon {code} begins on {discount.valid_from}: order without it, or wait.")
    if coupon.account_types and account_type not in coupon.account_types:
        raise CouponRefusedError(f"The coupon {code} is not for customers of type {account_type}: order without it.")
    if coupon.most is not None and coupon.taken >= coupon.most:
        raise CouponRefusedError(f"The coupon {code} was taken {coupon.taken} times, which is all: order without it.")
    if coupon.most_per_customer is not None and use.taken >= coupon.most_per_customer:
        raise CouponRefusedError(f"This customer has had the coupon {code} as often as it is given: order without it.")
