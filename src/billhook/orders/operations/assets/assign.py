"""An order line gets the use of an asset."""

from datetime import datetime

from django.db import transaction

from billhook.foundation.events import Actor, emit
from billhook.orders.asset_events import AssetAssigned
from billhook.orders.models import Asset, OrderLine
from billhook.orders.operations.assets.assignment import begin, lock_order
from billhook.orders.operations.assets.pool import check_free, lock

TAKES_ASSETS = ("pending", "active")


@transaction.atomic
def assign(*, asset: Asset, line: OrderLine, actor: Actor, at: datetime, holder: str = "") -> Asset:
    """Give an order line an asset, which ends a reservation of the same holder.

    Args:
        asset: available, or reserved for the order's customer or for `holder`.
        line: of a pending or active order; usage that names the asset belongs to it, or, where it is no usage line,
            to the only usage line of its order.
        actor: who assigns.
        at: from when on; now.
        holder: the session in which the asset was reserved, where it was not for the customer's number.

    Raises:
        OrderTakesNoAssetError: the order is suspended or over.
        AssetReservedError, AssetAssignedError, AssetQuarantinedError, AssetRetiredError: the asset is not free.
        AssetDoesNotFitError: the type does not go with the line's product.
        IdentifierTakenError: usage that names the asset belongs to another order.
        UsageLineUnclearError: the order has several usage lines, and `line` is none of them.
    """
    order = lock_order(line.order_id, among=TAKES_ASSETS)
    locked = lock(asset)
    holders = (order.customer.number, holder) if holder else (order.customer.number,)
    check_free(locked, holders=holders, at=at)
    begin(locked, line, order, at)
    emit(
        AssetAssigned(
            customer=order.customer.number,
            asset=locked.identifier,
            type=locked.type.code,
            order=order.number,
            line=line.position,
        ),
        actor=actor,
        at=at,
    )
    return locked
