"""A customer is closed for good."""

from datetime import datetime

from django.db import transaction

from billhook.core.calendar import local_date
from billhook.core.errors import Refusal
from billhook.customers.events import CustomerClosed
from billhook.customers.locks import lock_tree, locked_open
from billhook.customers.models import Customer, CycleChange
from billhook.foundation.events import Actor, emit


class CustomerNeededError(Refusal):
    """Raised when a customer cannot be closed yet; the message says what stands against it."""


@transaction.atomic
def close_customer(*, customer: Customer, actor: Actor, at: datetime) -> Customer:
    """Close a customer on its local date; nothing opens it again.

    A room above that still needs it, for an order or a balance, may refuse within the transaction.

    Raises:
        CustomerNeededError: others stand under it, or another billing cycle is planned.
        CustomerClosedError: it is closed already.
        CustomerMergedError: it was merged into another.
    """
    lock_tree()
    fresh = locked_open(customer)
    below = Customer.objects.filter(parent=fresh, status__in=["active", "suspended"]).order_by("number").first()
    if below is not None:
        raise CustomerNeededError(f"Customer {below.number} stands under {fresh.number}: put it elsewhere first.")
    if CycleChange.objects.filter(customer=fresh, status="planned").exists():
        raise CustomerNeededError(f"Another billing cycle is planned for {fresh.number}: withdraw it first.")
    fresh.status, fresh.closed_on = "closed", local_date(at, fresh.zone)
    fresh.save(update_fields=["status", "closed_on"])
    emit(CustomerClosed(customer=fresh.number, closed_on=fresh.closed_on), actor=actor, at=at)
    return fresh
