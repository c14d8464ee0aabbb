"""What goes together: rules that an order breaks, and rules that contradict each other."""

from decimal import Decimal

import pytest
from tests.catalog.selling import BY, product, statements, told

from billhook.catalog.operations.plans import create_plan
from billhook.catalog.operations.rules import (
    ContradictoryRuleError,
    RuleError,
    UnknownRuleError,
    add_rule,
    remove_rule,
)
from billhook.catalog.queries import Rule, UnknownPlanError, UnknownProductError, check_combination, combination_rules
from billhook.catalog.refusals import UnknownOptionError

pytestmark = pytest.mark.usefixtures("shop")

ROUTER = Rule(subject="line", rule="requires", other="router")
SWITCH = Rule(subject="router", rule="requires", other="switch", quantity=Decimal(2))


@pytest.fixture(autouse=True)
def things(shop):
    for code in ("line", "router", "switch", "phone"):
        product(code)
    create_plan(code="voice", name="Voice", items=[], **BY)


def add(rule, **more):
    return add_rule(rule=rule if isinstance(rule, Rule) else Rule(rule=rule, **more), **BY)


def broken(**quantities):
    named = {code.replace("plan_", "plan:"): Decimal(quantity) for code, quantity in quantities.items()}
    return [str(rule) for rule in check_combination(named)]


def test_what_is_missing_what_does_not_go_together_and_what_is_too_much_is_named():
    add(ROUTER)
    add("excludes", subject="plan:voice", other="switch")
    add("at_most", subject="phone", quantity=Decimal(2), other="line")
    add("at_most", subject="router", quantity=Decimal(3))
    assert broken(line=1, router=1, phone=2) == []
    assert broken(line=1) == ["line requires at least 1 of router"]
    assert broken(plan_voice=1, switch=1) == ["plan:voice does not go with switch"]
    assert broken(phone=3, line=1, router=1) == ["at most 2 of phone may be had for each line"]
    assert broken(phone=1) == ["at most 2 of phone may be had for each line"]
    assert broken(router=4, line=0) == ["at most 3 of router may be had"]
    with statements() as run:
        broken(line=1)
    assert len(run) == 1
    assert told("combination_rule.added")[0]["rule"] == "line requires at least 1 of router"


def test_a_quantity_that_is_required_counts():
    add(SWITCH)
    assert broken(router=1, switch=1) == ["router requires at least 2 of switch"]
    assert broken(router=1, switch=2) == []


@pytest.mark.parametrize(
    ("standing", "new"),
    [
        ([ROUTER], Rule(subject="line", rule="excludes", other="router")),
        ([ROUTER], Rule(subject="router", rule="excludes", other="line")),
        ([Rule(subject="router", rule="excludes", other="line")], ROUTER),
        ([ROUTER, SWITCH], Rule(subject="line", rule="excludes", other="switch")),
        ([ROUTER, SWITCH], Rule(subject="switch", rule="at_most", quantity=Decimal(1))),
    ],
)
def test_rules_under_which_something_could_never_be_ordered_are_refused(standing, new):
    for rule in standing:
        add(rule)
    with pytest.raises(ContradictoryRuleError, match="could never be ordered"):
        add(new)
    assert len(combination_rules()) == len(standing)


def test_circles_of_what_is_required_are_allowed():
    add(ROUTER)
    add(Rule(subject="router", rule="requires", other="line"))
    assert broken(line=1, router=1) == []
    assert broken(router=1) == ["router requires at least 1 of line"]


@pytest.mark.parametrize(
    ("rule", "error", "words"),
    [
        (Rule(subject="line", rule="likes", other="router"), UnknownOptionError, "'likes' is no rule"),
        (Rule(subject="line", rule="requires"), RuleError, "requires nothing: name the other"),
        (Rule(subject="line", rule="requires", other="line"), RuleError, "names line twice"),
        (Rule(subject="line", rule="requires", other="router", quantity=Decimal(0)), RuleError, "at least 1"),
        (Rule(subject="line", rule="at_most", quantity=Decimal(-1)), RuleError, "at least 0"),
        (Rule(subject="gold", rule="requires", other="line"), UnknownProductError, "gold"),
        (Rule(subject="line", rule="requires", other="plan:gold"), UnknownPlanError, "gold"),
    ],
)
def test_incomplete_rules_are_refused(rule, error, words):
    with pytest.raises(error, match=words):
        add(rule)


def test_a_rule_stands_once_and_is_removed_once():
    add(ROUTER)
    with pytest.raises(RuleError, match="There is a rule already that line requires"):
        add(Rule(subject="line", rule="requires", other="router", quantity=Decimal(5)))
    remove_rule(rule=ROUTER, **BY)
    assert broken(line=1) == []
    with pytest.raises(UnknownRuleError, match="There is no rule that line requires at least 1 of router"):
        remove_rule(rule=ROUTER, **BY)
    assert len(told("combination_rule.removed")) == 1
