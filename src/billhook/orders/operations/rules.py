"""A company decides how changes of its orders are handled."""

from datetime import datetime

from django.db import transaction

from billhook.core.changes import ChangePolicy, When
from billhook.core.errors import Refusal
from billhook.core.suspension import SuspensionBilling
from billhook.foundation.events import Actor, emit
from billhook.orders.events import ChangeRulesSet
from billhook.orders.models import ChangeRules


class RuleNeedsMoreError(Refusal):
    """Raised for a rule that cannot hold for every change, since each needs a day or a price of its own."""

    def __init__(self, rule: str) -> None:
        super().__init__(f"{rule} cannot be the rule, for each change has its own: choose it with a change.")


@transaction.atomic
def set_change_rules(
    *,
    policy: ChangePolicy,
    actor: Actor,
    at: datetime,
    suspension: SuspensionBilling = SuspensionBilling.CREDIT,
) -> ChangeRules:
    """Set when changes take effect, what they give back and when that is settled, and what suspended days cost.

    Raises:
        RuleNeedsMoreError: a day or a parking price belongs to the single change.
    """
    if policy.when is When.DATE:
        raise RuleNeedsMoreError("A date")
    if suspension is SuspensionBilling.PARKING:
        raise RuleNeedsMoreError("A parking price")
    kept, _ = ChangeRules.objects.update_or_create(
        defaults={
            "when": policy.when.value,
            "how": policy.how.value,
            "settle": policy.settle.value,
            "day_counts": policy.day_counts,
            "suspension": suspension.value,
        }
    )
    words = {name: getattr(kept, name).replace("_", " ") for name in ("when", "how", "settle", "suspension")}
    emit(ChangeRulesSet(**words), actor=actor, at=at)
    return kept
