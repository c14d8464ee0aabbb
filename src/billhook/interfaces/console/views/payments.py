"""Payments: the list, and money that is recorded by hand."""

import re
from collections.abc import Sequence
from decimal import Decimal

from django.http import HttpResponse, HttpResponseRedirect

from billhook.core import money
from billhook.core.errors import Refusal
from billhook.customers.queries import CustomerRow
from billhook.customers.queries import by_number as customer_by_number
from billhook.interfaces.console import once
from billhook.interfaces.console.access import Visit, action, page
from billhook.interfaces.console.components import (
    Action,
    Button,
    Cell,
    Choice,
    Dialog,
    Empty,
    Field,
    FieldKind,
    Form,
    PageHead,
    Pager,
    Row,
    Table,
)
from billhook.interfaces.console.templatetags.console import show
from billhook.interfaces.console.views import words
from billhook.interfaces.console.views.listing import END, asked, chips, columns, paged, search
from billhook.interfaces.console.views.shell import render
from billhook.payments import permissions, queries
from billhook.payments.operations.receive import record_payment
from billhook.payments.queries import PaymentRow, outcome_of

STATES = {
    "": "All",
    "received": "Received",
    "collecting": "Collecting",
    "failing": "Failing",
    "given_up": "Given up",
    "cancelled": "Cancelled",
}
METHODS = (
    Choice("bank_transfer", "Bank transfer"),
    Choice("cash", "Cash"),
    Choice("cheque", "Cheque"),
)
LONGEST_NOTE = 200
DIALOG = "record-payment"
WRITTEN = re.compile(r"[0-9]{1,12}(\.[0-9]{1,4})?")


class NoAmountWrittenError(Refusal):
    """Raised when an amount cannot be read without doubt."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text or 'Nothing'} is no amount: write it as 1250.00, with a point and no thousands marks.")


class UnknownMethodError(Refusal):
    """Raised when money is recorded as having come in a way that is not known."""

    def __init__(self, method: str) -> None:
        known = ", ".join(choice.label.lower() for choice in METHODS)
        super().__init__(f"{method or 'Nothing'} is no way to pay by hand: choose one of {known}.")


class NoteTooLongError(Refusal):
    """Raised when a note does not fit, because cutting it would change what it says."""

    def __init__(self, length: int) -> None:
        super().__init__(f"The note has {length} characters: write at most {LONGEST_NOTE}.")


@page(permissions.VIEW)
def payments(visit: Visit) -> HttpResponse:
    """List the payments, each with what its gateway said last."""
    request = visit.request
    found = queries.matching(text=asked(request), state=asked(request, "state"))
    rows, pager = paged(request, found)
    return render(
        visit,
        "payments",
        "Payments",
        PageHead("Payments"),
        search=search(request, "Number or customer", "state"),
        chips=chips(request, "state", STATES, queries.counts()),
        table=payment_table(visit, rows, pager=pager),
    )


def payment_table(
    visit: Visit, found: Sequence[PaymentRow], *, named: bool = True, pager: Pager | None = None
) -> Table:
    """Return a table of payments; `named` says whose they are."""
    headings = columns(
        "When", *(("Customer",) if named else ()), "Invoice", "Method", "Outcome", "Next retry", ("Amount", END)
    )
    rows = tuple(Row(tuple(_cells(visit, payment, named=named)), key=payment.number) for payment in found)
    empty = Empty("No payment yet", "Payments appear with the first billing run.", "credit-card")
    return Table("Payments", headings, rows, empty, pager=pager)


def _cells(visit: Visit, payment: PaymentRow, *, named: bool) -> list[Cell]:
    who, invoice = payment.customer, payment.invoice
    cells = [
        Cell(payment.received_at or payment.created_at, sub=payment.number),
        Cell(invoice.number, visit.url("invoice", invoice.number)) if invoice else Cell(None),
        Cell(outcome_of(payment).card or words.words(payment.method), sub=payment.note),
        Cell(pill=words.pill(words.PAYMENT, payment.state), sub=_said(payment)),
        Cell(payment.retry_at),
        Cell(words.money(payment.amount, payment.currency), strong=True),
    ]
    return [cells[0], Cell(who.name, visit.url("customer", who.number), who.number), *cells[1:]] if named else cells


def _said(payment: PaymentRow) -> str:
    """Return what the gateway said where the money did not come."""
    code = outcome_of(payment).code
    return words.words(code) if code and payment.state != "received" else ""


def record_action(visit: Visit) -> tuple[Action, ...]:
    """Return the button that opens the form for a payment, where the role allows it."""
    return (Action("Record payment", "banknote", dialog=DIALOG),) if visit.may(permissions.RECORD) else ()


def record_dialog(
    visit: Visit, customer: CustomerRow, *, amount: Decimal | None = None, invoice: str = ""
) -> tuple[Dialog, ...]:
    """Return the form for money that came in outside any gateway, filled with what is open."""
    if not visit.may(permissions.RECORD):
        return ()
    fields = (
        Field(
            "amount",
            f"Amount in {customer.currency}",
            FieldKind.DECIMAL,
            f"{amount:f}" if amount else "",
            "What is left over after the open invoices stays as the customer's credit.",
        ),
        Field("method", "Method", FieldKind.SELECT, METHODS[0].value, choices=METHODS),
        Field("note", "What the bank statement says", required=False),
        Field("invoice", kind=FieldKind.HIDDEN, value=invoice),
        once.key_field(),
    )
    form = Form(f"{DIALOG}-form", visit.url("record-payment", customer.number), (Button("Record it", "check"),), fields)
    return (Dialog(DIALOG, f"Record a payment of {customer.name}", form),)


@action(permissions.RECORD)
def record(visit: Visit, number: str) -> HttpResponse:
    """Record money that came in outside any gateway, once a form; it settles the oldest open invoices."""
    given = visit.request.POST
    back = given.get("invoice", "")
    with visit.scope():
        customer = customer_by_number(number)
        if once.was_used(visit.request):
            visit.tell("This form was sent before: its payment is recorded once.")
        else:
            payment = record_payment(
                customer=customer,
                amount=amount_of(given.get("amount", ""), customer.currency),
                method=method_of(given.get("method", "")),
                note=note_of(given.get("note", "")),
                invoice=back,
                actor=visit.actor,
                at=visit.at,
            )
            once.mark_used(visit.request)
            visit.tell(f"{show(words.money(payment.amount, payment.currency))} of {customer.name} are recorded.")
    return HttpResponseRedirect(visit.url("invoice", back) if back else visit.url("customer", number))


def method_of(text: str) -> str:
    """Return the way in which money came that was recorded by hand.

    Raises:
        UnknownMethodError: it is none that the form offers.
    """
    if text not in {choice.value for choice in METHODS}:
        raise UnknownMethodError(text)
    return text


def note_of(text: str) -> str:
    """Return a note without space around it.

    Raises:
        NoteTooLongError: it does not fit.
    """
    note = text.strip()
    if len(note) > LONGEST_NOTE:
        raise NoteTooLongError(len(note))
    return note


def amount_of(text: str, code: str) -> Decimal:
    """Return an amount as somebody typed it, with no more decimals than its currency has.

    Raises:
        NoAmountWrittenError: it is written in another way.
    """
    if not WRITTEN.fullmatch(text.strip()) or Decimal(text) != money.Money.of(text.strip(), code).rounded().amount:
        raise NoAmountWrittenError(text)
    return Decimal(text)
