"""An order's service stands still, and runs again."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from billhook.core import states
from billhook.customers.models import Customer
from billhook.customers.operations.suspend import restore_customer, suspend_customer
from billhook.foundation.events import Actor, emit
from billhook.orders.events import OrderResumed, OrderSuspended
from billhook.orders.models import Order
from billhook.orders.queries import local_day


def _lock(order: Order) -> None:
    """Read where an order stands, and let nobody else move it before this transaction ends."""
    order.refresh_from_db(fields=["status", "suspended_on"], from_queryset=Order.objects.select_for_update())


@transaction.atomic
def suspend_order(*, order: Order, reason: str, actor: Actor, at: datetime) -> None:
    """Suspend an active order from the instant on; its recurring lines are billed on meanwhile.

    Raises:
        Refusal: the order is not active.
    """
    _lock(order)
    states.check(states.ORDER, order.status, "suspended")
    order.status, order.suspended_on = "suspended", local_day(at, order.customer)
    order.save(update_fields=["status", "suspended_on"])
    emit(OrderSuspended(customer=order.customer.number, order=order.number, reason=reason), actor=actor, at=at)


@transaction.atomic
def resume_order(*, order: Order, reason: str, actor: Actor, at: datetime) -> None:
    """Resume a suspended order.

    Raises:
        Refusal: the order is not suspended.
    """
    _lock(order)
    states.check(states.ORDER, order.status, "active")
    order.status, order.suspended_on = "active", None
    order.save(update_fields=["status", "suspended_on"])
    emit(OrderResumed(customer=order.customer.number, order=order.number, reason=reason), actor=actor, at=at)


def running_orders(customer: Customer) -> QuerySet[Order]:
    """Return a customer's active orders that provide a service; a single charge has none to suspend."""
    running = Order.objects.filter(customer=customer, status="active", lines__kind__in=["recurring", "usage"])
    return running.select_related("customer").order_by("number").distinct()


@transaction.atomic
def suspend_all(*, customer: Customer, reason: str, actor: Actor, at: datetime) -> int:
    """Suspend a customer and every active order, and return how many orders."""
    orders = list(running_orders(customer))
    for order in orders:
        suspend_order(order=order, reason=reason, actor=actor, at=at)
    suspend_customer(customer=customer, reason=reason, actor=actor, at=at)
    return len(orders)


@transaction.atomic
def resume_all(*, customer: Customer, reason: str, actor: Actor, at: datetime) -> int:
    """Restore a customer and every suspended order, and return how many orders."""
    orders = list(
        Order.objects.filter(customer=customer, status="suspended").select_related("customer").order_by("number")
    )
    for order in orders:
        resume_order(order=order, reason=reason, actor=actor, at=at)
    restore_customer(customer=customer, reason=reason, actor=actor, at=at)
    return len(orders)
