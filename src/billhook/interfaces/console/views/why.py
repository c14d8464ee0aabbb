"""Why a line of an invoice is what it is: its derivation, and the usage records down to their lines in a file."""

from itertools import accumulate

from django.http import Http404, HttpResponse

from billhook.core import derivation
from billhook.core.derivation import Derivation, Records
from billhook.core.money import Money
from billhook.core.rounding import to_places
from billhook.interfaces.console.access import Visit, page
from billhook.interfaces.console.components import Cell, Crumb, PageHead, Row, Table
from billhook.interfaces.console.pages import Why, WhyStep
from billhook.interfaces.console.templatetags.console import show
from billhook.interfaces.console.views import words
from billhook.interfaces.console.views.listing import END, columns
from billhook.interfaces.console.views.shell import render
from billhook.invoicing import permissions, queries
from billhook.invoicing.queries import InvoiceLineRow
from billhook.mediation.queries import ExplainedRecord

RECORDS = 100
SHOWN_DECIMALS = 6


@page(permissions.VIEW)
def why(visit: Visit, number: str, ordinal: int) -> HttpResponse:
    """Show how the amount of one line came about."""
    one = queries.by_number(number)
    line = queries.lines_of(one).filter(ordinal=ordinal).first()
    if line is None:
        raise Http404("This invoice has no such line.")
    found = queries.line_derivation(line)
    amount = words.money(line.amount, one.currency)
    return render(
        visit,
        "invoice_why",
        "Invoices",
        PageHead(
            f"Why {line.description} is {show(amount)}",
            note=words.span(line.period_start, line.period_end),
            crumbs=(
                Crumb("Invoices", visit.url("invoices")),
                Crumb(one.number, visit.url("invoice", one.number)),
                Crumb("Why"),
            ),
        ),
        why=Why(derivation.sentence(found), steps_of(found), _records(visit, line, found)),
    )


def steps_of(found: Derivation) -> tuple[WhyStep, ...]:
    """Return each step in words, and the amount to which it leads."""
    code = found.result.currency
    running = list(accumulate(found.steps, lambda amount, step: step.apply(amount), initial=derivation.run(())))[1:]
    return tuple(
        WhyStep(words.words(step.tag), step.words(), Money(to_places(amount, SHOWN_DECIMALS), code))
        for step, amount in zip(found.steps, running, strict=True)
    )


def _records(visit: Visit, line: InvoiceLineRow, found: Derivation) -> Table | None:
    """Return the usage records that a line bills, in order of time; None for a line that bills none."""
    if line.kind != "usage":
        return None
    behind = queries.records_behind(line, limit=RECORDS)
    counted = sum(step.records for step in found.steps if isinstance(step, Records))
    caption = f"Usage records, the first {RECORDS} of {counted:,}" if counted > len(behind) else "Usage records"
    headings = columns(
        "Call at",
        "Called",
        "Rate",
        ("Seconds", END),
        ("Billed", END),
        ("Amount", END),
        "File",
        "As it stood in the file",
    )
    return Table(caption, headings, tuple(_record(visit, item) for item in behind), captioned=True)


def _record(visit: Visit, item: ExplainedRecord) -> Row:
    record = item.record
    return Row(
        (
            Cell(record.event_at),
            Cell(f"+{record.b_number}", sub=record.destination_name),
            Cell(record.card_version, sub=f"prefix {record.prefix}"),
            Cell(record.seconds),
            Cell(record.billed_seconds),
            Cell(words.money(record.amount, record.currency)),
            Cell(
                item.file_name,
                visit.url("batch", record.batch),
                f"line {record.line_no:,}, byte {record.byte_offset:,}",
            ),
            Cell(item.original, verbatim=True),
        )
    )
