"""The command that takes in files of another system: import."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from billhook.foundation.imports import running
from billhook.foundation.imports.running import Importer, importer
from billhook.interfaces.cli import session
from billhook.interfaces.cli.outcome import FAULTS, Failure, out, printable
from billhook.interfaces.cli.words import CompanyOption

SHOWN = 20
WORDS = 2


def import_file(
    kind: Annotated[str, typer.Argument(help="customers, products, orders or balances; without a file its columns.")],
    file: Annotated[Path | None, typer.Argument(help="A CSV file in UTF-8, columns named in its first line.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and leave nothing.")] = False,
    example: Annotated[bool, typer.Option("--example", help="Print an example file.")] = False,
    company: CompanyOption = "",
) -> None:
    """Take in customers, products, orders or balances from a CSV file; rows that are there already are left alone."""
    importing = importer(kind)
    if file is None:
        print(importing.layout.example, end="") if example else describe(importing)
        return
    if not file.is_file():
        raise Failure(f"There is no file {printable(str(file))}.", code=WORDS)
    subject = session.company(company)
    act = running.try_import if dry_run else running.run_import
    with watching(file) as watch:
        done = act(
            company=subject, kind=kind, path=file, actor=session.COMMAND_LINE, at=session.now(subject), watch=watch
        )
    verb = "would be stored" if dry_run else "stored"
    out.print(f"{done.created} {verb}, {done.unchanged} there already, {len(done.rejected)} rejected.")
    for row in done.rejected[:SHOWN]:
        out.print(f"  [red]✗[/] {escape(printable(str(row)))}")
    if len(done.rejected) > SHOWN:
        out.print(f"  … and {len(done.rejected) - SHOWN} more.")
    if done.rejected:
        raise Failure(f"{len(done.rejected)} rows were rejected: mend them and import the file again.", code=FAULTS)


@contextmanager
def watching(file: Path) -> Iterator[running.Watch]:
    """Show a bar with rate and remaining time while a file is taken in."""
    began = time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
    with Progress(*columns, console=out) as bar:
        task = bar.add_task(escape(printable(file.name)), total=lines_of(file), rate="")

        def watch(done: running.Progress) -> None:
            rate = done.line / (time.monotonic() - began)
            bar.update(task, completed=done.line, rate=f"{rate:,.0f} rows/s")

        yield watch


def lines_of(file: Path) -> int:
    """Return how many lines a file has, for the progress bar."""
    with file.open("rb") as stream:
        return sum(block.count(b"\n") for block in iter(lambda: stream.read(running.READING), b""))


def describe(importing: Importer) -> None:
    """Print the columns of a kind of file."""
    for column in importing.layout.columns:
        needed = " (required)" if column.required else ""
        out.print(f"[bold]{column.name}[/]{needed}: {escape(column.what)}")
