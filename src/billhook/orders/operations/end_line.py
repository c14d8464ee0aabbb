"""A line of an order ends while the others go on."""

from datetime import date, datetime

from django.db import transaction

from billhook.core.changes import ChangePolicy
from billhook.foundation.events import Actor, emit
from billhook.orders.changing import ask, carry_out, ending_steps, in_event, line_at, lock_running, record
from billhook.orders.events import LineEnded
from billhook.orders.identifiers import end_identifiers
from billhook.orders.models import Order, OrderChange
from billhook.orders.refusals import OutsideOrderError


@transaction.atomic
def end_line(
    *,
    order: Order,
    position: int,
    actor: Actor,
    at: datetime,
    on: date | None = None,
    policy: ChangePolicy | None = None,
) -> OrderChange:
    """End a line; what was billed beyond the day is given back as the policy says.

    Args:
        order: not over yet.
        position: of the line.
        actor: who ends it.
        at: when it is asked for.
        on: the first day without it, which may lie in the past; None for what the policy says.
        policy: of this change; None for the company's.

    Raises:
        OrderIsOverError: the order has ended or was cancelled.
        OutsideOrderError: the line begins later, or has ended.
        ContradictingChangeError: a cancellation takes the order away before.
    """
    lock_running(order)
    line = line_at(order, position)
    asked = ask(order, on=on, policy=policy, at=at, line=line)
    versions, day = asked.versions, asked.day
    what = f"Line {position} of order {order.number}"
    runs = any(version.ends_on is None or version.ends_on > day for version in versions)
    if not runs or day < min(version.starts_on for version in versions):
        starts_on = min((version.starts_on for version in versions), default=order.starts_on)
        raise OutsideOrderError(what, day, starts_on=starts_on, ends_on=versions[-1].ends_on if versions else None)
    steps = ending_steps(line, versions, day, asked.policy.how)
    ended = end_identifiers(order, day, [line.pk])
    change = record(
        order, "end_line", on=day, steps=steps, policy=asked.policy, actor=actor, at=at, line=line, identifiers=ended
    )
    carry_out(order, change, what)
    emit(LineEnded(**in_event(order, change), line=line.description), actor=actor, at=at)
    return change
