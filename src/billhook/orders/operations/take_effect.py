"""The day of an order, or of a change, is reached."""

from datetime import datetime

from django.db import transaction

from billhook.core import states
from billhook.foundation.events import Actor, emit
from billhook.orders.changing import in_event, lock
from billhook.orders.events import ChangeInForce, OrderEnded, OrderStarted
from billhook.orders.models import Order, OrderChange
from billhook.orders.operations.cancel import end_order
from billhook.orders.operations.suspend import run_again, stand_still


@transaction.atomic
def start_order(*, order: Order, actor: Actor, at: datetime) -> None:
    """Let a pending order be active, since its first day is reached."""
    lock(order)
    if order.status != "pending":
        return
    states.check(states.ORDER, order.status, "active")
    order.status = "active"
    order.save(update_fields=["status"])
    emit(OrderStarted(customer=order.customer.number, order=order.number, on=order.starts_on), actor=actor, at=at)


@transaction.atomic
def finish_order(*, order: Order, actor: Actor, at: datetime) -> None:
    """Let an order with a fixed term be over, since its last day is."""
    lock(order)
    if order.ends_on is None or not states.ORDER.may(order.status, "ended"):
        return
    order.status = "ended"
    order.save(update_fields=["status"])
    emit(OrderEnded(customer=order.customer.number, order=order.number, on=order.ends_on), actor=actor, at=at)


@transaction.atomic
def bring_in_force(*, change: OrderChange, actor: Actor, at: datetime) -> None:
    """Let a scheduled change be in force, since its day is reached; its lines are billed by their days anyway."""
    order = change.order
    lock(order)
    change.refresh_from_db(fields=["state"])
    if change.state != "scheduled":
        return
    change.state = "in_force"
    change.save(update_fields=["state"])
    if change.kind == "suspend" and states.ORDER.may(order.status, "suspended"):
        stand_still(order, change.effective_on)
    if change.kind == "resume" and order.status == "suspended":
        run_again(order)
    emit(ChangeInForce(**in_event(order, change), what=change.kind.replace("_", " ")), actor=actor, at=at)
    if change.kind in {"cancel", "move"} and order.status != "cancelled":
        end_order(order=order, change=change, actor=actor, at=at)
