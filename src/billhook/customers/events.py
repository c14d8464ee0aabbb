"""What happens to customers."""

from dataclasses import dataclass
from typing import ClassVar

from billhook.foundation.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountTypeCreated(Event):
    """A kind of customer was set up."""

    name: ClassVar[str] = "account_type.created"
    sentence: ClassVar[str] = "The account type {code} was created."
    subject_field: ClassVar[str] = "code"

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerCreated(Event):
    """Somebody became a customer."""

    name: ClassVar[str] = "customer.created"
    sentence: ClassVar[str] = "{customer_name} became customer {customer}."

    customer_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentAdded(Event):
    """A customer's card or account was stored with its gateway."""

    name: ClassVar[str] = "customer.instrument_added"
    sentence: ClassVar[str] = "{label} was added for payments."

    label: str
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerSuspended(Event):
    """A customer's services stand still."""

    name: ClassVar[str] = "customer.suspended"
    sentence: ClassVar[str] = "Customer {customer} was suspended: {reason}."

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRestored(Event):
    """A suspended customer's services run again."""

    name: ClassVar[str] = "customer.restored"
    sentence: ClassVar[str] = "Customer {customer} was restored: {reason}."

    reason: str
