"""What happens to invoices."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar

from billhook.foundation.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceEvent(Event):
    """The base of what happens to one invoice."""

    subject_field: ClassVar[str] = "number"

    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceIssued(InvoiceEvent):
    """An invoice was issued; from now on it never changes."""

    name: ClassVar[str] = "invoice.issued"
    sentence: ClassVar[str] = "Invoice {number} over {total} {currency} was issued, due on {due_on}."

    total: Decimal
    currency: str
    due_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNoteIssued(InvoiceEvent):
    """A bill below zero was issued as a credit note; its amount, tax included, is the customer's credit."""

    name: ClassVar[str] = "credit_note.issued"
    sentence: ClassVar[str] = "Credit note {number} over {amount} {currency} was issued."

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceRendered(InvoiceEvent):
    """The document of an invoice was written."""

    name: ClassVar[str] = "invoice.rendered"
    sentence: ClassVar[str] = "The document of invoice {number} was written, {pages} page(s)."

    pages: int
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicePartlyPaid(InvoiceEvent):
    """Part of an invoice was settled."""

    name: ClassVar[str] = "invoice.partly_paid"
    sentence: ClassVar[str] = "{amount} {currency} were paid on invoice {number}; {open_amount} {currency} are open."

    amount: Decimal
    open_amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceSettled(InvoiceEvent):
    """Nothing is open on an invoice any more."""

    name: ClassVar[str] = "invoice.settled"
    sentence: ClassVar[str] = "Invoice {number} is settled."
