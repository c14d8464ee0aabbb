"""The whole catalog as one value: complete, sorted, the same for two companies with the same catalog."""

import json
from dataclasses import fields
from decimal import Decimal

import pytest
from tests.builders import OPENED, make_catalog, make_company
from tests.catalog.selling import (
    BY,
    coupon,
    day,
    exchange_rate,
    new_rate,
    product,
    publish,
    statements,
    tax_rate,
    treat,
)

from billhook.catalog.bulk import ImportMode
from billhook.catalog.operations.categories import create_category
from billhook.catalog.operations.plan_parts import (
    NewAllowance,
    NewCommitment,
    NewContent,
    NewPhase,
    NewPlanItem,
    NewTerm,
    PlanParts,
)
from billhook.catalog.operations.plans import create_plan, publish_plan_version
from billhook.catalog.operations.rates import import_rate_card
from billhook.catalog.operations.rules import add_rule
from billhook.catalog.queries import Rule, Snapshot, product_by_code, snapshot
from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.money import Money
from billhook.foundation.scope import company_scope

YEAR = Cadence(CadenceUnit.YEAR)
PARTS = PlanParts(
    contents=(NewContent(plan="voice"),),
    allowances=(NewAllowance(code="minutes", name="Minutes", amount=Decimal("100.50")),),
    phases=(NewPhase(name="always", kind="evergreen"),),
    term=NewTerm(length=YEAR),
    commitments=(NewCommitment(amount=Money.of("500.00", "EUR")),),
)


def fill():
    """Fill the catalog of the company in scope with one of everything."""
    make_catalog()
    top = create_category(code="top", name="Top", **BY)
    router = product("router", category=create_category(code="inner", name="Inner", parent=top, **BY))
    publish(router, scope={"plan": "office"})
    create_plan(
        code="office", name="Office", items=[NewPlanItem(product="router", timing="in_advance")], parts=PARTS, **BY
    )
    add_rule(rule=Rule(subject="plan:office", rule="requires", other="router"), **BY)
    coupon()
    tax_rate()
    treat("home", 1, outcome="home")
    exchange_rate()


def test_everything_is_in_it_without_keys_and_as_json(shop):
    fill()
    found = snapshot(on=OPENED)
    for field in fields(Snapshot):
        assert getattr(found, field.name), field.name
    data = found.as_data()
    assert json.loads(json.dumps(data)) == data
    assert '"id"' not in json.dumps(data)
    office = next(plan for plan in data["plans"] if plan["code"] == "office")
    assert office["allowances"][0]["amount"] == "100.5"
    assert office["contents"] == [{"contained": "voice", "contained__version": 1, "quantity": 1}]
    assert (office["term"]["unit"], office["phases"][0]["name"]) == ("year", "always")
    assert office["commitments"][0]["amount"] == "500"
    assert data["categories"][0]["parent"] == "top"
    assert [card["rates"] for card in data["rate_cards"]] == [2]


def test_it_takes_as_many_statements_for_a_large_catalog_as_for_a_small_one(shop):
    fill()
    with statements() as few:
        snapshot(on=OPENED)
    for number in range(20):
        made = product(f"more-{number}")
        publish(made)
        create_plan(
            code=f"plan-{number}", name="More", items=[NewPlanItem(product=made.code, timing="in_advance")], **BY
        )
        import_rate_card(code=f"card-{number}", name="More", rates=[new_rate(str(number + 1))], **BY)
    with statements() as many:
        found = snapshot(on=OPENED)
    assert len(few) == len(many) == 17
    assert len(found.products) == 24


def test_two_companies_with_the_same_catalog_have_the_same_snapshot(shop):
    fill()
    one = snapshot(on=OPENED)
    with company_scope(make_company("merlin")):
        product("first-of-another-key")
        empty = snapshot(on=OPENED)
        assert len(empty.products) == 1
    with company_scope(make_company("osprey")):
        fill()
        assert snapshot(on=OPENED) == one


def test_prices_plans_and_rates_that_were_superseded_are_left_out_and_future_ones_are_not(shop):
    fill()
    line = product_by_code("voice-line")
    publish(line, "21.00", day("02-01"))
    publish(line, "22.00", day("08-01"))
    publish_plan_version(code="voice", name="Voice", items=[], valid_from=day("02-01"), **BY)
    publish_plan_version(code="voice", name="Voice", items=[], valid_from=day("08-01"), **BY)
    exchange_rate(rate="2", valid_from=day("02-01"))
    tax_rate("22", valid_from=day("02-01"))
    found = snapshot(on=day("03-01"))
    assert [row["parameters"]["amount"] for row in found.prices if row["product"] == "voice-line"] == ["21.00", "22.00"]
    assert [row["version"] for row in found.plans if row["code"] == "voice"] == [2, 3]
    assert [row["rate"] for row in found.exchange_rates] == ["2"]
    assert [row["percent"] for row in found.tax_rates] == ["22"]


def test_the_hash_of_a_card_changes_with_its_rates(shop):
    make_catalog()
    (before,) = snapshot(on=OPENED).rate_cards
    deck = [new_rate("31", "0.06", day("04-01"))]
    import_rate_card(code="world", name="World", rates=deck, mode=ImportMode.CHANGE, **BY)
    (after,) = snapshot(on=OPENED).rate_cards
    assert (before["rates"], after["rates"]) == (2, 3)
    assert before["sha256"] != after["sha256"]


@pytest.mark.usefixtures("shop")
def test_an_empty_catalog_has_nothing_in_it():
    assert set(map(len, snapshot(on=OPENED).as_data().values())) == {0}
