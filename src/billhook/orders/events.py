"""What happens to orders, to the assets that their lines use, and between them and the network."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from billhook.foundation.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEvent(Event):
    """The base of what happens to one order."""

    subject_field: ClassVar[str] = "order"

    order: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlaced(OrderEvent):
    """A customer ordered something."""

    name: ClassVar[str] = "order.placed"
    sentence: ClassVar[str] = "Order {order} for {what} was placed, starting on {starts_on}."

    what: str
    starts_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSuspended(OrderEvent):
    """An order's service stands still."""

    name: ClassVar[str] = "order.suspended"
    sentence: ClassVar[str] = "Order {order} was suspended: {reason}."

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderResumed(OrderEvent):
    """A suspended order's service runs again."""

    name: ClassVar[str] = "order.resumed"
    sentence: ClassVar[str] = "Order {order} was resumed: {reason}."

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeAdded(OrderEvent):
    """A one-time charge was agreed or imposed; the next run bills it."""

    name: ClassVar[str] = "order.charge_added"
    sentence: ClassVar[str] = "{description} of {amount} {currency} was added; the next bill carries it."

    description: str
    amount: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedUp(OrderEvent):
    """Somebody signed up: customer, payment token and order in one go."""

    name: ClassVar[str] = "customer.signed_up"
    sentence: ClassVar[str] = "Customer {customer} signed up for {what}; the first bill is {first_bill} {currency}."

    what: str
    first_bill: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkEvent(OrderEvent):
    """The base of what happens between an order and one network."""

    network: str
    verb: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkAsked(NetworkEvent):
    """A network is about to be told something, or asked what became of it."""

    name: ClassVar[str] = "order.network_asked"
    sentence: ClassVar[str] = "The network {network} was asked to {verb} order {order}."

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkTold(OrderEvent):
    """The network was told what to do with an order, and answered."""

    name: ClassVar[str] = "order.network_told"
    sentence: ClassVar[str] = "The network was told to {verb} order {order}: {answer}."

    verb: str
    answer: str
    network: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkDelayed(NetworkEvent):
    """A network has not done yet what it was told; it is told again, or asked."""

    name: ClassVar[str] = "order.network_delayed"
    sentence: ClassVar[str] = (
        "The network {network} has yet to {verb} order {order} ({message}); it is asked again at {next_at}."
    )

    message: str
    next_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFailed(NetworkEvent):
    """A network has not done what it was told, and is told no more by itself."""

    name: ClassVar[str] = "order.network_failed"
    sentence: ClassVar[str] = (
        "The network {network} did not {verb} order {order} ({message}): try again, give up, or mark it done."
    )

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSpared(NetworkEvent):
    """Two words that undo each other had both to wait, and neither is told."""

    name: ClassVar[str] = "order.network_spared"
    sentence: ClassVar[str] = "The network {network} need not {undone} and {verb} order {order}: one undoes the other."

    undone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkGivenUp(NetworkEvent):
    """Somebody decided that a network need not do something any more."""

    name: ClassVar[str] = "order.network_given_up"
    sentence: ClassVar[str] = "The network {network} need no longer {verb} order {order}: {reason}."

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkDoneByHand(NetworkEvent):
    """Somebody did by hand what a network did not do."""

    name: ClassVar[str] = "order.network_done_by_hand"
    sentence: ClassVar[str] = "To {verb} order {order} at the network {network} was done by hand: {reason}."

    reason: str


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
