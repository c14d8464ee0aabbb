"""Invoices: the list, and one invoice as it was issued, with its lines, its document and its payments."""

import mimetypes
from collections.abc import Sequence
from decimal import Decimal

from django.http import FileResponse, Http404, HttpResponse, HttpResponseRedirect

from billhook.core.errors import Refusal
from billhook.interfaces.console.access import Visit, action, page
from billhook.interfaces.console.components import (
    Action,
    Cell,
    Crumb,
    Empty,
    Fact,
    Item,
    PageHead,
    Pager,
    Row,
    Table,
    Tone,
    Weight,
)
from billhook.interfaces.console.pages import InvoiceLine
from billhook.interfaces.console.templatetags.console import count, show
from billhook.interfaces.console.views import words
from billhook.interfaces.console.views.listing import END, Sorting, asked, chips, columns, paged, search
from billhook.interfaces.console.views.payments import record_action, record_dialog
from billhook.interfaces.console.views.shell import render
from billhook.invoicing import permissions, queries
from billhook.invoicing.queries import InvoiceLineRow, InvoiceRow
from billhook.payments import permissions as payments_permissions
from billhook.payments import queries as payments
from billhook.payments.operations.collect import start_collection

STATUSES = {"": "All", "open": "Open", "overdue": "Overdue", "settled": "Paid"}
SORTS = {"number": "number", "issued": "issued_on", "due": "due_on", "total": "total"}


