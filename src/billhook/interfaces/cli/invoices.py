"""Commands about invoices: show, explain."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from billhook.core.derivation import sentence
from billhook.core.money import Money
from billhook.foundation.scope import company_scope
from billhook.interfaces.cli import session
from billhook.interfaces.cli.outcome import out
from billhook.interfaces.cli.words import CompanyOption
from billhook.invoicing.queries import InvoiceLineRow, by_number, line_derivation, lines_of, pdf_path, records_behind

invoice = typer.Typer(help="Invoices: show them, explain every cent.", no_args_is_help=True)
NumberArgument = Annotated[str, typer.Argument(help="The invoice's number.")]


@invoice.command()
def show(number: NumberArgument, company: CompanyOption = "") -> None:
    """Show an invoice: its lines, totals, what is open, and where its PDF lies."""
    with company_scope(session.company(company)):
        found = by_number(number)
        table = Table(
            "#", "Description", "Period", "Amount", box=None, title=escape(f"{number} · {found.customer.name}")
        )
        for line in lines_of(found):
            table.add_row(
                str(line.ordinal),
                escape(line.description),
                f"{line.period_start} to before {line.period_end}",
                str(Money.of(line.amount, found.currency)),
            )
        out.print(table)
        out.print(
            f"net {Money.of(found.net, found.currency)} · tax {Money.of(found.tax, found.currency)} · "
            f"total [bold]{Money.of(found.total, found.currency)}[/] · due {found.due_on} · "
            f"open {Money.of(found.balance.open_amount, found.currency)}"
        )
        path = pdf_path(found)
        out.print(f"PDF: {path}" if path else "The PDF is being written.", markup=False)


@invoice.command()
def explain(number: NumberArgument, company: CompanyOption = "") -> None:
    """Explain every line of an invoice: how it was computed, down to the usage records and their raw lines."""
    with company_scope(session.company(company)):
        found = by_number(number)
        for line in lines_of(found):
            amount = Money.of(line.amount, found.currency)
            out.print(f"[bold]{line.ordinal}. {escape(line.description)}[/] · {amount}")
            out.print(f"   {escape(sentence(line_derivation(line)))}")
            if line.kind == "usage":
                out.print(records_table(line))


def records_table(line: InvoiceLineRow, *, limit: int = 1000) -> Table:
    """Return the first records behind a usage line, each with where it stands in its file."""
    table = Table("Started", "To", "Prefix", "Seconds", "Billed", "Amount", "File", "Line", "Offset", box=None)
    for found in records_behind(line, limit=limit):
        record = found.record
        table.add_row(
            f"{record.event_at:%Y-%m-%d %H:%M:%S}",
            escape(record.b_number),
            escape(f"{record.prefix} {record.destination_name}"),
            str(record.seconds),
            str(record.billed_seconds),
            str(record.amount),
            escape(found.file_name),
            str(record.line_no),
            str(record.byte_offset),
        )
    return table
