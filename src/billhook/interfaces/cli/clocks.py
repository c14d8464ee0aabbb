"""Commands about the movable clock of a sandbox company."""

import re
from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.markup import escape

from billhook.core.cadence import Cadence, CadenceUnit
from billhook.foundation.operations import advance_clock
from billhook.interfaces.cli import session
from billhook.interfaces.cli.outcome import Failure, out
from billhook.interfaces.cli.words import CompanyOption

clock = typer.Typer(help="The clock of a sandbox company.", no_args_is_help=True)
STEP = re.compile(r"0*([1-9][0-9]{0,17})(h|d|w|mo|y)")
MONTHLY = {"mo": CadenceUnit.MONTH, "y": CadenceUnit.YEAR}
STEADY = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


@clock.command()
def advance(
    by: Annotated[str, typer.Argument(help="How far: 12h, 1d, 2w, 1mo, 1y.")], company: CompanyOption = ""
) -> None:
    """Move the clock on; everything that falls due on the way happens, in order."""
    subject = session.company(company)
    to = later(session.now(subject), by)
    ran = advance_clock(company=subject, to=to, actor=session.COMMAND_LINE)
    out.print(f"It is {to:%d %B %Y %H:%M} UTC for {escape(subject.name)}; {ran} things fell due and happened.")


def later(at: datetime, by: str) -> datetime:
    """Return the instant that lies a stretch such as `1mo` after another.

    Raises:
        Failure: the stretch is written in another way, is none at all, or leads past the end of the calendar.
    """
    match = STEP.fullmatch(by)
    if match is None:
        sentence = f"{by} is no stretch of time: write 12h, 1d, 2w, 1mo or 1y."
        raise Failure(sentence)
    try:
        return moved(at, int(match[1]), match[2])
    except (OverflowError, ValueError) as trouble:
        sentence = f"{by} leads past the year 9999, where the calendar ends: choose a shorter stretch."
        raise Failure(sentence) from trouble


def moved(at: datetime, count: int, unit: str) -> datetime:
    """Return the instant some units later; months and years keep the day, as far as the month has it."""
    if unit in MONTHLY:
        return datetime.combine(Cadence(MONTHLY[unit], count).nth(at.date(), 1), at.timetz())
    return at + count * STEADY[unit]
