"""One asset takes the place of another: a SIM card that was lost, a number that was changed."""

from datetime import datetime

from django.db import transaction

from billhook.foundation.events import Actor, emit
from billhook.orders.asset_events import AssetSwapped
from billhook.orders.asset_refusals import AssetNotAssignedError, SwapRefusedError
from billhook.orders.models import Asset, AssetAssignment
from billhook.orders.operations.assets.assignment import begin, end, lock_order
from billhook.orders.operations.assets.pool import check_free, lock

RUNNING = ("pending", "active", "suspended")


@transaction.atomic
def swap(*, old: Asset, new: Asset, reason: str, actor: Actor, at: datetime, holder: str = "") -> Asset:
    """Let another asset of the same type take an asset's place on its line, without a gap, and return it.

    A suspended order's asset may be swapped, too. `holder` is as for an assignment.

    Raises:
        SwapRefusedError: the two are the same, or of different types.
        AssetNotAssignedError: no line has the old one.
        OrderTakesNoAssetError: the order is over.
        AssetReservedError, AssetAssignedError, AssetQuarantinedError, AssetRetiredError: the new one is not free.
        IdentifierTakenError: usage that names the new one belongs to another order.
    """
    if old.pk == new.pk or old.type_id != new.type_id:
        raise SwapRefusedError(f"{new.identifier} cannot replace {old.identifier}: choose another of the same type.")
    held = AssetAssignment.objects.filter(asset=old, until_at=None).select_related("line__product").first()
    if held is None:
        raise AssetNotAssignedError(lock(old))
    order = lock_order(held.line.order_id, among=RUNNING)
    locked = {pk: lock(asset) for pk, asset in sorted({old.pk: old, new.pk: new}.items())}
    holders = (order.customer.number, holder) if holder else (order.customer.number,)
    check_free(locked[new.pk], holders=holders, at=at)
    ended = end(locked[old.pk], at)
    if ended.pk != held.pk:
        raise AssetNotAssignedError(old)
    begin(locked[new.pk], held.line, order, at)
    emit(
        AssetSwapped(
            customer=order.customer.number,
            asset=new.identifier,
            type=locked[new.pk].type.code,
            order=order.number,
            line=held.line.position,
            old=old.identifier,
            reason=reason,
        ),
        actor=actor,
        at=at,
    )
    return locked[new.pk]
