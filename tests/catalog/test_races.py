"""Two at once never both win: versions are numbered, and what can be had once is had once."""

import threading
from contextlib import suppress

import pytest
from django.db import connection
from tests.builders import OPENED, make_company
from tests.catalog.selling import BY, day, discount, new_rate, product, publish, tax_rate, told

from billhook.catalog.models import Coupon, Plan, Price, Product, Rate, TaxRate
from billhook.catalog.operations.discounts import CouponRefusedError, create_coupon, take_coupon
from billhook.catalog.operations.plans import PlanOverlapError, create_plan, publish_plan_version
from billhook.catalog.operations.prices import PriceOverlapError
from billhook.catalog.operations.rates import import_rate_card
from billhook.catalog.operations.rules import ContradictoryRuleError, add_rule
from billhook.catalog.queries import Rule, check_combination, combination_rules
from billhook.catalog.refusals import CodeTakenError
from billhook.core.errors import Refusal
from billhook.core.ratecard import OverlappingRatesError
from billhook.foundation.scope import company_scope

AT_ONCE = 6


def all_at_once(company, work, refusal):
    """Run a piece of work in threads that begin together, each told its ordinal; return how many were refused."""
    barrier, refused, failed = threading.Barrier(AT_ONCE), [], []

    def run(ordinal):
        barrier.wait()
        try:
            with company_scope(company):
                work(ordinal)
        except refusal as reason:
            refused.append(reason)
        except Exception as error:  # noqa: BLE001 - told to the test below
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(ordinal,)) for ordinal in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    return len(refused)


@pytest.fixture
def company(committed):
    return make_company()


def test_versions_of_a_price_are_numbered_without_twins(company):
    with company_scope(company):
        line = product()
    assert all_at_once(company, lambda ordinal: publish(line, valid_from=day(f"01-0{ordinal + 1}")), Refusal) == 0
    with company_scope(company):
        assert sorted(Price.objects.values_list("version", flat=True)) == [1, 2, 3, 4, 5, 6]


def test_one_price_begins_on_a_day(company):
    with company_scope(company):
        line = product()
    assert all_at_once(company, lambda _: publish(line), PriceOverlapError) == AT_ONCE - 1
    with company_scope(company):
        assert Price.objects.count() == len(told("price.published")) == 1


def test_a_code_goes_to_one_product(company):
    assert all_at_once(company, lambda _: product("same"), CodeTakenError) == AT_ONCE - 1
    with company_scope(company):
        assert Product.objects.count() == 1


def test_versions_of_a_plan_are_numbered_without_twins_and_one_begins_on_a_day(company):
    with company_scope(company):
        create_plan(code="voice", name="Voice", items=[], **BY)

    def next_version(ordinal):
        begins = day(f"0{ordinal // 2 + 1}-01")
        publish_plan_version(code="voice", name="Voice", items=[], valid_from=begins, **BY)

    assert all_at_once(company, next_version, PlanOverlapError) == AT_ONCE // 2
    with company_scope(company):
        assert sorted(Plan.objects.values_list("version", flat=True)) == [1, 2, 3, 4]


def test_the_last_coupon_is_taken_once(company):
    with company_scope(company):
        create_coupon(code="last", discount=discount(), most=2, **BY)

    def take(ordinal):
        take_coupon(code="last", customer=str(ordinal), account_type="business", on=OPENED, **BY)

    assert all_at_once(company, take, CouponRefusedError) == AT_ONCE - 2
    with company_scope(company):
        assert Coupon.objects.get().taken == len(told("coupon.taken")) == 2


def test_one_customer_takes_a_coupon_once_however_often_it_asks(company):
    with company_scope(company):
        create_coupon(code="once", discount=discount(), **BY)

    def take(_):
        take_coupon(code="once", customer="1001", account_type="business", on=OPENED, **BY)

    assert all_at_once(company, take, CouponRefusedError) == AT_ONCE - 1


def test_a_deck_is_added_once(company):
    prefixes = [str(number) for number in range(1000, 3000)]
    with company_scope(company):
        import_rate_card(code="world", name="World", rates=[new_rate("33")], **BY)

    def load(ordinal):
        rates = [new_rate(prefix, valid_from=day(f"01-0{ordinal + 1}")) for prefix in prefixes]
        import_rate_card(code="world", name="World", rates=rates, **BY)

    assert all_at_once(company, load, OverlappingRatesError) == AT_ONCE - 1
    with company_scope(company):
        assert Rate.objects.count() == len(prefixes) + 1


def test_two_rules_that_contradict_each_other_never_both_stand(company):
    with company_scope(company):
        for code in ("line", "router"):
            product(code)

    def add(ordinal):
        kind = "requires" if ordinal % 2 else "excludes"
        with suppress(ContradictoryRuleError):
            add_rule(rule=Rule(subject="line", rule=kind, other="router"), **BY)

    all_at_once(company, add, Refusal)
    with company_scope(company):
        assert len(combination_rules()) == 1
        assert check_combination({}) == ()


def test_a_tax_has_one_rate_a_day(company):
    assert all_at_once(company, lambda _: tax_rate(), Refusal) == AT_ONCE - 1
    with company_scope(company):
        assert TaxRate.objects.count() == 1
