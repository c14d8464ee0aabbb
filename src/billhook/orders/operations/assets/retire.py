"""An asset is taken out of use for good; its identifier may then be created anew."""

from datetime import datetime

from django.db import transaction

from billhook.foundation.events import Actor, emit
from billhook.orders.asset_events import AssetRetired
from billhook.orders.asset_refusals import AssetInUseError, AssetRetiredError
from billhook.orders.models import Asset
from billhook.orders.operations.assets.pool import lock, move


@transaction.atomic
def retire(*, asset: Asset, reason: str, actor: Actor, at: datetime) -> Asset:
    """Retire an asset that is available or in quarantine.

    Raises:
        AssetInUseError: it is assigned or reserved.
        AssetRetiredError: it is retired already.
    """
    locked = lock(asset)
    if locked.status in ("assigned", "reserved"):
        raise AssetInUseError(locked)
    if locked.status == "retired":
        raise AssetRetiredError(locked)
    move(locked, "retired")
    emit(AssetRetired(asset=locked.identifier, type=locked.type.code, reason=reason), actor=actor, at=at)
    return locked
