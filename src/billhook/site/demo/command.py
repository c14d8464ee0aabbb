"""The command `billhook demo`: plays the example, narrates it, then serves the console with a link that signs in."""

import time
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from billhook.foundation import database, embedded
from billhook.foundation.addresses import uses_embedded
from billhook.foundation.digest import digest
from billhook.foundation.models import Company, Person
from billhook.foundation.operations import make_sign_in_link
from billhook.interfaces.cli import session
from billhook.interfaces.cli.outcome import out
from billhook.interfaces.cli.serving import DEFAULT_PORT, PortOption, free_port, run_server
from billhook.site.demo import cast
from billhook.site.demo.setting import set_stage
from billhook.site.demo.story import SCENES, play


def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="Stop when the story is told, the database server too.")] = False,
    host: Annotated[str, typer.Option(help="The address of the console.")] = "127.0.0.1",
    port: PortOption = DEFAULT_PORT,
) -> None:
    """Play the example in a sandbox company: sign-ups, calls, bills, payments, collections; then serve the console.

    May be stopped, killed and run again at any time: it goes on where it stood and ends in the same books.
    """
    began = time.monotonic()
    out.rule("[bold]Billhook[/] · the example that must always work")
    database.ensure_running()
    database.migrate()
    session.connect()
    company = set_stage()
    narrate(company)
    out.print(f"Told in {time.monotonic() - began:.1f} s. The digest of the books is {digest(company)}.")
    if once:
        if uses_embedded():
            embedded.server().stop()
        return
    port = free_port(host, port)
    token = make_sign_in_link(person=Person.objects.get(email=cast.OPERATOR_EMAIL))
    out.print(f"Open [bold link]http://{host}:{port}/sign-in/{token}/[/] — the link signs you in, once.")
    run_server(host=host, port=port)


def narrate(company: Company) -> None:
    """Play every scene under a progress bar, its tables above the bar."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=out, transient=True) as progress:
        bar = progress.add_task("", total=len(SCENES))
        for number, scene in enumerate(play(company)):
            progress.update(bar, description=scene.title, completed=number)
            out.print(f"\n[bold cyan]{number + 1}. {scene.title}[/]")
