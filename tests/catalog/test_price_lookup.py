"""Which of many prices holds: the most particular one, in the newest version that has begun."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.builders import OPENED, make_catalog, make_company, sign_up_customer
from tests.catalog.selling import BY, day, product, publish, statements, told

from billhook.catalog.models import Price
from billhook.catalog.operations.plan_parts import NewContent, NewPlanItem, PlanParts
from billhook.catalog.operations.plans import create_plan
from billhook.catalog.operations.prices import PriceLimits, PriceOverlapError, PriceScope, PriceScopeError
from billhook.catalog.queries import PriceRequest, price_for, prices_for, successors
from billhook.catalog.refusals import TooFineError
from billhook.core.exact import NotExactError
from billhook.foundation.scope import company_scope
from billhook.orders.models import OrderLineVersion

pytestmark = pytest.mark.usefixtures("shop")

# Each row lies above those below it: who it is for, and what it costs.
LADDER = (
    ({"customer": "1001", "plan": "gold"}, "1"),
    ({"customer": "1001", "account_type": "business"}, "2"),
    ({"customer": "1001"}, "3"),
    ({"plan": "gold", "account_type": "business"}, "4"),
    ({"plan": "gold"}, "6"),
    ({"account_type": "business"}, "8"),
    ({"customer": "900", "shared_with_children": True}, "9"),
    ({"customer": "800", "shared_with_children": True}, "10"),
    ({}, "11"),
)
LADDER_ORDER = {str(scope): place for place, (scope, _) in enumerate(LADDER)}
NEVER = ({"customer": "900"}, {"customer": "1002"}, {"plan": "silver"}, {"account_type": "private"})


def asked(**more):
    given = {"product": "line", "currency": "EUR", "on": day("03-01")}
    who = {"customer": "1001", "account_type": "business", "plan": "gold", "parents": ("900", "800")}
    return PriceRequest(**{**given, **who, **more})


def amount(request):
    return price_for(request).parameters["amount"]


@pytest.mark.parametrize("place", range(len(LADDER)))
def test_the_more_particular_price_goes_first(place):
    line = product()
    for scope in NEVER:
        publish(line, "99", scope=scope, valid_from=day("02-02"))
    # Less particular ones are published later and begin later: age decides only among equals.
    for older, (scope, cost) in enumerate(LADDER[place:]):
        publish(line, cost, scope=scope, valid_from=OPENED + timedelta(days=older))
    assert amount(asked()) == LADDER[place][1]


def test_a_parents_price_holds_only_where_it_is_shared_and_only_for_those_below():
    line = product()
    publish(line, "11")
    publish(line, "9", scope={"customer": "900"})
    assert amount(asked(plan="", account_type="")) == "11"
    assert amount(asked(customer="900", parents=())) == "9"


def test_nobody_in_particular_pays_everybodys_price():
    line = product()
    for scope, cost in LADDER:
        publish(line, cost, scope=scope)
    assert amount(PriceRequest(product="line", currency="EUR", on=OPENED)) == "11"


def test_many_are_looked_up_in_one_statement_and_the_unpriced_are_left_out():
    line, calls = product(), product("calls", "usage")
    publish(line, "11")
    publish(line, "3", scope={"customer": "5"})
    publish(calls, "1", currency="USD")
    wanted = [asked(customer=str(number), plan="", account_type="", parents=()) for number in range(50)]
    unpriced = asked(product="calls")
    with statements() as few:
        prices_for(wanted[:1])
    with statements() as many:
        found = prices_for([*wanted, unpriced, wanted[0]])
    assert len(few) == len(many) == 1
    assert [found[request].parameters["amount"] for request in wanted] == ["11"] * 5 + ["3"] + ["11"] * 44
    assert unpriced not in found
    assert prices_for([]) == {}


def test_two_versions_for_the_same_people_on_the_same_day_are_refused_by_name():
    line = product()
    publish(line, scope={"plan": "gold"})
    with pytest.raises(PriceOverlapError, match=f"line in EUR for plan gold begins on {OPENED} already"):
        publish(line, scope={"plan": "gold"})
    for scope in ({}, {"plan": "silver"}, {"plan": "gold", "customer": "1"}):
        publish(line, scope=scope)
    publish(line, scope={"plan": "gold"}, currency="USD")
    assert sorted(Price.objects.values_list("version", flat=True)) == [1, 2, 3, 4, 5]
    assert told("price.published")[0]["for_whom"] == " for plan gold"


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (lambda: PriceScope(shared_with_children=True), PriceScopeError),
        (lambda: PriceLimits(minimum=Decimal(2), maximum=Decimal(1)), PriceScopeError),
        (lambda: PriceLimits(minimum=Decimal(-1)), PriceScopeError),
        (lambda: PriceLimits(maximum=Decimal("0.1234567890123")), TooFineError),
        (lambda: PriceLimits(maximum=1.5), NotExactError),
    ],
)
def test_scopes_and_limits_that_contradict_themselves_are_refused(wrong, error):
    with pytest.raises(error):
        wrong()


def test_limits_are_kept_with_the_version():
    publish(product(), limits=PriceLimits(minimum=Decimal(5), maximum=Decimal(50)))
    price = price_for(asked())
    assert (price.minimum, price.maximum) == (5, 50)


def test_existing_customers_move_when_a_version_says_so():
    line = product()
    old, other = publish(line), publish(line, scope={"plan": "gold"})
    publish(line, "21", valid_from=day("02-01"))
    assert successors([old, other], on=day("12-31")) == {}
    later = publish(line, "22", valid_from=day("03-01"), existing_from=day("06-01"))
    assert successors([old, other], on=day("05-31")) == {}
    assert successors([old, other], on=day("06-01")) == {old.pk: later}
    assert successors([later], on=day("06-01")) == {}
    with pytest.raises(PriceScopeError, match="cannot move on 2026-02-01, before 2026-03-02: give a later day"):
        publish(line, valid_from=day("03-02"), existing_from=day("02-01"))


def test_an_order_takes_the_customers_price():
    make_catalog()
    line = Price.objects.get(product__code="voice-line").product
    publish(line, "15.00", scope={"plan": "voice"})
    publish(line, "12.00", scope={"customer": "1002"})
    for number in ("1001", "1002"):
        sign_up_customer(number)
    versions = OrderLineVersion.objects.filter(line__product=line).order_by("line__order__customer__number")
    assert [version.price.parameters["amount"] for version in versions] == ["15.00", "12.00"]


def test_an_order_of_a_plan_brings_the_plans_in_it():
    make_catalog()
    publish(product("router"))
    items = [NewPlanItem(product="router", timing="in_advance")]
    contents = PlanParts(contents=(NewContent(plan="voice", quantity=3),))
    create_plan(code="office", name="Office", items=items, parts=contents, **BY)
    sign_up_customer("1001", plan="office")
    versions = OrderLineVersion.objects.order_by("line__position").select_related("line__product")
    assert [(v.line.position, v.line.product.code, v.quantity) for v in versions] == [
        (1, "router", 1),
        (2, "voice-line", 3),
        (3, "calls", 3),
    ]


def test_another_companys_prices_are_not_looked_up():
    publish(product())
    with company_scope(make_company("merlin")):
        assert prices_for([asked()]) == {}


SCOPES = st.sampled_from([scope for scope, _ in LADDER])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(SCOPES, st.integers(0, 90)), unique_by=lambda row: (str(row[0]), row[1])), st.integers(0, 90))
def test_no_version_is_found_before_it_is_in_force_and_none_of_its_kind_begins_later(rows, on):
    line = product(f"line-{len(told('product.created'))}")
    for scope, begins in rows:
        publish(line, str(begins), scope=scope, valid_from=OPENED + timedelta(days=begins))
    request = asked(product=line.code, on=OPENED + timedelta(days=on))
    found = prices_for([request]).get(request)
    begun = [(scope, begins) for scope, begins in rows if begins <= on]
    assert (found is None) == (not begun)
    if found is not None:
        best = min(LADDER_ORDER[str(scope)] for scope, _ in begun)
        newest = max(begins for scope, begins in begun if LADDER_ORDER[str(scope)] == best)
        assert found.parameters["amount"] == str(newest)
        assert found.valid_from <= request.on
