"""What happens to assets."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from billhook.foundation.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetTypeCreated(Event):
    """A type of asset was set up."""

    name: ClassVar[str] = "asset.type_created"
    sentence: ClassVar[str] = "The asset type {asset_name} ({code}) was set up."
    subject_field: ClassVar[str] = "code"

    code: str
    asset_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetsCreated(Event):
    """Assets came into being."""

    name: ClassVar[str] = "asset.created"
    sentence: ClassVar[str] = "{count} of {kind} were created: {first} to {last}."
    subject_field: ClassVar[str] = "type"

    type: str
    kind: str
    count: int
    first: str
    last: str
    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetEvent(Event):
    """The base of what happens to one asset, named by its identifier, of a type, named by its code."""

    subject_field: ClassVar[str] = "asset"

    asset: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetReserved(AssetEvent):
    """An asset is held for somebody."""

    name: ClassVar[str] = "asset.reserved"
    sentence: ClassVar[str] = "{asset} is reserved for {holder} until {until}."

    holder: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetFreed(AssetEvent):
    """An asset is available again."""

    name: ClassVar[str] = "asset.freed"
    sentence: ClassVar[str] = "{asset} is available again: its {ended} has ended."

    ended: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetAssigned(AssetEvent):
    """An order line got an asset."""

    name: ClassVar[str] = "asset.assigned"
    sentence: ClassVar[str] = "{asset} was assigned to line {line} of order {order}."

    order: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetUnassigned(AssetEvent):
    """An order line gave an asset back."""

    name: ClassVar[str] = "asset.unassigned"
    sentence: ClassVar[str] = "{asset} was taken from line {line} of order {order}: {reason}."

    order: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetSwapped(AssetEvent):
    """An asset took the place of another."""

    name: ClassVar[str] = "asset.swapped"
    sentence: ClassVar[str] = "{asset} replaced {old} on line {line} of order {order}: {reason}."

    order: str
    line: int
    old: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetRetired(AssetEvent):
    """An asset is out of use for good."""

    name: ClassVar[str] = "asset.retired"
    sentence: ClassVar[str] = "{asset} was retired: {reason}."

    reason: str
