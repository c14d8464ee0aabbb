"""The two steps of every change of hands: a line begins to have an asset, and ceases to have it.

Locks are taken in one order everywhere: the order, its assets by primary key, the series of order numbers.
"""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from billhook.foundation.models import NumberSeries
from billhook.orders.asset_refusals import (
    AssetAssignedError,
    AssetDoesNotFitError,
    AssetNotAssignedError,
    AssetTimeError,
    OrderTakesNoAssetError,
    UsageLineUnclearError,
    instant,
)
from billhook.orders.identifiers import claim
from billhook.orders.models import Asset, AssetAssignment, Order, OrderLine, UsageIdentifier
from billhook.orders.operations.assets.pool import has_it, move


def lock_order(order_id: int, *, among: tuple[str, ...]) -> Order:
    """Return an order with its customer, locked, if it stands at one of some statuses.

    Raises:
        OrderTakesNoAssetError: it stands elsewhere.
    """
    order = Order.objects.select_for_update(of=("self",)).select_related("customer").get(pk=order_id)
    if order.status not in among:
        raise OrderTakesNoAssetError(order)
    return order


def begin(asset: Asset, line: OrderLine, order: Order, at: datetime) -> None:
    """Let a line of a locked order have a locked asset, and usage that names the asset be the order's, from now on.

    Raises:
        AssetDoesNotFitError: the type does not go with the line's product.
        AssetAssignedError: a line has it already.
        IdentifierTakenError: usage that names it belongs to another line.
        UsageLineUnclearError: usage of it could belong to several lines.
    """
    if asset.type.products and line.product.code not in asset.type.products:
        raise AssetDoesNotFitError(asset, line.product.code)
    ordinal = AssetAssignment.objects.filter(asset=asset).count() + 1
    try:
        with transaction.atomic():
            AssetAssignment.objects.create(asset=asset, ordinal=ordinal, line=line, from_at=at)
    except IntegrityError:
        raise AssetAssignedError(asset, has_it(asset)) from None
    if asset.status == "quarantined":
        move(asset, "available")
    move(asset, "assigned")
    if asset.type.usage_kind:
        _claim(asset, line, order, at)


def end(asset: Asset, at: datetime) -> AssetAssignment:
    """Take a locked asset from the line that has it; it rests for the days of its type, of 24 hours each.

    Raises:
        AssetNotAssignedError: no line has it.
        AssetTimeError: the line has it from a later instant on.
    """
    held = AssetAssignment.objects.filter(asset=asset, until_at=None).select_related("line__order__customer").first()
    if held is None:
        raise AssetNotAssignedError(asset)
    if at < held.from_at:
        raise AssetTimeError(f"{asset.identifier} is assigned from {instant(held.from_at)} on: end it no earlier.")
    held.until_at = at
    held.save(update_fields=["until_at"])
    meant = UsageIdentifier.objects.filter(
        value=asset.identifier, valid_from=held.from_at, valid_until=None, line__order=held.line.order_id
    )
    if at > held.from_at:
        meant.update(valid_until=at)
    else:
        # What ends as it begins has meant the line for no time, and no row can say that.
        meant.delete()
    days = asset.type.quarantine_days
    if days:
        move(asset, "quarantined", until=at + timedelta(days=days))
    else:
        move(asset, "available")
    return held


def _claim(asset: Asset, line: OrderLine, order: Order, at: datetime) -> None:
    """Let usage that names an asset belong to its line, or to the one usage line of its order; to none without one."""
    usage_lines = [line] if line.kind == "usage" else list(OrderLine.objects.filter(order=order, kind="usage")[:2])
    if not usage_lines:
        return
    if len(usage_lines) > 1:
        raise UsageLineUnclearError(asset, order)
    # Whoever places an order holds this row, too, while identifiers are claimed.
    list(NumberSeries.objects.select_for_update().filter(code="order"))
    claim(usage_lines[0], asset.type.usage_kind, [asset.identifier], at)
