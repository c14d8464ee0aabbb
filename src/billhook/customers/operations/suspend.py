"""A customer's services stand still, and run again."""

from datetime import datetime

from django.db import transaction

from billhook.customers.events import CustomerRestored, CustomerSuspended
from billhook.customers.models import Customer
from billhook.foundation.events import Actor, emit


@transaction.atomic
def suspend_customer(*, customer: Customer, reason: str, actor: Actor, at: datetime) -> None:
    """Mark a customer as suspended; one who is suspended stays so, and nothing more happens."""
    if Customer.objects.filter(pk=customer.pk, status="active").update(status="suspended"):
        emit(CustomerSuspended(customer=customer.number, reason=reason), actor=actor, at=at)


@transaction.atomic
def restore_customer(*, customer: Customer, reason: str, actor: Actor, at: datetime) -> None:
    """Mark a suspended customer as active again; one who is active stays so, and nothing more happens."""
    if Customer.objects.filter(pk=customer.pk, status="suspended").update(status="active"):
        emit(CustomerRestored(customer=customer.number, reason=reason), actor=actor, at=at)
