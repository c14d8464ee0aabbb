"""A company decides how its documents are numbered."""

from datetime import datetime

from django.db import transaction

from billhook.billing.events import NumberingSet
from billhook.billing.models import BillingPolicy
from billhook.foundation.events import Actor, emit


@transaction.atomic
def set_credit_note_series(*, apart: bool, actor: Actor, at: datetime) -> BillingPolicy:
    """Number credit notes among the invoices, or in a series of their own; what is approved keeps its numbers."""
    policy, _ = BillingPolicy.objects.update_or_create(defaults={"credit_note_series": apart})
    emit(NumberingSet(series="in a series of their own" if apart else "among the invoices"), actor=actor, at=at)
    return policy
