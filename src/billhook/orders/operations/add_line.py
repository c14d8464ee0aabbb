"""A line is added to an order from a day on."""

from datetime import date, datetime

from django.db import transaction

from billhook.core.calendar import day_start
from billhook.core.changes import ChangePolicy
from billhook.foundation.events import Actor, emit
from billhook.orders.changing import ask, in_event, lock_running, record
from billhook.orders.events import LineAdded
from billhook.orders.identifiers import claim
from billhook.orders.lines import rebuild
from billhook.orders.models import Order, OrderChange
from billhook.orders.new_lines import NewLine, add_new_line
from billhook.orders.operations.suspend import resting_steps


@transaction.atomic
def add_line(
    *,
    order: Order,
    line: NewLine,
    actor: Actor,
    at: datetime,
    on: date | None = None,
    policy: ChangePolicy | None = None,
) -> OrderChange:
    """Add a line; it ends with its order, and a line that is aligned by itself counts from its own first day.

    In an order that is suspended it rests with the others.

    Args:
        order: not over yet.
        line: the product and its terms.
        actor: who adds it.
        at: when it is asked for.
        on: its first day, which may lie in the past; None for what the policy says.
        policy: of this change; None for the company's.

    Raises:
        OrderIsOverError: the order has ended or was cancelled.
        OutsideOrderError, ContradictingChangeError: the day lies before the order's start, or after its end.
        NoPriceError: the product has no price on that day.
        IdentifierTakenError: an identifier belongs to another order.
    """
    lock_running(order)
    asked = ask(order, on=on, policy=policy, at=at)
    day = asked.day
    change = record(order, "add_line", on=day, steps=(), policy=asked.policy, actor=actor, at=at)
    added = add_new_line(order, line, day, until=order.ends_on, added_by=change)
    change.line = added
    change.parameters = {"steps": resting_steps(order, added, day)}
    change.save(update_fields=["line", "parameters"])
    rebuild(order, change=change)
    claim(added, "account", line.identifiers, max(at, day_start(day, order.customer.zone)))
    emit(LineAdded(**in_event(order, change), line=added.description), actor=actor, at=at)
    return change
