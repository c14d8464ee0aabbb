"""What cannot be done with an asset, and what to do instead."""

from collections.abc import Sequence
from datetime import datetime

from billhook.core.errors import Refusal
from billhook.orders.models import Asset, AssetType, Order


class AssetTypeError(Refusal):
    """Raised for a type of asset that cannot be."""


class IdentifierRefusedError(Refusal):
    """Raised for an identifier that does not look as its type says."""

    def __init__(self, identifier: str, kind: AssetType) -> None:
        """Name the identifier and the pattern."""
        super().__init__(f"{identifier} is no identifier of {kind.name}: it has to match {kind.pattern}.")


class RangeError(Refusal):
    """Raised for a range that is none, or is too long."""


class DuplicateAssetError(Refusal):
    """Raised when identifiers to be created are there already, or are given twice."""


class UnknownAssetError(Refusal):
    """Raised for an asset that is not there."""

    def __init__(self, kind: str, identifier: str) -> None:
        """Name type and identifier."""
        super().__init__(f"There is no {kind} {identifier} in use: create it first, or correct the identifier.")


class UnknownAssetTypeError(Refusal):
    """Raised for a type of asset that is not there."""

    def __init__(self, code: str, known: Sequence[str]) -> None:
        """Name the code and those that there are."""
        super().__init__(f"There is no type of asset {code}: use one of {', '.join(known) or 'none'}, or create it.")


class PoolEmptyError(Refusal):
    """Raised when a pool has fewer free assets than are wanted."""

    def __init__(self, kind: AssetType, group: str, wanted: int, free: int) -> None:
        """Name the pool and what is free in it."""
        pool = f"{kind.name} in {group}" if group else kind.name
        super().__init__(f"{wanted} of {pool} are wanted and {free} are free: create more, or take another group.")


class AssetReservedError(Refusal):
    """Raised when an asset is reserved for somebody else."""

    def __init__(self, asset: Asset) -> None:
        """Name the asset, the holder and the end of the reservation."""
        super().__init__(
            f"{asset.identifier} is reserved for {asset.held_for} until {instant(asset.until)}: "
            "release it first, or take another."
        )


class AssetAssignedError(Refusal):
    """Raised when an order line has an asset already."""

    def __init__(self, asset: Asset, order: str) -> None:
        """Name the asset and the order."""
        super().__init__(f"{asset.identifier} is assigned to order {order}: unassign it there first, or take another.")


class AssetQuarantinedError(Refusal):
    """Raised when an asset rests after its last use."""

    def __init__(self, asset: Asset) -> None:
        """Name the asset and the end of its quarantine."""
        super().__init__(f"{asset.identifier} is in quarantine until {instant(asset.until)}: take another, or wait.")


class AssetRetiredError(Refusal):
    """Raised when an asset is out of use for good."""

    def __init__(self, asset: Asset) -> None:
        """Name the asset."""
        super().__init__(f"{asset.identifier} is retired: take another, or create it anew.")


class AssetNotAssignedError(Refusal):
    """Raised when an asset that no order line has is to be taken from one."""

    def __init__(self, asset: Asset) -> None:
        """Name the asset and where it stands."""
        super().__init__(f"{asset.identifier} is {asset.status} and no order has it: choose an asset that is assigned.")


class AssetNotReservedError(Refusal):
    """Raised when a reservation that is not there is to be let go."""

    def __init__(self, asset: Asset) -> None:
        """Name the asset and where it stands."""
        super().__init__(f"{asset.identifier} is {asset.status}, not reserved: there is nothing to release.")


class AssetInUseError(Refusal):
    """Raised when an asset is to be retired that somebody has or waits for."""

    def __init__(self, asset: Asset) -> None:
        """Name the asset and where it stands."""
        way = "unassign it" if asset.status == "assigned" else "release it"
        super().__init__(f"{asset.identifier} is {asset.status}: {way} before it is retired.")


class AssetDoesNotFitError(Refusal):
    """Raised when an asset is to be used with a product that its type does not go with."""

    def __init__(self, asset: Asset, product: str) -> None:
        """Name the product and those that fit."""
        fitting = ", ".join(asset.type.products)
        super().__init__(f"{asset.type.name} {asset.identifier} does not go with {product}: assign it to {fitting}.")


class OrderTakesNoAssetError(Refusal):
    """Raised when an order that is suspended or over is to have an asset."""

    def __init__(self, order: Order) -> None:
        """Name the order and where it stands."""
        super().__init__(f"Order {order.number} is {order.status}: assign assets to a pending or active order.")


class UsageLineUnclearError(Refusal):
    """Raised when usage of an asset could belong to several lines of its order."""

    def __init__(self, asset: Asset, order: Order) -> None:
        """Name asset and order."""
        super().__init__(
            f"Order {order.number} has several usage lines: assign {asset.identifier} to the one that bills its usage."
        )


class AssetTimeError(Refusal):
    """Raised for an end that is not after its beginning."""


class SwapRefusedError(Refusal):
    """Raised when an asset cannot stand in for another."""


def instant(at: datetime | None) -> str:
    """Return an instant as a refusal writes it, in UTC."""
    return f"{at:%Y-%m-%d %H:%M}" if at else "an unknown time"
