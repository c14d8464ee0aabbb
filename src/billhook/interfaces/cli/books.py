"""Commands about the installation and its books: migrate, verify, doctor, db."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from billhook.foundation import database, digest, embedded
from billhook.foundation.checks import installation_checks
from billhook.foundation.embedded import Check
from billhook.foundation.models import Company
from billhook.foundation.scope import company_scope
from billhook.hooks.queries import plugin_checks
from billhook.interfaces.cli import session
from billhook.interfaces.cli.outcome import FAULTS, Failure, out
from billhook.interfaces.cli.serving import DEFAULT_PORT, free_port
from billhook.interfaces.cli.words import CompanyOption
from billhook.reports.verify import verify as verify_books

db = typer.Typer(help="The embedded database server.", no_args_is_help=True)


def migrate() -> None:
    """Bring the database up to date: tables, policies, triggers and rights. Safe to run at any time."""
    database.ensure_running()
    database.migrate()
    out.print("[green]✓[/] The database is up to date.")


def verify(
    company: CompanyOption = "",
    show_digest: Annotated[
        bool, typer.Option("--digest", help="Print the digest of the books: equal books, equal digest.")
    ] = False,
    parts: Annotated[bool, typer.Option("--parts", help="With --digest: one line for each part of the books.")] = False,
) -> None:
    """Audit the books of a company and name each fault, or print their digest."""
    subject = session.company(company)
    if show_digest:
        if parts:
            for name, value in digest.digest_parts(subject).items():
                print(f"{value}  {name}")
        print(digest.digest(subject))
        return
    faults = verify_books(subject)
    for fault in faults:
        out.print(f"[red]✗[/] {escape(str(fault))}")
    if faults:
        raise Failure(f"{len(faults)} faults were found in the books of {subject.name}.", code=FAULTS)
    out.print(f"[green]✓[/] The books of {escape(subject.name)} are sound.")


def doctor(
    port: Annotated[
        int, typer.Option(help="The port on which the console is to be served.", min=0, max=65535)
    ] = DEFAULT_PORT,
) -> None:
    """Look at everything Billhook stands on, and say for each fault what to do."""
    checks = [*installation_checks(), port_check(port)]
    if all(check.ok for check in checks[:-1]):
        for company in Company.objects.order_by("code"):
            with company_scope(company):
                checks.extend(plugin_checks())
    table = Table("", "Check", "Found", "What to do", box=None, pad_edge=False)
    for check in checks:
        words = (check.name, check.detail, "" if check.ok else check.fix)
        table.add_row("[green]✓[/]" if check.ok else "[red]✗[/]", *map(escape, words))
    out.print(table)
    wrong = sum(not check.ok for check in checks)
    if wrong:
        raise Failure(f"{wrong} of {len(checks)} checks failed.", code=FAULTS)


def port_check(port: int) -> Check:
    """Look whether a port can be listened on."""
    try:
        free_port("127.0.0.1", port)
    except Failure as failure:
        return Check(f"Port {port}", False, str(failure), "Serve on another port with --port.")  # noqa: FBT003
    return Check(f"Port {port}", True, "free", "")  # noqa: FBT003


@db.command()
def start() -> None:
    """Start the embedded server of this installation."""
    embedded.server().start()
    out.print("[green]✓[/] The embedded server runs.")


@db.command()
def stop() -> None:
    """Stop the embedded server of this installation."""
    embedded.server().stop()
    out.print("[green]✓[/] The embedded server is stopped.")


@db.command()
def status() -> None:
    """Say whether the embedded server runs."""
    found = embedded.server().status()
    out.print(f"The embedded server is {found.state}" + (f", process {found.pid}." if found.pid else "."))
