"""An audit of a company's books: each fault is one sentence that names the document."""

from collections.abc import Iterator
from decimal import Decimal

from django.db.models import Func, OuterRef, Subquery, Sum, Value

from billhook.billing.models import BillingRun
from billhook.billing.queries import CREDIT_NOTE_SERIES, records_in
from billhook.core.derivation import recompute
from billhook.foundation.models import Company, NumberSeries
from billhook.foundation.scope import company_scope
from billhook.foundation.seals import broken_seals
from billhook.invoicing.models import Invoice, InvoiceBalance, InvoiceLine
from billhook.invoicing.queries import line_derivation
from billhook.ledger.queries import account_balance, unbalanced_entries
from billhook.mediation.lake import file_hash, lake, originals
from billhook.mediation.models import BatchFile, Charge, MediationBatch
from billhook.payments.models import Allocation, Payment


def verify(company: Company) -> list[str]:
    """Return every fault in a company's books; none in sound ones."""
    with company_scope(company):
        return [
            *(f"The entry {entry} does not balance." for entry in unbalanced_entries()),
            *invoice_faults(),
            *correction_faults(),
            *balance_faults(),
            *credit_faults(),
            *ledger_faults(),
            *number_faults(),
            *batch_faults(company),
            *usage_faults(company),
            *billed_usage_faults(),
            *broken_seals(),
        ]


def invoice_faults() -> Iterator[str]:
    """Yield invoices whose lines do not follow from their derivations, or do not make their net."""
    for invoice in Invoice.objects.prefetch_related("lines", "taxes").order_by("number"):
        for line in invoice.lines.all():
            derived = recompute(line_derivation(line)).amount
            if derived != line.amount:
                yield f"Line {line.ordinal} of {invoice.number} says {line.amount}, its derivation {derived}."
        if sum((line.amount for line in invoice.lines.all()), Decimal(0)) != invoice.net:
            yield f"The lines of {invoice.number} do not sum to {invoice.net}."
        if sum((tax.amount for tax in invoice.taxes.all()), Decimal(0)) != invoice.tax:
            yield f"The taxes of {invoice.number} do not sum to {invoice.tax}."


def correction_faults() -> Iterator[str]:
    """Yield credits that give back more of an order line version than the invoice that they name has billed of it."""
    given = InvoiceLine.objects.exclude(corrects="").order_by("corrects", "line_key").values("corrects", "line_key")
    billed = InvoiceLine.objects.filter(
        invoice__number=OuterRef("corrects"), line_key=OuterRef("line_key"), corrects="", amount__gt=0
    )
    sums = billed.order_by().values("line_key").annotate(sum=Sum("amount")).values("sum")
    for row in given.annotate(back=Sum("amount"), billed=Subquery(sums)):
        back, whole = -row["back"], row["billed"] or Decimal(0)
        if back > whole:
            yield f"Credits give {back} back of {row['line_key']} on {row['corrects']}, which billed {whole} of it."


def balance_faults() -> Iterator[str]:
    """Yield invoices whose open amount is not their total less what was allocated, or whose state denies it.

    Nothing is open on a credit note: it is the customer's credit.
    """
    settled = dict(
        Allocation.objects.order_by().values("invoice").annotate(sum=Sum("amount")).values_list("invoice", "sum")
    )
    for balance in InvoiceBalance.objects.select_related("invoice").order_by("invoice__number"):
        claimed = max(balance.invoice.total, Decimal(0))
        expected = claimed - settled.get(balance.invoice_id, Decimal(0))
        if balance.open_amount != expected:
            yield f"{balance.invoice.number} has {balance.open_amount} open; its allocations leave {expected}."
        if (balance.state == "open") != bool(balance.open_amount):
            yield f"{balance.invoice.number} is {balance.state}, but {balance.open_amount} of it is open."


def credit_faults() -> Iterator[str]:
    """Yield payments whose credit is not what they have not allocated."""
    for payment in Payment.objects.filter(state="received").annotate(sum=Sum("allocations__amount")).order_by("number"):
        left = payment.amount - (payment.sum or Decimal(0))
        if payment.unallocated != left:
            yield f"{payment.number} has {payment.unallocated} of credit; its allocations leave {left}."


