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
    sentence: ClassVar[str] = "Order {order} was suspended from {on} on: {reason}."

    reason: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderResumed(OrderEvent):
    """A suspended order's service runs again."""

    name: ClassVar[str] = "order.resumed"
    sentence: ClassVar[str] = "Order {order} was resumed from {on} on: {reason}."

    reason: str
    on: date


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
class OrderChangeEvent(OrderEvent):
    """The base of what a change does to an order; `on` is its first day, `settle` when it is billed."""

    change: int
    on: date
    settle: str = "next_invoice"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeInForce(OrderChangeEvent):
    """The day of a scheduled change is reached."""

    name: ClassVar[str] = "order.change_in_force"
    sentence: ClassVar[str] = "Change {change} of order {order} ({what}) is in force from {on} on."

    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChanged(OrderChangeEvent):
    """A line has another quantity or price from a day on."""

    name: ClassVar[str] = "order.line_changed"
    sentence: ClassVar[str] = "{line} of order {order} is changed from {on} on: {what} (change {change})."

    line: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceMigrated(OrderChangeEvent):
    """Lines of an order were moved to a newer price version, with those of many others."""

    name: ClassVar[str] = "order.price_migrated"
    sentence: ClassVar[str] = "Order {order} is charged at {price} from {on} on (change {change})."

    price: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineAdded(OrderChangeEvent):
    """An order has one more line from a day on."""

    name: ClassVar[str] = "order.line_added"
    sentence: ClassVar[str] = "{line} was added to order {order} from {on} on (change {change})."

    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineEnded(OrderChangeEvent):
    """A line of an order ends; its last day is the one before `on`."""

    name: ClassVar[str] = "order.line_ended"
    sentence: ClassVar[str] = "{line} of order {order} ends on {on} (change {change})."

    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSwapped(OrderChangeEvent):
    """An order is for another plan from a day on."""

    name: ClassVar[str] = "order.plan_swapped"
    sentence: ClassVar[str] = "Order {order} changes from {before} to {after} on {on} (change {change})."

    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderMoved(OrderChangeEvent):
    """An order belongs to another customer from a day on, under a number of its own."""

    name: ClassVar[str] = "order.moved"
    sentence: ClassVar[str] = "Order {order} moves to customer {to} on {on} as order {as_order} (change {change})."

    to: str
    as_order: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelled(OrderChangeEvent):
    """An order was cancelled; its last day is the one before `on`."""

    name: ClassVar[str] = "order.cancelled"
    sentence: ClassVar[str] = "Order {order} was cancelled from {on} on: {reason} (change {change})."

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeUndone(OrderEvent):
    """A change was taken back before anything of it was billed."""

    name: ClassVar[str] = "order.change_undone"
    sentence: ClassVar[str] = "Change {change} of order {order} ({what} on {on}) was undone."

    change: int
    what: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStarted(OrderEvent):
    """The first day of an order that was placed ahead is reached."""

    name: ClassVar[str] = "order.started"
    sentence: ClassVar[str] = "Order {order} started on {on}."

    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEnded(OrderEvent):
    """The last day of an order is over; the service is taken away."""

    name: ClassVar[str] = "order.ended"
    sentence: ClassVar[str] = "Order {order} ended; its service stopped on {on}."

    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRulesSet(Event):
    """A company decided how changes of orders are handled that do not say otherwise."""

    name: ClassVar[str] = "orders.change_rules_set"
    sentence: ClassVar[str] = "Changes of orders take effect {when}, give back {how} and are settled {settle}."

    when: str
    how: str
    settle: str
    suspension: str
