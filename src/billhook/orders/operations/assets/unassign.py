"""An order line gives an asset back, or an order all that it has."""

from datetime import datetime

from django.db import transaction

from billhook.foundation.events import Actor, emit
from billhook.orders.asset_events import AssetUnassigned
from billhook.orders.models import Asset, Order
from billhook.orders.operations.assets.assignment import end
from billhook.orders.operations.assets.pool import lock


@transaction.atomic
def unassign(*, asset: Asset, reason: str, actor: Actor, at: datetime) -> Asset:
    """Take an asset from the order line that has it; it rests as long as its type says and is then available.

    Raises:
        AssetNotAssignedError: no line has it.
        AssetTimeError: the line has it from a later instant on.
    """
    order = Order.objects.select_for_update(of=("self",)).filter(
        lines__assignments__asset=asset, lines__assignments__until_at=None
    )
    list(order)
    locked = lock(asset)
    held = end(locked, at)
    emit(
        AssetUnassigned(
            customer=held.line.order.customer.number,
            asset=locked.identifier,
            type=locked.type.code,
            order=held.line.order.number,
            line=held.line.position,
            reason=reason,
        ),
        actor=actor,
        at=at,
    )
    return locked


@transaction.atomic
def unassign_all(*, order: Order, reason: str, actor: Actor, at: datetime) -> int:
    """Take every asset from an order, and return how many."""
    Order.objects.select_for_update(of=("self",)).get(pk=order.pk)
    held = Asset.objects.filter(assignments__line__order=order, assignments__until_at=None).order_by("id")
    assets = list(held.select_related("type"))
    for asset in assets:
        unassign(asset=asset, reason=reason, actor=actor, at=at)
    return len(assets)
