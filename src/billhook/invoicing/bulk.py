"""Invoices are issued, many at once: rows by COPY, ledger entries and one event an invoice, in one transaction."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from billhook.core import journal
from billhook.core.canonical import to_bytes
from billhook.core.draft import InvoiceDraft
from billhook.core.errors import Refusal
from billhook.customers.models import Customer
from billhook.customers.queries import postal_addresses
from billhook.foundation.bulk import insert_rows, reserve_ids
from billhook.foundation.events import Actor, emit_many
from billhook.foundation.models import Company
from billhook.foundation.scope import current_company
from billhook.invoicing.document import DocumentKind
from billhook.invoicing.events import CreditNoteIssued, InvoiceEvent, InvoiceIssued, InvoiceSettled
from billhook.invoicing.models import Invoice, InvoiceBalance, InvoiceLine, InvoiceTax
from billhook.ledger.bulk import ToPost, post


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInvoice:
    """A reviewed draft with its number, ready to be issued."""

    number: str
    customer: Customer
    run: str
    draft: InvoiceDraft
    fingerprint: str

    @property
    def kind(self) -> DocumentKind:
        """Return what it is issued as: below zero, it is a credit note."""
        return DocumentKind.CREDIT_NOTE if self.draft.total.amount < 0 else DocumentKind.INVOICE


def issue_invoices(invoices: Sequence[NewInvoice], *, actor: Actor, at: datetime) -> int:
    """Issue invoices and return how many.

    Args:
        invoices: one of zero is settled at once; one below zero is a credit note, on which nothing is open.
        actor: who issues them.
        at: the instant of issue; the date of issue is each draft's bill date.

    Raises:
        NotStorableError: a draft holds what invoices do not keep yet.
        IntegrityError: a number was issued before; nothing is issued.
    """
    for new in invoices:
        require_storable(new.number, new.draft)
    company = current_company()
    ids = reserve_ids(Invoice, len(invoices))
    numbered = list(zip(ids, invoices, strict=True))
    due = {invoice.number: due_on(invoice, company) for invoice in invoices}
    said = parties(invoices, company)
    insert_rows(
        Invoice,
        INVOICE_FIELDS,
        (_invoice_row(company, pk, new, due[new.number], said[new.number], at) for pk, new in numbered),
    )
    insert_rows(InvoiceLine, LINE_FIELDS, (row for pk, new in numbered for row in _line_rows(company, pk, new.draft)))
    insert_rows(InvoiceTax, TAX_FIELDS, (row for pk, new in numbered for row in _tax_rows(company, pk, new.draft)))
    insert_rows(
        InvoiceBalance, BALANCE_FIELDS, (_balance_row(company, pk, new, due[new.number], at) for pk, new in numbered)
    )
    post([item for new in invoices if (item := entry_for(new)) is not None], at=at)
    emit_many([issued(new, due[new.number]) for new in invoices], actor=actor, at=at)
    free = [new for new in invoices if not new.draft.total]
    emit_many([InvoiceSettled(customer=new.customer.number, number=new.number) for new in free], actor=actor, at=at)
    return len(invoices)


class NotStorableError(Refusal):
    """Raised for a draft with parts that invoices do not keep yet."""

    def __init__(self, number: str, what: str) -> None:
        super().__init__(f"{number} has {what}, which invoices do not keep yet: leave it out of the agreement.")


def require_storable(number: str, draft: InvoiceDraft) -> None:
    """Refuse a draft that would lose something: credit, cash rounding, prices with tax inside, values carried on."""
    for present, what in (
        (draft.prepaid, "prepaid credit"),
        (draft.granted, "granted credit"),
        (draft.cash_rounding, "cash rounding"),
        (draft.tax_inclusive, "prices with tax inside"),
        (draft.allowances_left, "allowances"),
        (draft.meters_left, "meters that carry their value over"),
    ):
        if present:
            raise NotStorableError(number, what)


def due_on(invoice: NewInvoice, company: Company) -> date:
    """Return when an invoice is due: the customer's days after the bill date, else the company's."""
    days = invoice.customer.due_days if invoice.customer.due_days is not None else company.due_days
    return invoice.draft.bill_date + timedelta(days=days)


def issued(invoice: NewInvoice, due: date) -> InvoiceEvent:
    """Return the event of one invoice or credit note."""
    total = invoice.draft.total
    if invoice.kind is DocumentKind.CREDIT_NOTE:
        return CreditNoteIssued(
            customer=invoice.customer.number,
            number=invoice.number,
            amount=-total.amount,
            currency=total.currency.code,
        )
    return InvoiceIssued(
        customer=invoice.customer.number,
        number=invoice.number,
        total=total.amount,
        currency=total.currency.code,
        due_on=due,
    )


def parties(invoices: Sequence[NewInvoice], company: Company) -> dict[str, dict[str, Any]]:
    """Return what each invoice will say about seller and buyer for ever, by number; one statement a bill date.

    The buyer's address is the one that counts on the bill date.
    """
    days: dict[date, list[Customer]] = defaultdict(list)
    for new in invoices:
        days[new.draft.bill_date].append(new.customer)
    lines = {day: postal_addresses(customers, day) for day, customers in days.items()}
    return {new.number: _said(new.customer, lines[new.draft.bill_date][new.customer.pk], company) for new in invoices}


def _said(customer: Customer, address: str, company: Company) -> dict[str, Any]:
    """Return what an invoice says about seller and buyer."""
    return {
        "language": customer.language,
        "seller": {
            "name": company.name,
            "address": company.address,
            "vat_id": company.vat_id,
            "email": company.email,
            "registration": company.registration,
            "payment_note": company.payment_note,
        },
        "buyer": {
            "number": customer.number,
            "name": customer.name,
            "address": address,
            "vat_id": customer.vat_id,
            "email": customer.email,
            "reference": customer.buyer_reference,
        },
    }


def entry_for(invoice: NewInvoice) -> ToPost | None:
    """Return the ledger entry of an invoice: receivable against revenue by account and tax by code.

    That of a credit note has its signs the other way round.
    """
    draft = invoice.draft
    entry = journal.invoice_issued(
        document=invoice.number, total=draft.total, revenue=draft.revenue(), tax=draft.tax_accounts()
    )
    return ToPost(entry=entry, customer=invoice.customer.number, on=draft.bill_date) if entry else None


Row = tuple[Any, ...]
INVOICE_FIELDS = (
    "id",
    "company",
    "number",
    "kind",
    "customer",
    "run",
    "issued_on",
    "issued_at",
    "due_on",
    "currency",
    "net",
    "tax",
    "total",
    "parties",
    "fingerprint",
)
LINE_FIELDS = (
    "company",
    "invoice",
    "ordinal",
    "line_key",
    "kind",
    "description",
    "product",
    "period_start",
    "period_end",
    "quantity",
    "unit",
    "unit_price",
    "amount",
    "tax_category",
    "revenue_account",
    "derivation",
    "corrects",
    "tax_day",
)
TAX_FIELDS = ("company", "invoice", "ordinal", "code", "name", "category", "percent", "base", "amount", "reason")
BALANCE_FIELDS = ("company", "invoice", "customer", "currency", "due_on", "open_amount", "state", "settled_at")


def _invoice_row(company: Company, pk: int, new: NewInvoice, due: date, said: dict[str, Any], at: datetime) -> Row:
    draft = new.draft
    return (
        pk,
        company.pk,
        new.number,
        str(new.kind),
        new.customer.pk,
        new.run,
        draft.bill_date,
        at,
        due,
        draft.currency.code,
        draft.net.amount,
        draft.tax.amount,
        draft.total.amount,
        Jsonb(said),
        new.fingerprint,
    )


def _line_rows(company: Company, pk: int, draft: InvoiceDraft) -> Iterator[Row]:
    for ordinal, line in enumerate(draft.lines, start=1):
        yield (
            company.pk,
            pk,
            ordinal,
            line.line_key,
            str(line.kind),
            line.description,
            line.product,
            line.period.start,
            line.period.end,
            line.quantity,
            line.unit,
            line.unit_price,
            line.amount.amount,
            line.tax_category,
            line.revenue_account,
            Jsonb(json.loads(to_bytes(line.derivation))),
            line.corrects,
            line.tax_day,
        )


def _tax_rows(company: Company, pk: int, draft: InvoiceDraft) -> Iterator[Row]:
    for ordinal, tax in enumerate(draft.taxes, start=1):
        yield (
            company.pk,
            pk,
            ordinal,
            tax.code,
            tax.name,
            tax.category,
            tax.percent,
            tax.base.amount,
            tax.amount.amount,
            tax.reason,
        )


def _balance_row(company: Company, pk: int, new: NewInvoice, due: date, at: datetime) -> Row:
    total: Decimal = max(new.draft.total.amount, Decimal(0))
    state, settled_at = ("open", None) if total else ("settled", at)
    return (company.pk, pk, new.customer.pk, new.draft.currency.code, due, total, state, settled_at)