def ledger_faults() -> Iterator[str]:
    """Yield accounts of the ledger that disagree with the documents: what is open, and what is credit."""
    owed, credit = (
        dict(rows.order_by().values("currency").annotate(sum=Sum(column)).values_list("currency", "sum"))
        for rows, column in (
            (InvoiceBalance.objects.all(), "open_amount"),
            (Payment.objects.filter(state="received"), "unallocated"),
        )
    )
    for account, documents, sign in (("receivable", owed, 1), ("customer_credit", credit, -1)):
        booked = account_balance(account)
        for code in sorted(booked.keys() | documents.keys()):
            figure, expected = booked.get(code, Decimal(0)), sign * documents.get(code, Decimal(0))
            if figure != expected:
                yield f"The ledger has {figure} {code} on {account}; the documents come to {expected}."


def number_faults() -> Iterator[str]:
    """Yield gaps in the invoice numbers: every number that a run reserved is an invoice once the run is done."""
    series = NumberSeries.objects.filter(code__in=["invoice", CREDIT_NOTE_SERIES])
    if not series or BillingRun.objects.filter(state="committing").exists():
        return
    issued, taken = Invoice.objects.count(), sum(row.next_number - 1 for row in series)
    if issued != taken:
        yield f"The invoice series has given out {taken} numbers, but there are {issued} invoices."


def batch_faults(company: Company) -> Iterator[str]:
    """Yield batches whose charges are not what they count as rated, or whose original is missing or changed."""
    sums = {
        row["batch"]: (row["records"], row["seconds"])
        for row in Charge.objects.order_by().values("batch").annotate(records=Sum("records"), seconds=Sum("quantity"))
    }
    for batch in MediationBatch.objects.order_by("number"):
        counted, charged = (batch.rated_records, batch.rated_seconds), sums.get(batch.pk, (0, 0))
        if counted != charged:
            yield f"Batch {batch.number} counts {counted[0]} rated records; its charges hold {charged[0]}."
        original = originals(company) / batch.stored_as
        if not original.is_file() or file_hash(original) != batch.content_hash:
            yield f"The original of batch {batch.number} is missing or changed: restore it from a backup."


def usage_faults(company: Company) -> Iterator[str]:
    """Yield lake files that are missing or changed, and charges that name an invoice which does not exist."""
    root = lake(company)
    for file in BatchFile.objects.order_by("path"):
        path = root / file.path
        if not path.is_file():
            yield f"The lake file {file.path} is missing: restore it from a backup."
        elif file_hash(path) != file.sha256:
            yield f"The lake file {file.path} is not the one that was written: restore it from a backup."
    numbers = Invoice.objects.values("number")
    for document in (
        Charge.objects.exclude(document="").exclude(document__in=numbers).values_list("document", flat=True).distinct()
    ):
        yield f"Charges name the invoice {document}, which does not exist."


def billed_usage_faults() -> Iterator[str]:
    """Yield usage lines whose charges hold other records than the line is the sum of, and invoices with more charges.

    A line that is no sum of records, such as a minimum, has no charges of its own.
    """
    on_lines: dict[str, int] = {}
    for line, charged in usage_lines():
        billed = records_in(line_derivation(line))
        number = line.invoice.number
        on_lines[number] = on_lines.get(number, 0) + billed
        if billed and billed != charged:
            yield f"Line {line.ordinal} of {number} bills {billed} usage records; its charges hold {charged}."
    by_document = Charge.objects.exclude(document="").order_by("document").values_list("document")
    for number, records in by_document.annotate(sum=Sum("records")):
        if records != on_lines.get(number, 0):
            yield f"Charges of {records} usage records name {number}; its lines bill {on_lines.get(number, 0)}."


def usage_lines() -> Iterator[tuple[InvoiceLine, int]]:
    """Yield the usage lines of all invoices in their order, each with how many records its charges hold."""
    order_line = Func(OuterRef("line_key"), Value("/[^/]*$"), Value(""), function="regexp_replace")
    charges = Charge.objects.filter(
        document=OuterRef("invoice__number"),
        line_key=order_line,
        day__gte=OuterRef("period_start"),
        day__lt=OuterRef("period_end"),
    )
    charged = charges.order_by().values("document").annotate(sum=Sum("records")).values("sum")
    lines = InvoiceLine.objects.filter(kind="usage").select_related("invoice").order_by("invoice__number", "ordinal")
    for line in lines.annotate(charged=Subquery(charged)):
        yield line, getattr(line, "charged", None) or 0
