"""People at a customer are named, and what they receive."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from billhook.core.errors import Refusal
from billhook.customers import changed, forms
from billhook.customers.changed import KEEP, Unchanged
from billhook.customers.events import ContactAdded, ContactChanged, ContactRemoved
from billhook.customers.locks import locked
from billhook.customers.models import Contact, Customer
from billhook.customers.models.contact import RECEIVES, ROLES
from billhook.customers.numbering import next_number
from billhook.customers.refusals import MalformedError
from billhook.foundation.events import Actor, emit


class ContactRemovedError(Refusal):
    """Raised when a removed contact is to be changed or removed."""

    def __init__(self, position: int) -> None:
        super().__init__(f"Contact {position} was removed: add the person anew.")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewContact:
    """Somebody to write to; `receives` names messages: invoices, reminders, notices, usage."""

    role: str
    name: str
    email: str = ""
    phone: str = ""
    language: str = ""
    receives: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactChange:
    """What is to change of a contact; what is left out stays."""

    role: str | Unchanged = KEEP
    name: str | Unchanged = KEEP
    email: str | Unchanged = KEEP
    phone: str | Unchanged = KEEP
    language: str | Unchanged = KEEP
    receives: Sequence[str] | Unchanged = KEEP


FORMS: Mapping[str, Callable[[Any], Any]] = {
    "role": lambda role: forms.one_of(role, "role", ROLES),
    "name": lambda name: forms.filled(name, "name", 200),
    "email": forms.email,
    "phone": lambda phone: forms.fits(phone, "telephone number", 40),
    "language": lambda code: code and forms.language(code),
    "receives": lambda kinds: forms.some_of(kinds, "kind of message", RECEIVES),
}


def _columns(given: Any) -> dict[str, Any]:
    return {name: FORMS[name](value) for name, value in changed.given(given).items()}


def _require_reachable(contact: Contact) -> None:
    """Refuse a contact that receives messages at no address."""
    if contact.receives and not contact.email:
        raise MalformedError("The contact receives messages but has no e-mail address: give one, or none of both.")


@transaction.atomic
def add_contact(*, customer: Customer, new: NewContact, actor: Actor, at: datetime) -> Contact:
    """Name somebody to write to.

    Raises:
        MalformedError: a value is missing or not of its form.
        CustomerMergedError: the customer was merged into another.
        CustomerAnonymisedError: the customer's personal data was removed.
    """
    fresh = locked(customer)
    row = Contact(
        customer=fresh, position=next_number(Contact.objects.filter(customer=fresh), "position"), **_columns(new)
    )
    _require_reachable(row)
    row.save()
    emit(ContactAdded(customer=fresh.number, role=row.role, position=row.position), actor=actor, at=at)
    return row


@transaction.atomic
def update_contact(*, contact: Contact, change: ContactChange, actor: Actor, at: datetime) -> Contact:
    """Change what is known of a contact; the event names what changed, not to what.

    Raises:
        ContactRemovedError: the contact was removed.
        MalformedError: a value is missing or not of its form.
    """
    fresh, row = _active(contact)
    values = changed.differing(row, _columns(change))
    if values:
        what = changed.shown(row, values, personal=frozenset(values))["what"]
        for name, value in values.items():
            setattr(row, name, value)
        _require_reachable(row)
        row.save(update_fields=list(values))
        emit(ContactChanged(customer=fresh.number, position=row.position, what=what), actor=actor, at=at)
    return row


@transaction.atomic
def remove_contact(*, contact: Contact, actor: Actor, at: datetime) -> None:
    """Write to somebody no longer; the contact is kept.

    Raises:
        ContactRemovedError: the contact was removed already.
    """
    fresh, row = _active(contact)
    row.status = "removed"
    row.save(update_fields=["status"])
    emit(ContactRemoved(customer=fresh.number, position=row.position), actor=actor, at=at)


def _active(contact: Contact) -> tuple[Customer, Contact]:
    """Return a contact that was not removed, and its customer, locked."""
    fresh = locked(contact.customer)
    row = Contact.objects.get(pk=contact.pk)
    if row.status == "removed":
        raise ContactRemovedError(row.position)
    return fresh, row
