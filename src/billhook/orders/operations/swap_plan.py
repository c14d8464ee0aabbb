"""An order changes to another plan from a day on."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from billhook.catalog.models import Plan
from billhook.core.calendar import day_start
from billhook.core.changes import ChangePolicy
from billhook.foundation.events import Actor, emit
from billhook.orders.changing import ask, in_event, lock_running, record
from billhook.orders.events import PlanSwapped
from billhook.orders.identifiers import claim_again, end_identifiers
from billhook.orders.lines import Told, rebuild
from billhook.orders.models import Order, OrderChange, OrderLine
from billhook.orders.new_lines import add_plan_line
from billhook.orders.operations.cancel import steps_to_end
from billhook.orders.prices import plan_items
from billhook.orders.refusals import NothingChangesError


@transaction.atomic
def swap_plan(
    *,
    order: Order,
    plan: Plan,
    actor: Actor,
    at: datetime,
    on: date | None = None,
    policy: ChangePolicy | None = None,
    restart: bool = False,
) -> OrderChange:
    """Swap the plan: the lines of the old one end, those of the other begin, with the prices in force on the day.

    The identifiers of usage mean the first usage line of the other plan from then on.

    Args:
        order: not over yet.
        plan: the other one.
        actor: who changes it.
        at: when it is asked for.
        on: the first day of the other plan, which may lie in the past; None for what the policy says.
        policy: of this change; None for the company's.
        restart: whether periods count from that day; otherwise they go on as they were.

    Raises:
        OrderIsOverError: the order has ended or was cancelled.
        OutsideOrderError, ContradictingChangeError: the day lies before the order's start, or after its end.
        NothingChangesError: the order is for that plan.
        NoPriceError: a product of the other plan has no price on the day.
    """
    lock_running(order)
    asked = ask(order, on=on, policy=policy, at=at)
    day, before = asked.day, order.plan
    _check_other(order, plan, day)
    steps = steps_to_end(order, asked)
    ended = end_identifiers(order, day)
    order.plan = plan
    change = record(
        order,
        "swap_plan",
        on=day,
        steps=steps,
        policy=asked.policy,
        actor=actor,
        at=at,
        plan_before=before.code if before else "",
        plan=plan.code,
        identifiers=ended,
    )
    usage = _add_lines(order, change, _begins(day, steps), restart=restart)
    if usage is not None:
        claim_again(usage, ended, day_start(day, order.customer.zone))
    rebuild(order, change=change)
    order.save(update_fields=["plan"])
    was = before.name if before else "its products"
    emit(PlanSwapped(**in_event(order, change), before=was, after=plan.name), actor=actor, at=at)
    return change


def _check_other(order: Order, plan: Plan, day: date) -> None:
    if order.plan is not None and order.plan.pk == plan.pk:
        raise NothingChangesError(f"Order {order.number} is for {plan.name}, so it", day)


def _begins(day: date, steps: Sequence[Told]) -> date:
    """Return the first day that the other plan charges: where nothing is given back, the end of what was billed."""
    return max([day, *(date.fromisoformat(step["on"]) for step in steps)])


def _add_lines(order: Order, change: OrderChange, on: date, *, restart: bool) -> OrderLine | None:
    """Add the lines of an order's plan from a day on, and return the first usage line."""
    anchor = on if restart else None
    items = plan_items(order.plan, order.customer, on) if order.plan else []
    lines = [
        add_plan_line(order, ordered, price, on, until=order.ends_on, added_by=change, anchor=anchor)
        for ordered, price in items
    ]
    return next((line for line in lines if line.kind == "usage"), None)
