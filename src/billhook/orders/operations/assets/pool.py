"""Assets are locked, and judged free or not; the step that every happening begins with."""

from datetime import datetime

from billhook.core import states
from billhook.orders.asset_refusals import (
    AssetAssignedError,
    AssetQuarantinedError,
    AssetReservedError,
    AssetRetiredError,
)
from billhook.orders.models import Asset, AssetAssignment


def lock(asset: Asset) -> Asset:
    """Return an asset as it stands, with its type, and let nobody else move it before this transaction ends."""
    return Asset.objects.select_for_update(of=("self",)).select_related("type").get(pk=asset.pk)


def check_free(asset: Asset, *, holders: tuple[str, ...], at: datetime) -> None:
    """Let an asset pass that is available, or reserved for one of some holders; what has run out does not count.

    Raises:
        AssetReservedError, AssetAssignedError, AssetQuarantinedError, AssetRetiredError: it is not free.
    """
    if asset.status == "retired":
        raise AssetRetiredError(asset)
    if asset.status == "assigned":
        raise AssetAssignedError(asset, has_it(asset))
    over = asset.until is not None and asset.until <= at
    if asset.status == "quarantined" and not over:
        raise AssetQuarantinedError(asset)
    if asset.status == "reserved" and not over and asset.held_for not in holders:
        raise AssetReservedError(asset)


def has_it(asset: Asset) -> str:
    """Return the number of the order that has an asset."""
    found = AssetAssignment.objects.filter(asset=asset, until_at=None).select_related("line__order").first()
    return found.line.order.number if found else "another order"


def move(asset: Asset, status: str, *, held_for: str = "", until: datetime | None = None) -> None:
    """Write where an asset stands now.

    Raises:
        TransitionError: it cannot get there from where it stood.
    """
    if asset.status != status:
        states.check(states.ASSET, asset.status, status)
    asset.status, asset.held_for, asset.until = status, held_for, until
    asset.save(update_fields=["status", "held_for", "until"])
