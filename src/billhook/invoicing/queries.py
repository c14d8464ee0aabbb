"""Reads of invoices."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from django.db.models import Count, Q, QuerySet, Sum

from billhook.core import ageing
from billhook.core.billed import BilledPart, CreditedPart
from billhook.core.canonical import from_bytes
from billhook.core.derivation import Derivation
from billhook.core.errors import Refusal
from billhook.core.money import Money
from billhook.core.period import Period
from billhook.customers.models import Customer
from billhook.foundation.home import home
from billhook.invoicing.models import Invoice, InvoiceBalance, InvoiceFile, InvoiceLine
from billhook.mediation import queries as usage
from billhook.mediation.queries import ExplainedRecord

InvoiceRow = Invoice
"""An issued invoice, as pages read it."""

InvoiceLineRow = InvoiceLine
"""A line of an issued invoice, as pages read it."""


class UnknownInvoiceError(Refusal):
    """Raised when no invoice has a number."""

    def __init__(self, number: str) -> None:
        super().__init__(f"There is no invoice {number}.")


class WithoutPeriodError(Refusal):
    """Raised when days are to be given back of a line that was billed for none."""

    def __init__(self, number: str, ordinal: int) -> None:
        super().__init__(f"Line {ordinal} of {number} has no service period: correct it by hand.")


def by_number(number: str) -> Invoice:
    """Return an invoice with its customer and balance.

    Raises:
        UnknownInvoiceError: there is none of that number.
    """
    invoice = Invoice.objects.filter(number=number).select_related("customer", "balance").first()
    if invoice is None:
        raise UnknownInvoiceError(number)
    return invoice


def matching(*, text: str = "", status: str = "", on: date) -> QuerySet[Invoice]:
    """Return invoices, newest first; the status is open, overdue (as of a day), settled or empty for all."""
    found = Invoice.objects.select_related("customer", "balance").order_by("-issued_on", "-id")
    if text:
        found = found.filter(
            Q(number__icontains=text) | Q(customer__number__icontains=text) | Q(customer__name__icontains=text)
        )
    if status == "overdue":
        return found.filter(balance__state="open", balance__due_on__lt=on)
    return found.filter(balance__state=status) if status else found


def counts(*, on: date) -> Mapping[str, int]:
    """Return how many invoices there are in all, open, overdue as of a day, and settled."""
    return InvoiceBalance.objects.aggregate(
        all=Count("id"),
        open=Count("id", filter=Q(state="open")),
        settled=Count("id", filter=Q(state="settled")),
        overdue=Count("id", filter=Q(state="open", due_on__lt=on)),
    )


def open_amounts(customer: Customer | None = None) -> Mapping[str, Decimal]:
    """Return what is open, a currency, of one customer or of all."""
    found = InvoiceBalance.objects.filter(state="open")
    if customer is not None:
        found = found.filter(customer=customer)
    return dict(found.values("currency").annotate(total=Sum("open_amount")).values_list("currency", "total"))


@dataclass(frozen=True, slots=True)
class Receivable:
    """What is open on an invoice, and since when it is due."""

    number: str
    customer: str
    name: str
    currency: str
    due_on: date
    open_amount: Decimal


def pdf_path(invoice: Invoice) -> Path | None:
    """Return where an invoice's document lies, None while it is being written."""
    file = InvoiceFile.objects.filter(invoice=invoice).first()
    return home() / file.path if file else None


def page_paths(invoice: Invoice) -> list[Path]:
    """Return the pictures of an invoice's pages by page number."""
    pdf = pdf_path(invoice)
    found = pdf.parent.glob(f"{pdf.stem}.*.*g") if pdf else ()
    return sorted(found, key=lambda path: int(path.stem.rpartition(".")[2]))


def lines_of(invoice: Invoice) -> QuerySet[InvoiceLine]:
    """Return the lines of an invoice in the order in which they are printed."""
    return InvoiceLine.objects.filter(invoice=invoice)


def line_derivation(line: InvoiceLine) -> Derivation:
    """Return how the amount of a line came about, as it was stored when the invoice was issued."""
    return from_bytes(Derivation, json.dumps(line.derivation).encode())


