"""An order's service stands still, and runs again."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from billhook.core import states
from billhook.core.changes import PRORATED
from billhook.core.suspension import SuspensionBilling, SuspensionError
from billhook.customers.models import Customer
from billhook.customers.operations.suspend import restore_customer, suspend_customer
from billhook.foundation.events import Actor, emit
from billhook.orders.changing import check_day, lock, open_suspension, record, rules, standing_lines
from billhook.orders.events import OrderResumed, OrderSuspended
from billhook.orders.lines import Told, rebuild, told_step
from billhook.orders.models import Order, OrderChange, OrderLine
from billhook.orders.new_lines import OwnPrice
from billhook.orders.queries import local_day
from billhook.orders.refusals import ContradictingChangeError, OutsideOrderError
from billhook.orders.timeline import Do


@transaction.atomic
def suspend_order(
    *,
    order: Order,
    reason: str,
    actor: Actor,
    at: datetime,
    on: date | None = None,
    billing: SuspensionBilling | None = None,
    parking: OwnPrice | None = None,
) -> OrderChange:
    """Suspend an active order until it is resumed; what the days cost that it stands still is the company's rule.

    Args:
        order: an active one.
        reason: for the timeline.
        actor: who suspends it.
        at: when it is asked for.
        on: the first day without service, which is not billed; None for the day of `at` where the customer lives.
        billing: what the days cost: nothing, the same as others, or a parking price; None for the company's rule.
        parking: the price of each recurring line meanwhile, for `parking`.

    Raises:
        TransitionError: the order is not active.
        OrderIsOverError: the order has ended or was cancelled.
        OutsideOrderError, ContradictingChangeError: the day lies outside the order, or a suspension is to come.
        SuspensionError: a parking price is missing, or given where none belongs.
    """
    lock(order)
    states.check(states.ORDER, order.status, "suspended")
    day = on or local_day(at, order.customer)
    check_day(order, day)
    open_one = open_suspension(order)
    if open_one is not None:
        raise ContradictingChangeError(order.number, open_one.number, "suspend", open_one.effective_on)
    how = billing or rules().suspension
    steps = _resting(order, day, how, parking)
    before = order.suspended_on.isoformat() if order.suspended_on else None
    change = record(
        order,
        "suspend",
        on=day,
        steps=steps,
        policy=PRORATED,
        actor=actor,
        at=at,
        reason=reason,
        billing=how.value,
        status_before=order.status,
        suspended_before=before,
    )
    rebuild(order, change=change)
    if change.state == "in_force":
        stand_still(order, day)
    emit(OrderSuspended(customer=order.customer.number, order=order.number, reason=reason, on=day), actor=actor, at=at)
    return change


@transaction.atomic
def resume_order(*, order: Order, reason: str, actor: Actor, at: datetime, on: date | None = None) -> OrderChange:
    """Resume a suspended order; its periods are those that it would have had without the suspension.

    Args:
        order: a suspended one, or one that is to be suspended.
        reason: for the timeline.
        actor: who resumes it.
        at: when it is asked for.
        on: the first day with service again, which is billed; None for the day of `at` where the customer lives.

    Raises:
        TransitionError: the order is not suspended.
        OutsideOrderError: the day lies before the suspension.
    """
    lock(order)
    begun = open_suspension(order)
    if begun is None or order.status != "active":
        states.check(states.ORDER, order.status, "active")
    day = on or local_day(at, order.customer)
    if begun is not None and day < begun.effective_on:
        what = f"The suspension of order {order.number}"
        raise OutsideOrderError(what, day, starts_on=begun.effective_on, ends_on=order.ends_on)
    resting = begun is not None and begun.parameters["steps"]
    change = record(
        order,
        "resume",
        on=day,
        steps=[told_step(line, day, Do.RUN) for line in recurring_lines(order)] if resting else [],
        policy=PRORATED,
        actor=actor,
        at=at,
        reason=reason,
        status_before=order.status,
        suspended_before=order.suspended_on.isoformat() if order.suspended_on else None,
    )
    rebuild(order, change=change)
    if change.state == "in_force":
        run_again(order)
    emit(OrderResumed(customer=order.customer.number, order=order.number, reason=reason, on=day), actor=actor, at=at)
    return change


def _resting(order: Order, day: date, how: SuspensionBilling, parking: OwnPrice | None) -> list[Told]:
    """Return the steps that let the recurring lines rest from a day on."""
    if (how is SuspensionBilling.PARKING) != (parking is not None):
        raise SuspensionError(f"{how} and the parking price do not go together: give both or neither.")
    if how is SuspensionBilling.BILL_ON:
        return []
    own = parking.checked(order.customer.currency) if parking else None
    return [told_step(line, day, Do.REST, own_price=own) for line in recurring_lines(order)]


def resting_steps(order: Order, line: OrderLine, day: date) -> list[Told]:
    """Return the step that lets a line which is added on a day rest with the others, where the order is suspended."""
    begun = open_suspension(order)
    if begun is None or not begun.parameters["steps"] or line.kind != "recurring":
        return []
    own = begun.parameters["steps"][0].get("own_price")
    return [told_step(line, max(day, begun.effective_on), Do.REST, own_price=own)]


def recurring_lines(order: Order) -> list[OrderLine]:
    """Return the lines of an order whose days cost something."""
    return list(standing_lines(order).filter(kind="recurring"))


def stand_still(order: Order, day: date) -> None:
    """Let a locked order be suspended since a day."""
    states.check(states.ORDER, order.status, "suspended")
    order.status, order.suspended_on = "suspended", day
    order.save(update_fields=["status", "suspended_on"])


def run_again(order: Order) -> None:
    """Let a locked order be active again, unless it is so already."""
    if order.status != "active":
        states.check(states.ORDER, order.status, "active")
    order.status, order.suspended_on = "active", None
    order.save(update_fields=["status", "suspended_on"])


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
