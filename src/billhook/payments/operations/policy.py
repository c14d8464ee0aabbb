"""A company decides how cards are charged again."""

from datetime import datetime

from django.db import transaction

from billhook.foundation.events import Actor, emit
from billhook.payments.events import RetriesSetUp
from billhook.payments.models import CollectionPolicy


@transaction.atomic
def set_retry_days(*, days: tuple[int, ...], actor: Actor, at: datetime) -> CollectionPolicy:
    """Set after how many days each attempt follows a soft decline; an empty tuple means that none does."""
    policy, _ = CollectionPolicy.objects.update_or_create(defaults={"retry_days": list(days)})
    emit(RetriesSetUp(days=", ".join(map(str, days)) or "no"), actor=actor, at=at)
    return policy
