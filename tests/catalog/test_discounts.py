"""Discounts and coupons, as a bill takes them, and as often as they may be taken."""

from decimal import Decimal

import pytest
from tests.catalog.selling import BY, coupon, day, discount, product, told

from billhook.catalog.models import CouponUse
from billhook.catalog.operations.categories import create_category
from billhook.catalog.operations.discounts import (
    CouponRefusedError,
    DiscountTermsError,
    NewDiscount,
    end_discount,
    take_coupon,
)
from billhook.catalog.queries import (
    UnknownCategoryError,
    UnknownCouponError,
    UnknownDiscountError,
    UnknownProductError,
    core_coupon,
    core_discount,
    coupon_by_code,
    coupons,
    discount_by_code,
    discounts,
)
from billhook.catalog.refusals import CodeTakenError, DatesOutOfOrderError, TooFineError
from billhook.core.discount import DiscountError
from billhook.core.money import Money

pytestmark = pytest.mark.usefixtures("shop")


def take(code="spring-26", customer="1001", account_type="business", on="03-01"):
    return take_coupon(code=code, customer=customer, account_type=account_type, on=day(on), **BY)


def test_a_discount_becomes_that_of_the_core_with_the_products_of_its_categories():
    top = create_category(code="top", name="Top", **BY)
    inner = create_category(code="inner", name="Inner", parent=top, **BY)
    product("line", category=inner)
    product("desk")
    found = core_discount(discount(products=("desk",), categories=("top",)))
    assert (found.key, found.percent, found.products) == ("ten", 10, ("desk", "line"))
    assert core_discount(discount("all")).products == ()
    empty = create_category(code="empty", name="Empty", **BY)
    nothing = core_discount(discount("none", categories=(empty.code,)))
    assert not nothing.applies_to("line")


def test_a_fixed_discount_runs_for_its_bills_and_keeps_its_rest():
    of = discount("five", amount=Money.of("5.00", "EUR"), periods=2, keep_rest=True)
    found = core_coupon(of, used=1)
    assert (found.amount, found.runs, found.keeps_rest, found.is_spent) == (Money.of("5.00", "EUR"), 2, True, False)
    assert core_coupon(of, used=2).is_spent
    assert not core_coupon(discount(), used=99).is_spent


def test_discounts_are_given_by_day_in_their_order():
    discount("late", position=2, valid_from=day("02-01"))
    early = discount("early", position=1)
    end_discount(discount=early, on=day("03-01"), **BY)
    assert [found.code for found in discounts()] == ["early", "late"]
    assert [found.code for found in discounts(on=day("02-28"))] == ["early", "late"]
    assert [found.code for found in discounts(on=day("03-01"))] == ["late"]
    with pytest.raises(DatesOutOfOrderError, match="The discount late ends on or before its first day"):
        end_discount(discount=discount_by_code("late"), on=day("02-01"), **BY)
    assert told("discount.ended")[0]["code"] == "early"


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"percent": None}, DiscountError),
        ({"percent": Decimal(101)}, DiscountError),
        ({"percent": Decimal("1.23456")}, TooFineError),
        ({"amount": Money.of(1, "EUR")}, DiscountError),
        ({"periods": 0}, DiscountTermsError),
        ({"valid_from": day("02-01"), "valid_until": day("02-01")}, DatesOutOfOrderError),
    ],
)
def test_what_makes_no_discount_is_refused(wrong, error):
    with pytest.raises(error):
        NewDiscount(**{"code": "x", "name": "X", "percent": Decimal(10), **wrong})


def test_a_discount_on_what_there_is_not_is_refused():
    with pytest.raises(UnknownProductError, match="gold"):
        discount(products=("gold",))
    with pytest.raises(UnknownCategoryError, match="gold"):
        discount(categories=("gold",))
    discount()
    with pytest.raises(CodeTakenError, match="There is a discount ten already"):
        discount()
    with pytest.raises(UnknownDiscountError, match="gold"):
        discount_by_code("gold")


def test_a_coupon_is_found_in_any_case_and_counted():
    made = coupon(most=3, most_per_customer=2)
    assert coupon_by_code("sPRING-26") == made
    assert [take().taken, take().taken, take(customer="1002").taken] == [1, 2, 3]
    assert {use.customer: use.taken for use in CouponUse.objects.all()} == {"1001": 2, "1002": 1}
    assert [(event["customer"], event["taken"]) for event in told("coupon.taken")] == [
        ("1001", 1),
        ("1001", 2),
        ("1002", 3),
    ]
    assert [found.code for found in coupons()] == ["SPRING-26"]


@pytest.mark.parametrize(
    ("terms", "taking", "words"),
    [
        ({"most": 1}, {"customer": "1002"}, "was taken 1 times, which is all: order without it"),
        ({"most_per_customer": 1}, {}, "This customer has had the coupon SPRING-26 as often as it is given"),
        ({"account_types": ("private",)}, {}, "is not for customers of type business"),
        ({"valid_until": day("03-01")}, {}, "ended before 2026-03-01"),
    ],
)
def test_a_coupon_that_cannot_be_taken_says_why_and_counts_nothing(terms, taking, words):
    made = coupon(**{"most_per_customer": None, **terms})
    if "most" in terms or terms.get("most_per_customer"):
        take()
    made.refresh_from_db()
    before = made.taken
    with pytest.raises(CouponRefusedError, match=words):
        take(**taking)
    made.refresh_from_db()
    assert made.taken == before == len(told("coupon.taken"))


def test_a_coupon_ends_and_begins_with_its_discount():
    of = discount(valid_from=day("03-01"), valid_until=day("04-01"))
    coupon(of=of, valid_until=day("05-01"))
    with pytest.raises(CouponRefusedError, match="begins on 2026-03-01: order without it, or wait"):
        take(on="02-28")
    with pytest.raises(CouponRefusedError, match="ended before 2026-04-01"):
        take(on="04-01")
    take(on="03-31")


def test_coupons_that_cannot_be_are_refused():
    with pytest.raises(UnknownCouponError, match="There is no coupon GOLD: check how it is written"):
        take("gold")
    with pytest.raises(UnknownCouponError):
        coupon_by_code("gold")
    coupon()
    with pytest.raises(CodeTakenError, match="There is a coupon SPRING-26 already"):
        coupon("SPRING-26", of=discount_by_code("ten"))
    for limits in ({"most": 0}, {"most_per_customer": 0}, {"most": -1}):
        with pytest.raises(DiscountTermsError, match="may never be taken"):
            coupon("never", of=discount_by_code("ten"), **limits)
