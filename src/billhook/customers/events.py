"""What happens to customers."""

from dataclasses import dataclass, field
from datetime import date
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
class AccountTypeChanged(Event):
    """The defaults of a kind of customer were changed; customers that exist keep theirs."""

    name: ClassVar[str] = "account_type.changed"
    sentence: ClassVar[str] = "The account type {code} was changed: {what}."
    subject_field: ClassVar[str] = "code"

    code: str
    what: str
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerCreated(Event):
    """Somebody became a customer."""

    name: ClassVar[str] = "customer.created"
    sentence: ClassVar[str] = "{customer_name} became customer {customer}."

    customer_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerChanged(Event):
    """What is known of a customer was changed; personal data is named, and neither shown before nor after."""

    name: ClassVar[str] = "customer.changed"
    sentence: ClassVar[str] = "Customer {customer} was changed: {what}."

    what: str
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyChanged(Event):
    """What a customer agrees to from now on is in another currency; what was agreed and is owed stays in its own."""

    name: ClassVar[str] = "customer.currency_changed"
    sentence: ClassVar[str] = "New agreements of customer {customer} are in {currency} instead of {earlier}."

    earlier: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountTypeAssigned(Event):
    """A customer became one of another kind."""

    name: ClassVar[str] = "customer.account_type_assigned"
    sentence: ClassVar[str] = "Customer {customer} went from account type {earlier} to {account_type}."

    earlier: str
    account_type: str


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentSet(Event):
    """A customer was put under another, or at the top; both are named by number."""

    name: ClassVar[str] = "customer.parent_set"
    sentence: ClassVar[str] = "Customer {customer} stands under {parent}; before: {earlier}."

    parent: str
    earlier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerMerged(Event):
    """A customer turned out to be another one: `customer` is gone, `kept` stays.

    Orders, balances and documents are still those of `customer`; a room that reacts within the transaction moves
    them, or raises a refusal, which undoes the merge.
    """

    name: ClassVar[str] = "customer.merged"
    sentence: ClassVar[str] = "Customer {customer} was merged into {kept}."

    kept: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerClosed(Event):
    """A customer was closed for good; a room that reacts within the transaction may refuse, which undoes it."""

    name: ClassVar[str] = "customer.closed"
    sentence: ClassVar[str] = "Customer {customer} was closed on {closed_on}."

    closed_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerAnonymised(Event):
    """A customer's personal data was removed; the number, tax ids and issued documents stay."""

    name: ClassVar[str] = "customer.anonymised"
    sentence: ClassVar[str] = "The personal data of customer {customer} was removed."


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleChangePlanned(Event):
    """Another billing cycle was agreed; it is in force from `anchor`, a first day of its cycles."""

    name: ClassVar[str] = "customer.cycle_change_planned"
    sentence: ClassVar[str] = "Customer {customer} is billed every {count} {unit} from {anchor} on."

    unit: str
    count: int
    effective_on: date
    anchor: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleChangeWithdrawn(Event):
    """A billing cycle that was to come will not come."""

    name: ClassVar[str] = "customer.cycle_change_withdrawn"
    sentence: ClassVar[str] = "The change of customer {customer}'s billing cycle on {anchor} was withdrawn."

    anchor: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleChanged(Event):
    """Another billing cycle is in force."""

    name: ClassVar[str] = "customer.cycle_changed"
    sentence: ClassVar[str] = "Customer {customer}'s billing cycle of {count} {unit} began on {anchor}."

    unit: str
    count: int
    anchor: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactAdded(Event):
    """Somebody to write to was named; who it is stands in the contact alone."""

    name: ClassVar[str] = "customer.contact_added"
    sentence: ClassVar[str] = "A contact for {role} was added to customer {customer}."

    role: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactChanged(Event):
    """What is known of a contact was changed."""

    name: ClassVar[str] = "customer.contact_changed"
    sentence: ClassVar[str] = "Contact {position} of customer {customer} was changed: {what}."

    position: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRemoved(Event):
    """A contact is written to no longer."""

    name: ClassVar[str] = "customer.contact_removed"
    sentence: ClassVar[str] = "Contact {position} of customer {customer} was removed."

    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressAdded(Event):
    """An address counts from a day on, up to, not including, another."""

    name: ClassVar[str] = "customer.address_added"
    sentence: ClassVar[str] = "Customer {customer} has another {kind} address from {valid_from} on."

    kind: str
    valid_from: date
    valid_until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressEnded(Event):
    """An address counts no longer from a day on."""

    name: ClassVar[str] = "customer.address_ended"
    sentence: ClassVar[str] = "A {kind} address of customer {customer} counts no longer from {valid_until} on."

    kind: str
    valid_from: date
    valid_until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentAdded(Event):
    """A customer's card or account was stored with its gateway."""

    name: ClassVar[str] = "customer.instrument_added"
    sentence: ClassVar[str] = "{label} was added for payments."

    label: str
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentMoved(Event):
    """A card or account is tried earlier or later than before."""

    name: ClassVar[str] = "customer.instrument_moved"
    sentence: ClassVar[str] = "{label} is number {position} of what is tried for payments."

    label: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentVerified(Event):
    """A gateway or the customer confirmed a card or account."""

    name: ClassVar[str] = "customer.instrument_verified"
    sentence: ClassVar[str] = "{label} was verified."

    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentRemoved(Event):
    """A card or account is used for payments no longer."""

    name: ClassVar[str] = "customer.instrument_removed"
    sentence: ClassVar[str] = "{label} is no longer used for payments."

    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxIdAdded(Event):
    """A number with a tax authority was checked and stored."""

    name: ClassVar[str] = "customer.tax_id_added"
    sentence: ClassVar[str] = "A tax id of {country} ({scheme}) was added to customer {customer}."

    scheme: str
    country: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxIdRemoved(Event):
    """A number with a tax authority counts no longer."""

    name: ClassVar[str] = "customer.tax_id_removed"
    sentence: ClassVar[str] = "A tax id of {country} ({scheme}) of customer {customer} was removed."

    scheme: str
    country: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExemptionAdded(Event):
    """A customer is excused from a tax from a day on, up to, not including, another."""

    name: ClassVar[str] = "customer.exemption_added"
    sentence: ClassVar[str] = "Customer {customer} is exempt from tax in {country} from {valid_from} on."

    country: str
    tax_category: str
    tax_code: str
    valid_from: date
    valid_until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExemptionEnded(Event):
    """A customer is excused from a tax no longer from a day on."""

    name: ClassVar[str] = "customer.exemption_ended"
    sentence: ClassVar[str] = "An exemption of customer {customer} in {country} ends on {valid_until}."

    country: str
    tax_category: str
    tax_code: str
    valid_from: date
    valid_until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAdded(Event):
    """Something was written down about a customer; what it is stands in the note alone."""

    name: ClassVar[str] = "customer.note_added"
    sentence: ClassVar[str] = "Note {number} was written about customer {customer}."

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotePinned(Event):
    """A note was put before the others, or back among them."""

    name: ClassVar[str] = "customer.note_pinned"
    sentence: ClassVar[str] = "Note {number} about customer {customer} was {how}."

    number: int
    how: str
