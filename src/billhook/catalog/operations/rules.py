"""Rules of what goes together are added and taken away."""

from datetime import datetime

from django.db import transaction

from billhook.catalog.events import CombinationRuleAdded, CombinationRuleRemoved
from billhook.catalog.models import CombinationRule
from billhook.catalog.queries.rules import (
    AT_MOST,
    EXCLUDES,
    REQUIRES,
    Rule,
    combination_rules,
    contradiction,
    require_known,
)
from billhook.catalog.refusals import lock_catalog, require_decimals, require_option
from billhook.core.errors import Refusal
from billhook.foundation.events import Actor, emit


class RuleError(Refusal):
    """Raised when a rule names what it cannot do without, stands already, or is about one thing alone."""


class ContradictoryRuleError(Refusal):
    """Raised when, under a rule, something could never be ordered."""

    def __init__(self, rule: Rule, subject: str, against: Rule) -> None:
        """Name the rule, what could not be ordered, and the rule against which it stands."""
        other = f", since {against}" if against != rule else ""
        super().__init__(f"Under the rule that {rule}, {subject} could never be ordered{other}: remove one of them.")


class UnknownRuleError(Refusal):
    """Raised when there is no such rule."""

    def __init__(self, rule: Rule) -> None:
        """Name the rule."""
        super().__init__(f"There is no rule that {rule}: look at the rules that there are.")


@transaction.atomic
def add_rule(*, rule: Rule, actor: Actor, at: datetime) -> CombinationRule:
    """Add a rule; circles of `requires` are allowed, for things that are sold together only.

    Raises:
        UnknownOptionError: it neither requires, excludes nor limits.
        RuleError: it is incomplete, about one thing alone, or stands already.
        UnknownProductError: it names no product.
        UnknownPlanError: it names no plan.
        ContradictoryRuleError: something could never be ordered.
    """
    require_option("rule", rule.rule, (REQUIRES, EXCLUDES, AT_MOST))
    _require_complete(rule)
    require_known([rule.subject, rule.other])
    lock_catalog()
    standing = combination_rules()
    if any((known.subject, known.rule, known.other) == (rule.subject, rule.rule, rule.other) for known in standing):
        raise RuleError(f"There is a rule already that {rule}, perhaps with another quantity: remove that one first.")
    found = contradiction([*standing, rule])
    if found is not None:
        raise ContradictoryRuleError(rule, *found)
    row = CombinationRule.objects.create(subject=rule.subject, rule=rule.rule, other=rule.other, quantity=rule.quantity)
    emit(CombinationRuleAdded(subject_code=rule.subject, rule=str(rule)), actor=actor, at=at)
    return row


def _require_complete(rule: Rule) -> None:
    if rule.rule != AT_MOST and not rule.other:
        raise RuleError(f"{rule.subject} {rule.rule} nothing: name the other product or plan.")
    if rule.subject == rule.other:
        raise RuleError(f"The rule names {rule.subject} twice: name another product or plan.")
    least = 0 if rule.rule == AT_MOST else 1
    if require_decimals(rule.quantity, f"quantity of the rule for {rule.subject}") < least:
        raise RuleError(f"The rule for {rule.subject} has a quantity of {rule.quantity}: give at least {least}.")


@transaction.atomic
def remove_rule(*, rule: Rule, actor: Actor, at: datetime) -> None:
    """Take a rule away, whatever its quantity.

    Raises:
        UnknownRuleError: it does not stand.
    """
    lock_catalog()
    gone, _ = CombinationRule.objects.filter(subject=rule.subject, rule=rule.rule, other=rule.other).delete()
    if not gone:
        raise UnknownRuleError(rule)
    emit(CombinationRuleRemoved(subject_code=rule.subject, rule=str(rule)), actor=actor, at=at)
