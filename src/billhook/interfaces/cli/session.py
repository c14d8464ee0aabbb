"""What most commands need first: a database that answers, and the company they are about."""

import uuid
from datetime import datetime

import structlog

from billhook.core.errors import Refusal
from billhook.foundation import clock, database
from billhook.foundation.database import DatabaseNotReadyError
from billhook.foundation.events import Actor
from billhook.foundation.models import Company
from billhook.interfaces.cli.outcome import WORLD, Failure

COMMAND_LINE = Actor(kind="system", name="command line")


class UnknownCompanyError(Refusal):
    """Raised when no company has a code, or none was named where there are several."""

    def __init__(self, code: str, known: list[str]) -> None:
        there = f"choose one of {', '.join(known)}" if known else "there is none yet (billhook demo makes one)"
        what = f"There is no company {code}" if code else "There are several companies, or none"
        super().__init__(f"{what}: {there}.")


def connect() -> None:
    """Start or check the database and give this command a request id, which its events carry."""
    structlog.contextvars.bind_contextvars(request_id=uuid.uuid4().hex)
    try:
        database.ensure_running()
    except DatabaseNotReadyError as trouble:
        raise Failure(str(trouble), code=WORLD) from trouble
    if database.pending_migrations():
        raise Failure("The tables are not up to date: run billhook migrate.", code=WORLD)


def company(code: str) -> Company:
    """Return a company by its code; an empty code means the only one there is.

    Raises:
        UnknownCompanyError: there is none of that code, or more than one to choose from.
    """
    connect()
    companies = list(Company.objects.order_by("code"))
    found = [one for one in companies if one.code == code or not code]
    if len(found) != 1:
        raise UnknownCompanyError(code, [one.code for one in companies])
    return found[0]


def now(of: Company) -> datetime:
    """Return the company's time."""
    return clock.company_now(of)
