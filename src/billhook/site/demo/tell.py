"""What the demonstration shows of each scene, read from the books."""

from datetime import date, datetime

from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from billhook.billing.models import BillingRun
from billhook.billing.queries import changes, drafts, totals
from billhook.core.derivation import sentence
from billhook.core.draft import InvoiceDraft
from billhook.core.money import Money
from billhook.customers.models import Customer
from billhook.foundation.events import from_record
from billhook.foundation.home import home
from billhook.foundation.models import Company, EventRecord
from billhook.foundation.scope import company_scope
from billhook.interfaces.cli.invoices import records_table
from billhook.interfaces.cli.outcome import out
from billhook.interfaces.cli.usage import counts_table
from billhook.invoicing.models import Invoice
from billhook.invoicing.queries import line_derivation, pdf_path
from billhook.mediation.models import MediationBatch
from billhook.mediation.queries import batch_by_number
from billhook.mediation.queries import suspense as suspense_of
from billhook.payments.models import PaymentAttempt


def a_table(*columns: str, title: str = "") -> Table:
    """Return an empty table in the demonstration's look."""
    return Table(*columns, title=title or None, title_justify="left", box=None, pad_edge=False, header_style="dim")


def first_bill(draft: InvoiceDraft | None) -> None:
    """Show the first bill as it is previewed at sign-up."""
    if draft is not None:
        for line in draft.lines:
            out.print(f"  preview: {line.description}, {line.period}: [bold]{line.amount}[/]")


def customers(company: Company) -> None:
    """Show who signed up."""
    table = a_table("Number", "Customer", "Identifier", "Card")
    with company_scope(company):
        for customer in Customer.objects.prefetch_related("instruments").order_by("number"):
            card = ", ".join(instrument.label for instrument in customer.instruments.all())
            table.add_row(customer.number, customer.name, f"KN{customer.number}", card)
    out.print(table)


def review(run: BillingRun) -> None:
    """Show a run as it is reviewed: each draft, and why it differs from the last run."""
    why = {change.customer: change.why for change in changes(run)}
    table = a_table("Customer", "Name", "Bill", "Why it differs", title=f"{run.number} · {run.state}")
    for draft in drafts(run):
        amount = str(Money.of(draft.total, draft.currency)) if draft.currency else "—"
        table.add_row(draft.customer.number, draft.customer.name, amount, why.get(draft.customer.number, draft.reason))
    out.print(table)
    for code, total in totals(run).items():
        out.print(f"  in all [bold]{Money.of(total, code)}[/]")


def batch(company: Company, number: int) -> None:
    """Show where each record of a file ended."""
    with company_scope(company):
        out.print(counts_table(batch_by_number(number)))


def suspended(found: MediationBatch) -> None:
    """Show what waits in suspense, with reasons."""
    table = a_table("Line", "Reason", "Account", "Called", "Seconds", title="In suspense")
    for record in suspense_of(found):
        parsed = record.parsed
        table.add_row(
            str(record.line_number),
            record.reason.replace("_", " "),
            escape(parsed.get("accountcode", "")),
            escape(parsed.get("dst", "")),
            str(record.seconds),
        )
    out.print(table)


def invoice(company: Company, customer: str, bill_date: date) -> None:
    """Show one invoice, how each line came about, and the first usage records behind it."""
    with company_scope(company):
        found = Invoice.objects.get(customer__number=customer, issued_on=bill_date)
        for line in found.lines.all():
            out.print(f"  {line.description}: [bold]{Money.of(line.amount, found.currency)}[/]")
            out.print(f"    {escape(sentence(line_derivation(line)))}", style="dim")
            if line.kind == "usage":
                out.print(records_table(line, limit=5))
        out.print(
            Panel.fit(
                f"Invoice {found.number} · {Money.of(found.total, found.currency)}\n{pdf_path(found)}", style="green"
            )
        )


def payments(company: Company, bill_date: date) -> None:
    """Show how the charges of a run's invoices ended."""
    table = a_table("Invoice", "Card", "Amount", "Outcome")
    with company_scope(company):
        attempts = PaymentAttempt.objects.filter(payment__invoice__issued_on=bill_date).select_related(
            "payment__invoice", "instrument"
        )
        for attempt in attempts.order_by("reference"):
            colour = "green" if attempt.state == "succeeded" else "red"
            said = f"[{colour}]{attempt.state}[/] {attempt.code if attempt.state != 'succeeded' else ''}"
            number = attempt.payment.invoice.number if attempt.payment.invoice else ""
            table.add_row(number, attempt.instrument.label, str(Money.of(attempt.amount, attempt.currency)), said)
    out.print(table)


def timeline(company: Company, customer: str, *, since: datetime) -> None:
    """Show what happened to a customer from an instant on."""
    table = a_table("When", "What", "By")
    with company_scope(company):
        for record in EventRecord.objects.filter(customer=customer, at__gte=since).order_by("at", "id"):
            table.add_row(f"{record.at:%d %b %H:%M}", escape(from_record(record).describe()), record.actor_name)
    out.print(table)


def mailbox(company: Company) -> None:
    """Say where the e-mails lie."""
    folder = home() / "mailbox" / company.code
    out.print(f"  {len(list(folder.glob('*.eml')))} e-mails lie in {folder}")
