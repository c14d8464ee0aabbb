"""An audit of a company's books: each fault is one sentence that names the document."""

from collections.abc import Iterator
from decimal import Decimal

from django.db.models import Sum

from billhook.billing.models import BillingRun
from billhook.core.derivation import recompute
from billhook.foundation.models import Company, NumberSeries
from billhook.foundation.scope import company_scope
from billhook.foundation.seals import broken_seals
from billhook.invoicing.models import Invoice, InvoiceBalance
from billhook.invoicing.queries import line_derivation
from billhook.ledger.queries import account_balance, unbalanced_entries
from billhook.mediation.lake import file_hash, lake
from billhook.mediation.models import BatchFile, Charge
from billhook.payments.models import Allocation


def verify(company: Company) -> list[str]:
    """Return every fault in a company's books; none in sound ones."""
    with company_scope(company):
        return [
            *(f"The entry {entry} does not balance." for entry in unbalanced_entries()),
            *invoice_faults(),
            *balance_faults(),
            *number_faults(),
            *usage_faults(company),
            *broken_seals(),
        ]


def invoice_faults() -> Iterator[str]:
    """Yield invoices whose lines do not follow from their derivations, or do not make their net."""
    for invoice in Invoice.objects.prefetch_related("lines", "taxes").order_by("number"):
        for line in invoice.lines.all():
            derived = recompute(line_derivation(line)).amount
            if derived != line.amount:
                yield f"Line {line.ordinal} of {invoice.number} says {line.amount}, its derivation {derived}."
        if sum((tax.amount for tax in invoice.taxes.all()), Decimal(0)) != invoice.tax:
            yield f"The taxes of {invoice.number} do not sum to {invoice.tax}."


def balance_faults() -> Iterator[str]:
    """Yield invoices whose open amount is not their total less what was allocated, and a ledger that disagrees."""
    settled = dict(
        Allocation.objects.order_by().values("invoice").annotate(sum=Sum("amount")).values_list("invoice", "sum")
    )
    open_amounts: dict[str, Decimal] = {}
    for balance in InvoiceBalance.objects.select_related("invoice").order_by("invoice__number"):
        expected = balance.invoice.total - settled.get(balance.invoice_id, Decimal(0))
        if balance.open_amount != expected:
            yield f"{balance.invoice.number} has {balance.open_amount} open; its allocations leave {expected}."
        open_amounts[balance.currency] = open_amounts.get(balance.currency, Decimal(0)) + balance.open_amount
    for code, amount in account_balance("receivable").items():
        if amount != open_amounts.get(code, Decimal(0)):
            yield f"The ledger has {amount} {code} receivable; the invoices have {open_amounts.get(code)} open."


def number_faults() -> Iterator[str]:
    """Yield gaps in the invoice numbers: every number that a run reserved is an invoice once the run is done."""
    series = NumberSeries.objects.filter(code="invoice").first()
    if series is None or BillingRun.objects.filter(state="committing").exists():
        return
    issued, taken = Invoice.objects.count(), series.next_number - 1
    if issued != taken:
        yield f"The invoice series has given out {taken} numbers, but there are {issued} invoices."


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
        Charge.objects.exclude(document="").exclude(document__in=numbers).values_list("document", flat=True)
    ):
        yield f"Charges name the invoice {document}, which does not exist."
