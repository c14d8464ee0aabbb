"""An asset is held for a customer or a session for a while, and let go again."""

from datetime import datetime

from django.db import transaction

from billhook.foundation.events import Actor, emit
from billhook.orders.asset_events import AssetFreed, AssetReserved
from billhook.orders.asset_refusals import AssetNotReservedError, AssetTimeError, PoolEmptyError, instant
from billhook.orders.models import Asset, AssetType
from billhook.orders.operations.assets.pool import check_free, lock, move


@transaction.atomic
def reserve(*, asset: Asset, holder: str, until: datetime, actor: Actor, at: datetime) -> Asset:
    """Hold an asset for a customer number or a session until an instant, at which it becomes available by itself.

    The holder of a reservation may move its end.

    Raises:
        AssetTimeError: the end is not after now, or nobody is named.
        AssetReservedError, AssetAssignedError, AssetQuarantinedError, AssetRetiredError: it is not free.
    """
    _check_reservation(holder, until, at)
    locked = lock(asset)
    check_free(locked, holders=(holder,), at=at)
    _hold(locked, holder=holder, until=until, actor=actor, at=at)
    return locked


@transaction.atomic
def reserve_next(
    *, kind: AssetType, group: str = "", count: int = 1, holder: str, until: datetime, actor: Actor, at: datetime
) -> list[Asset]:
    """Hold the first available assets of a pool; those whom others are taking at this moment are passed over.

    Args:
        kind: their type.
        group: of which group; empty means any.
        count: how many, at least 1; all or none.
        holder: a customer number or a session.
        until: when they become available by themselves.
        actor: who reserves.
        at: now.

    Raises:
        AssetTimeError: the end is not after now, or nobody is named.
        PoolEmptyError: fewer are free.
    """
    _check_reservation(holder, until, at)
    free = Asset.objects.select_for_update(skip_locked=True, of=("self",)).filter(type=kind, status="available")
    if group:
        free = free.filter(group=group)
    taken = list(free.select_related("type").order_by("group", "id")[:count])
    if len(taken) < count or count < 1:
        raise PoolEmptyError(kind, group, count, len(taken))
    for asset in taken:
        _hold(asset, holder=holder, until=until, actor=actor, at=at)
    return taken


@transaction.atomic
def release(*, asset: Asset, actor: Actor, at: datetime) -> Asset:
    """Let a reserved asset be available again.

    Raises:
        AssetNotReservedError: it is not reserved.
    """
    locked = lock(asset)
    if locked.status != "reserved":
        raise AssetNotReservedError(locked)
    _free(locked, actor=actor, at=at)
    return locked


@transaction.atomic
def free_when_over(*, asset: Asset, actor: Actor, at: datetime) -> None:
    """Let an asset be available whose reservation or quarantine is over; any other stays as it is."""
    locked = lock(asset)
    if locked.until is not None and locked.until <= at:
        _free(locked, actor=actor, at=at)


def _free(asset: Asset, *, actor: Actor, at: datetime) -> None:
    """Make a locked asset available that is reserved or in quarantine, and say what has ended."""
    ended = {"reserved": "reservation", "quarantined": "quarantine"}[asset.status]
    move(asset, "available")
    emit(AssetFreed(asset=asset.identifier, type=asset.type.code, ended=ended), actor=actor, at=at)


def _check_reservation(holder: str, until: datetime, at: datetime) -> None:
    """Refuse a reservation for nobody, or one that is over when it begins."""
    if not holder:
        raise AssetTimeError("A reservation needs somebody: name a customer number or a session.")
    if until <= at:
        raise AssetTimeError(f"A reservation until {instant(until)} is over at {instant(at)}: give a later end.")


def _hold(asset: Asset, *, holder: str, until: datetime, actor: Actor, at: datetime) -> None:
    """Reserve a locked asset."""
    if asset.status == "quarantined":
        move(asset, "available")
    move(asset, "reserved", held_for=holder, until=until)
    emit(AssetReserved(asset=asset.identifier, type=asset.type.code, holder=holder, until=until), actor=actor, at=at)
