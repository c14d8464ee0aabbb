"""Commands about usage: mediation load, recycle."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from billhook.foundation.scope import company_scope
from billhook.interfaces.cli import session
from billhook.interfaces.cli.outcome import out, printable
from billhook.interfaces.cli.words import CompanyOption
from billhook.mediation.operations.load import load_file
from billhook.mediation.operations.mend import recycle as recycle_records
from billhook.mediation.queries import BUCKETS, BatchCounts, suspense_reasons

mediation = typer.Typer(help="Usage files: load them, recycle what is in suspense.", no_args_is_help=True)


@mediation.command()
def load(
    file: Annotated[Path, typer.Argument(help="A usage file, for example Asterisk's Master.csv.")],
    source: Annotated[str, typer.Option("--source", "-s", help="The usage source that wrote it.")],
    company: CompanyOption = "",
) -> None:
    """Load a usage file: rate it, reconcile it to the record, and keep what cannot be rated in suspense."""
    subject = session.company(company)
    loaded = load_file(
        company=subject, source_code=source, path=file, actor=session.COMMAND_LINE, at=session.now(subject)
    )
    if loaded.seen_before:
        name = escape(printable(file.name))
        out.print(f"{name} has the content of batch {loaded.batch.number} and was not loaded again.")
        return
    out.print(counts_table(loaded.batch))
    with company_scope(subject):
        for reason, count in suspense_reasons(loaded.batch):
            out.print(f"  in suspense: {count} {escape(reason.replace('_', ' '))}")


def counts_table(batch: BatchCounts) -> Table:
    """Return where each record of a batch ended."""
    title = escape(f"Batch {batch.number}: {batch.file_name}")
    table = Table("", "records", "seconds", box=None, title=title, title_justify="left")
    table.add_row("raw", str(batch.raw_records), "")
    table.add_row("- rejected", str(batch.rejected_records), "")
    table.add_row("= decoded", str(batch.decoded_records), str(batch.decoded_seconds), style="bold")
    for name in BUCKETS:
        records, seconds = getattr(batch, f"{name}_records"), getattr(batch, f"{name}_seconds")
        if records:
            table.add_row(f"  {name.replace('_', '-')}", str(records), str(seconds))
    return table


@mediation.command()
def recycle(
    batch: Annotated[int, typer.Argument(help="The batch's number.")],
    line: Annotated[list[int] | None, typer.Option("--line", "-l", help="A line of the file; may be repeated.")] = None,
    company: CompanyOption = "",
) -> None:
    """Send suspended records of a batch through mediation again, with whatever was mended."""
    subject = session.company(company)
    done = recycle_records(
        company=subject, batch_number=batch, lines=line, actor=session.COMMAND_LINE, at=session.now(subject)
    )
    out.print(f"{done.tried} records were recycled, {done.waiting_again} of them wait again.")
