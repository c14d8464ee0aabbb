"""A company decides how cards are charged again."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django.db import transaction

from billhook.foundation.events import Actor, Event, emit
from billhook.payments.models import CollectionPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class RetriesSetUp(Event):
    """The schedule of retries was set."""

    name: ClassVar[str] = "payment.retries_set_up"
    sentence: ClassVar[str] = "Declined cards are tried again after {days} days."
    subject_field: ClassVar[str] = "days"

    days: str


@transaction.atomic
def set_retry_days(*, days: tuple[int, ...], actor: Actor, at: datetime) -> CollectionPolicy:
    """Set after how many days each attempt follows a soft decline; an empty tuple means that none does."""
    policy, _ = CollectionPolicy.objects.update_or_create(defaults={"retry_days": list(days)})
    emit(RetriesSetUp(days=", ".join(map(str, days)) or "no"), actor=actor, at=at)
    return policy
