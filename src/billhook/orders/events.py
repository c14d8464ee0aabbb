"""What happens to orders."""

from dataclasses import dataclass
from datetime import date
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
class NetworkTold(OrderEvent):
    """The network was told what to do with an order, and answered."""

    name: ClassVar[str] = "order.network_told"
    sentence: ClassVar[str] = "The network was told to {verb} order {order}: {answer}."

    verb: str
    answer: str
