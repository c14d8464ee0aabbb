"""Commands about the movable clock of a sandbox company."""

import re
from datetime import datetime, timedelta
from typing import Annotated

import typer

from billhook.core.cadence import Cadence, CadenceUnit
from billhook.foundation.operations import advance_clock
from billhook.interfaces.cli import session
from billhook.interfaces.cli.outcome import Failure, out
from billhook.interfaces.cli.words import CompanyOption

clock = typer.Typer(help="The clock of a sandbox company.", no_args_is_help=True)
STEP = re.compile(r"(\d+)(h|d|w|mo|y)")


@clock.command()
def advance(
    by: Annotated[str, typer.Argument(help="How far: 12h, 1d, 2w, 1mo, 1y.")], company: CompanyOption = ""
) -> None:
    """Move the clock on; everything that falls due on the way happens, in order."""
    subject = session.company(company)
    to = later(session.now(subject), by)
    ran = advance_clock(company=subject, to=to, actor=session.COMMAND_LINE)
    out.print(f"It is {to:%d %B %Y %H:%M} UTC for {subject.name}; {ran} things fell due and happened.")


def later(at: datetime, by: str) -> datetime:
    """Return the instant that lies a stretch such as `1mo` after another.

    Raises:
        Failure: the stretch is written in another way.
    """
    match = STEP.fullmatch(by)
    if match is None:
        sentence = f"{by} is no stretch of time: write 12h, 1d, 2w, 1mo or 1y."
        raise Failure(sentence)
    count, unit = int(match[1]), match[2]
    if unit in ("mo", "y"):
        cadence = Cadence(CadenceUnit.MONTH if unit == "mo" else CadenceUnit.YEAR, max(count, 1))
        return datetime.combine(cadence.nth(at.date(), 1), at.timetz())
    return at + {"h": timedelta(hours=count), "d": timedelta(days=count), "w": timedelta(weeks=count)}[unit]
