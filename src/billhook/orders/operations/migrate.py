"""Lines of many orders move to a newer price version, as changes of their orders, a chunk at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from billhook.core.changes import ChangePolicy
from billhook.core.errors import Refusal
from billhook.foundation.events import Actor, emit
from billhook.orders.changing import (
    carry_out,
    check_agrees,
    check_day,
    in_event,
    live_versions,
    lock_running,
    policy_of,
    reaching_steps,
    record,
)
from billhook.orders.events import PriceMigrated
from billhook.orders.lines import Told, told_step
from billhook.orders.migration import Migration, by_order
from billhook.orders.models import Order, OrderChange, OrderLineVersion
from billhook.orders.timeline import Do

CHUNK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    """What a chunk came to.

    `moved` counts orders, `refused` names each one that could not be moved with its why, and `after` is where the next
    chunk goes on; None when all are done.
    """

    moved: int
    refused: tuple[tuple[str, str], ...]
    after: int | None


@transaction.atomic
def migrate(
    *,
    migration: Migration,
    actor: Actor,
    at: datetime,
    after: int = 0,
    limit: int = CHUNK,
    policy: ChangePolicy | None = None,
) -> Migrated:
    """Move the next orders of a migration; call it again with `after` until that is None.

    An order that was moved is not selected again, so that a migration which was interrupted may begin anew.

    Args:
        migration: who is moved, to which price, and when.
        actor: whose doing it is.
        at: when.
        after: where the chunk before ended.
        limit: how many orders at most.
        policy: of these changes; None for the company's.
    """
    moved, refused = 0, []
    chosen = by_order(migration, after=after, limit=limit)
    orders = Order.objects.filter(pk__in=chosen).select_related("customer").order_by("pk")
    for order in orders:
        try:
            migrate_order(
                order=order, versions=chosen[order.pk], migration=migration, policy=policy, actor=actor, at=at
            )
            moved += 1
        except Refusal as why:
            refused.append((order.number, str(why)))
    last = max(chosen, default=None)
    return Migrated(moved=moved, refused=tuple(refused), after=last if len(chosen) == limit else None)


@transaction.atomic
def migrate_order(
    *,
    order: Order,
    versions: Sequence[OrderLineVersion],
    migration: Migration,
    actor: Actor,
    at: datetime,
    policy: ChangePolicy | None = None,
) -> OrderChange:
    """Move lines of one order to a price version, by one change.

    Raises:
        OrderIsOverError: the order has ended or was cancelled.
        OutsideOrderError, ContradictingChangeError: an open change says otherwise.
    """
    lock_running(order)
    check_day(order, migration.on)
    policy = policy_of(policy, migration.on)
    live, wanted = live_versions(order), {version.line_id for version in versions}
    steps: list[Told] = []
    for line_id in sorted(wanted):
        rows = [version for version in live if version.line_id == line_id]
        reaching, charged_from = reaching_steps(rows, migration.on, policy.how)
        steps += [*reaching, told_step(rows[0].line, charged_from, Do.SET, price=migration.to)]
    check_agrees(order, steps)
    change = record(order, "migrate", on=migration.on, steps=steps, policy=policy, actor=actor, at=at)
    carry_out(order, change, f"Order {order.number}")
    what = f"{migration.to.product.name} version {migration.to.version}"
    emit(PriceMigrated(**in_event(order, change), price=what), actor=actor, at=at)
    return change