class NothingToChargeError(Refusal):
    """Raised when a card is to be charged for an invoice and cannot be."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"No card can be charged for {number}: nothing is open, the customer has no card, or a charge is under way."
        )


@page(permissions.VIEW)
def invoices(visit: Visit) -> HttpResponse:
    """List the invoices with what they come to, a currency."""
    request, sorting = visit.request, Sorting(visit.request, SORTS, "-issued")
    found = queries.matching(text=asked(request), status=asked(request, "status"), on=visit.today)
    rows, pager = paged(request, sorting.apply(found))
    return render(
        visit,
        "invoices",
        "Invoices",
        PageHead("Invoices"),
        search=search(request, "Number, customer or account", "status", "sort"),
        chips=chips(request, "status", STATUSES, queries.counts(on=visit.today)),
        table=invoice_table(visit, rows, sorting=sorting, foot=_sums(queries.sums(found)), pager=pager),
    )


def invoice_table(
    visit: Visit,
    found: Sequence[InvoiceRow],
    *,
    named: bool = True,
    sorting: Sorting | None = None,
    foot: tuple[Row, ...] = (),
    pager: Pager | None = None,
) -> Table:
    """Return a table of invoices; `named` says whose they are, `sorting` lets the columns sort."""
    sorts = sorting or Sorting(visit.request, SORTS, "-issued")
    whose = ("Customer",) if named else ()
    headings = (
        columns("Invoice", *whose, "Status", "Issued", "Due", ("Total", END), ("Balance", END))
        if sorting is None
        else columns(
            sorts.column("Invoice", "number"),
            *whose,
            "Status",
            sorts.column("Issued", "issued"),
            sorts.column("Due", "due"),
            sorts.column("Total", "total", END),
            ("Balance", END),
        )
    )
    rows = tuple(Row(_cells(visit, one, named=named), key=one.number, label=one.number) for one in found)
    empty = Empty("No invoice found", "Invoices appear when a billing run is approved.", "file-text")
    return Table("Invoices", headings, rows, empty, foot=foot, pager=pager)


def _cells(visit: Visit, one: InvoiceRow, *, named: bool) -> tuple[Cell, ...]:
    balance, who = one.balance, one.customer
    customer = Cell(who.name, visit.url("customer", who.number), who.number, initials=words.initials(who.name))
    return (
        Cell(one.number, visit.url("invoice", one.number)),
        *((customer,) if named else ()),
        Cell(pill=words.invoice_pill(balance.state, one.due_on, visit.today)),
        Cell(one.issued_on),
        Cell(one.due_on),
        Cell(words.money(one.total, one.currency)),
        Cell(words.money(balance.open_amount, one.currency) if balance.open_amount else None, strong=True),
    )


def _sums(found: Sequence[queries.InvoiceSum]) -> tuple[Row, ...]:
    """Return the foot of the list: one row of sums a currency."""
    return tuple(
        Row(
            (
                Cell(count(part.count, "invoice,invoices")),
                *[Cell()] * 4,
                Cell(words.money(part.total, part.currency)),
                Cell(words.money(part.open_amount, part.currency)),
            )
        )
        for part in found
    )


@page(permissions.VIEW)
def invoice(visit: Visit, number: str) -> HttpResponse:
    """Show one invoice as it was issued, and what became of it."""
    one = queries.by_number(number)
    images = range(1, len(queries.page_paths(one)) + 1)
    return render(
        visit,
        "invoice",
        "Invoices",
        _head(visit, one, has_document=bool(images)),
        facts=(
            Fact("Total", words.money(one.total, one.currency)),
            Fact("Issued", one.issued_on),
            Fact("Due", one.due_on),
            Fact(
                "Balance",
                words.money(one.balance.open_amount, one.currency),
                Tone.BAD if one.balance.open_amount and one.due_on < visit.today else Tone.NEUTRAL,
            ),
        ),
        lines=[_line(visit, one, line) for line in queries.lines_of(one)],
        totals=_totals(one),
        image_urls=[visit.url("invoice-image", one.number, sheet) for sheet in images],
        image_alt=f"Invoice {one.number}",
        pdf_url=visit.url("invoice-pdf", one.number),
        payments=_payments(one),
    )


def _head(visit: Visit, one: InvoiceRow, *, has_document: bool) -> PageHead:
    open_amount, may = one.balance.open_amount, payments_permissions.RECORD
    actions = [Action("PDF", "file-down", visit.url("invoice-pdf", one.number))] if has_document else []
    if open_amount and visit.may(may):
        actions += record_action(visit)
        actions.append(
            Action("Charge card", "credit-card", post=visit.url("charge-invoice", one.number), weight=Weight.PRIMARY)
        )
    return PageHead(
        one.number,
        note=one.customer.name,
        note_href=visit.url("customer", one.customer.number),
        crumbs=(Crumb("Invoices", visit.url("invoices")), Crumb(one.number)),
        pill=words.invoice_pill(one.balance.state, one.due_on, visit.today),
        actions=tuple(actions),
        dialogs=record_dialog(visit, one.customer, amount=open_amount, invoice=one.number) if open_amount else (),
    )


def _line(visit: Visit, one: InvoiceRow, line: InvoiceLineRow) -> InvoiceLine:
    price = line.unit_price
    return InvoiceLine(
        description=line.description,
        period=words.span(line.period_start, line.period_end),
        quantity=f"{line.quantity.normalize():,f} {line.unit}".strip(),
        unit_price=None if price is None else words.money(price, one.currency),
        amount=words.money(line.amount, one.currency),
        why_url=visit.url("invoice-why", one.number, line.ordinal),
    )


def _totals(one: InvoiceRow) -> tuple[Fact, ...]:
    def fact(label: str, amount: Decimal) -> Fact:
        return Fact(label, words.money(amount, one.currency))

    taxes = (
        fact(f"{tax.name} {tax.percent.normalize():f} %" if tax.percent else tax.name, tax.amount)
        for tax in one.taxes.all()
    )
    return fact("Net", one.net), *taxes, fact("Total", one.total)


def _payments(one: InvoiceRow) -> list[Item]:
    """Return each attempt of each payment, and payments that were recorded by hand."""
    items = []
    for payment in payments.on_invoice(one):
        attempts = list(payment.attempts.all())
        items += [
            Item(
                words.listed([attempt.instrument.label, words.words(attempt.code) if attempt.code else ""]),
                sub=attempt.at,
                value=words.money(attempt.amount, attempt.currency),
                pill=words.pill(words.ATTEMPT, attempt.state),
            )
            for attempt in reversed(attempts)
        ]
        if not attempts:
            items.append(
                Item(
                    words.listed([words.words(payment.method), payment.note]),
                    sub=payment.received_at,
                    value=words.money(payment.amount, payment.currency),
                    pill=words.pill(words.PAYMENT, payment.state),
                )
            )
    return items


@page(permissions.VIEW)
def pdf(visit: Visit, number: str) -> FileResponse:
    """Hand over the document of an invoice."""
    del visit
    path = queries.pdf_path(queries.by_number(number))
    if path is None or not path.is_file():
        raise Http404("The document of this invoice is still being written: try again in a moment.")
    return FileResponse(path.open("rb"), as_attachment=True, filename=f"{number}.pdf", content_type="application/pdf")


@page(permissions.VIEW)
def image(visit: Visit, number: str, sheet: int) -> FileResponse:
    """Show the picture of one page of an invoice."""
    del visit
    paths = queries.page_paths(queries.by_number(number))
    if not 1 <= sheet <= len(paths):
        raise Http404("This invoice has no such page.")
    path = paths[sheet - 1]
    return FileResponse(path.open("rb"), content_type=mimetypes.types_map[path.suffix])


@action(payments_permissions.RECORD)
def charge(visit: Visit, number: str) -> HttpResponse:
    """Charge the customer's card with what is open on an invoice; the gateway is called after the commit."""
    with visit.scope():
        one = queries.by_number(number)
        payment = start_collection(invoice=one, actor=visit.actor, at=visit.at)
    if payment is None:
        raise NothingToChargeError(one.number)
    amount = show(words.money(payment.amount, payment.currency))
    visit.tell(f"{amount} are being charged; the outcome appears here.")
    return HttpResponseRedirect(visit.url("invoice", number))