def billed_parts(keys: Collection[str]) -> Mapping[str, tuple[BilledPart, ...]]:
    """Return what stands on invoices of some order line versions, by key, less what credits have given back of it.

    Usage is left out, which is not paid by the day, and so is what was billed below zero.
    """
    if not keys:
        return {}
    lines = InvoiceLine.objects.filter(line_key__in=keys, kind__in=["recurring", "one_time", "penalty"])
    billed: dict[str, list[InvoiceLine]] = defaultdict(list)
    given: dict[tuple[str, str], list[CreditedPart]] = defaultdict(list)
    for line in lines.select_related("invoice").order_by("id"):
        if line.corrects:
            given[line.line_key, line.corrects].append(CreditedPart(period=_days(line), amount=-_money(line)))
        elif line.amount >= 0:
            billed[line.line_key].append(line)
    return {key: tuple(_part(line, given[key, line.invoice.number]) for line in found) for key, found in billed.items()}


def _part(line: InvoiceLine, credited: Sequence[CreditedPart]) -> BilledPart:
    days = _days(line)
    return BilledPart(
        period=days,
        amount=_money(line),
        credited=tuple(part for part in credited if days.covers(part.period)),
        document=line.invoice.number,
        tax_day=line.tax_day,
    )


def _days(line: InvoiceLine) -> Period:
    if line.period_start is None or line.period_end is None:
        raise WithoutPeriodError(line.invoice.number, line.ordinal)
    return Period(line.period_start, line.period_end)


def _money(line: InvoiceLine) -> Money:
    return Money.of(line.amount, line.invoice.currency)


@dataclass(frozen=True, slots=True)
class InvoiceSum:
    """What some invoices come to in one currency: how many, their total, and what is open on them."""

    currency: str
    count: int
    total: Decimal
    open_amount: Decimal


def sums(invoices: QuerySet[Invoice]) -> list[InvoiceSum]:
    """Return what invoices come to, a currency."""
    rows = invoices.order_by("currency").values("currency")
    rows = rows.annotate(n=Count("id"), sum=Sum("total"), open=Sum("balance__open_amount"))
    return [InvoiceSum(row["currency"], row["n"], row["sum"], row["open"] or Decimal(0)) for row in rows]


def of_customer(customer: Customer) -> QuerySet[Invoice]:
    """Return a customer's invoices with their balances, newest first."""
    return Invoice.objects.filter(customer=customer).select_related("customer", "balance").order_by("-issued_on", "-id")


def open_by_customer(customers: Iterable[Customer]) -> Mapping[int, Mapping[str, Decimal]]:
    """Return what is open of each of some customers, by primary key and currency."""
    rows = InvoiceBalance.objects.filter(state="open", customer__in=customers).order_by().values("customer", "currency")
    found: dict[int, dict[str, Decimal]] = {}
    for customer, code, total in rows.annotate(sum=Sum("open_amount")).values_list("customer", "currency", "sum"):
        found.setdefault(customer, {})[code] = total
    return found


def open_by_due_date() -> list[ageing.Receivable]:
    """Return what is open, summed for each due date and currency: as much as an age needs, however many invoices."""
    rows = InvoiceBalance.objects.filter(state="open").order_by("due_on").values("due_on", "currency")
    return [
        ageing.Receivable(row["due_on"], Money.of(row["sum"], row["currency"]))
        for row in rows.annotate(sum=Sum("open_amount"))
    ]


def largest_overdue(*, on: date, limit: int) -> list[Receivable]:
    """Return the open invoices whose due date lies before a day, the largest first."""
    rows = InvoiceBalance.objects.filter(state="open", due_on__lt=on).select_related("invoice", "customer")
    return [
        Receivable(
            number=row.invoice.number,
            customer=row.customer.number,
            name=row.customer.name,
            currency=row.currency,
            due_on=row.due_on,
            open_amount=row.open_amount,
        )
        for row in rows.order_by("-open_amount", "due_on", "id")[:limit]
    ]


def exists(number: str) -> bool:
    """Return whether there is an invoice of a number."""
    return Invoice.objects.filter(number=number).exists()


def records_behind(line: InvoiceLine, *, limit: int = 1000) -> Sequence[ExplainedRecord]:
    """Return the rated records that a line bills, in order of time, at most `limit`; none for a line without usage.

    Raises:
        FileMissing: a lake file or an original is no longer there.
    """
    if line.kind != "usage" or line.period_start is None or line.period_end is None:
        return ()
    period = Period(line.period_start, line.period_end)
    order_line = line.line_key.rpartition("/")[0]
    return usage.records_behind(order_line, document=line.invoice.number, period=period, limit=limit)
