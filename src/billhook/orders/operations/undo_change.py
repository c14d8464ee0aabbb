"""A change of an order is taken back before anything of it is billed."""

from datetime import date, datetime

from django.db import transaction

from billhook.catalog.models import Plan
from billhook.foundation.events import Actor, emit
from billhook.orders.changing import is_billed, lock
from billhook.orders.events import ChangeUndone
from billhook.orders.identifiers import restore_identifiers
from billhook.orders.lines import rebuild
from billhook.orders.models import Order, OrderChange, UsageIdentifier
from billhook.orders.refusals import ChangeIsBilledError, ChangeIsUndoneError, LaterChangeError, NoSuchChangeError

FREE = {"change_line", "migrate"}
"""Changes that stand beside one another: each sets quantity or price of a line from its day on."""


@transaction.atomic
def undo_change(*, order: Order, number: int, actor: Actor, at: datetime) -> OrderChange:
    """Take a change back, so that the next bill is as it would have been without it.

    Args:
        order: which may have ended by this very change.
        number: of the change.
        actor: who takes it back.
        at: when.

    Raises:
        NoSuchChangeError: the order has none of that number.
        ChangeIsUndoneError: it was undone before.
        ChangeIsBilledError: something of it is billed or given back.
        LaterChangeError: another change stands on it.
        IdentifierTakenError: an identifier of the order's usage means another one by now.
    """
    lock(order)
    change = OrderChange.objects.filter(order=order, number=number).first()
    if change is None:
        raise NoSuchChangeError(order.number, number)
    if change.state == "undone":
        raise ChangeIsUndoneError(order.number, number)
    if is_billed(change):
        raise ChangeIsBilledError(order.number, number)
    for later in OrderChange.objects.filter(order=order, number__gt=number).exclude(state="undone"):
        if not {later.kind, change.kind} <= FREE:
            raise LaterChangeError(order.number, number, later.number)
    change.state, change.undone_at, change.undone_by = "undone", at, actor.name
    change.save(update_fields=["state", "undone_at", "undone_by"])
    rebuild(order, change=change)
    _restore(order, change)
    emit(
        ChangeUndone(
            customer=order.customer.number,
            order=order.number,
            change=number,
            what=change.kind.replace("_", " "),
            on=change.effective_on,
        ),
        actor=actor,
        at=at,
    )
    return change


def _restore(order: Order, change: OrderChange) -> None:
    """Let the order as a whole be what it was before a change."""
    kept = change.parameters
    UsageIdentifier.objects.filter(line__added_by=change).delete()
    restore_identifiers(kept.get("identifiers", ()))
    if "status_before" in kept:
        order.status = kept["status_before"]
    if "ended_before" in kept:
        order.ends_on = date.fromisoformat(kept["ended_before"]) if kept["ended_before"] else None
    if "suspended_before" in kept:
        order.suspended_on = date.fromisoformat(kept["suspended_before"]) if kept["suspended_before"] else None
    if "plan_before" in kept:
        order.plan = Plan.objects.filter(code=kept["plan_before"]).first()
    order.save(update_fields=["status", "ends_on", "suspended_on", "plan"])
