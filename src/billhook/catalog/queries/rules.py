"""Which products and plans go together, and what an order breaks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from billhook.catalog.models import CombinationRule, Plan
from billhook.catalog.queries.plans import UnknownPlanError
from billhook.catalog.queries.products import products_by_code
from billhook.core import exact

PLAN = "plan:"
REQUIRES, EXCLUDES, AT_MOST = "requires", "excludes", "at_most"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What the order of one thing needs, rules out or limits; `plan:voice` names a plan, `router` a product."""

    subject: str
    rule: str
    other: str = ""
    quantity: Decimal = Decimal(1)

    def __str__(self) -> str:
        """Return the rule as a sentence without its full stop."""
        figure = exact.plain(self.quantity)
        if self.rule == REQUIRES:
            return f"{self.subject} requires at least {figure} of {self.other}"
        if self.rule == EXCLUDES:
            return f"{self.subject} does not go with {self.other}"
        return f"at most {figure} of {self.subject} may be had" + (f" for each {self.other}" if self.other else "")

    def is_broken_by(self, quantities: Mapping[str, Decimal]) -> bool:
        """Return whether quantities by code break it; what is not ordered breaks nothing."""
        had = quantities.get(self.subject, exact.ZERO)
        others = quantities.get(self.other, exact.ZERO) if self.other else exact.ONE
        if had <= 0:
            return False
        if self.rule == REQUIRES:
            return others < self.quantity
        if self.rule == EXCLUDES:
            return others > 0
        return had > exact.multiply(self.quantity, others)


def broken(rules: Iterable[Rule], quantities: Mapping[str, Decimal]) -> tuple[Rule, ...]:
    """Return the rules that quantities by code break, in the order of the rules."""
    return tuple(rule for rule in rules if rule.is_broken_by(quantities))


def contradiction(rules: Iterable[Rule]) -> tuple[str, Rule] | None:
    """Return something that can never be ordered, and the rule that forbids it; None where there is nothing.

    Whatever something requires, through however many others, is ordered with it; none of these may exclude another,
    and each must be allowed in the quantity that is required.
    """
    known = list(rules)
    for subject in sorted({rule.subject for rule in known if rule.rule == REQUIRES}):
        needed = _needed(subject, known)
        for rule in known:
            impossible = rule.is_broken_by(needed) and rule.rule != REQUIRES
            # More of the other may be had wherever nothing limits it, so a limit for each of another proves nothing.
            if impossible and not (rule.rule == AT_MOST and rule.other):
                return subject, rule
    return None


def _needed(subject: str, rules: Iterable[Rule]) -> dict[str, Decimal]:
    """Return the least quantities by code that the order of one of something brings."""
    needs = [rule for rule in rules if rule.rule == REQUIRES]
    found, edge = {subject: exact.ONE}, [subject]
    while edge:
        here = edge.pop()
        for rule in needs:
            if rule.subject == here and found.get(rule.other, exact.ZERO) < rule.quantity:
                found[rule.other] = rule.quantity
                edge.append(rule.other)
    return found


def combination_rules() -> tuple[Rule, ...]:
    """Return the rules of the company in scope, by subject, kind and other."""
    rows = CombinationRule.objects.order_by("subject", "rule", "other")
    return tuple(
        Rule(subject=row.subject, rule=row.rule, other=row.other, quantity=row.quantity.normalize()) for row in rows
    )


def check_combination(quantities: Mapping[str, Decimal]) -> tuple[Rule, ...]:
    """Return the rules that an order breaks; none where it may be placed. One statement.

    Args:
        quantities: of everything that the customer would then have, by code; `plan:` stands before that of a plan.
    """
    return broken(combination_rules(), quantities)


def require_known(codes: Iterable[str]) -> None:
    """Refuse codes that are of no product, or with `plan:` of no plan; two statements.

    Raises:
        UnknownProductError: there is no such product.
        UnknownPlanError: there is no such plan.
    """
    named = [code for code in codes if code]
    plans = {code.removeprefix(PLAN) for code in named if code.startswith(PLAN)}
    products = {code for code in named if not code.startswith(PLAN)}
    products_by_code(sorted(products))
    for code in sorted(plans - set(Plan.objects.filter(code__in=plans).values_list("code", flat=True))):
        raise UnknownPlanError(code)
