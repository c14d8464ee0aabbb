"""What the tests of the upper rooms do again and again: bill a date, load calls, let time pass, undo what was tried."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from tests.builders import CLERK, call, make_books, write_calls

from billhook.billing.models import BillingRun
from billhook.billing.operations.approve import approve_run
from billhook.billing.operations.start import start_run
from billhook.foundation.draining import drain, move_clock, run_until
from billhook.foundation.events import Event, from_record
from billhook.foundation.models import Company, EventRecord
from billhook.foundation.scope import company_scope
from billhook.mediation.models import MediationBatch
from billhook.mediation.operations.load import load_file

MARCH, APRIL, MAY = date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1)


def at(month: int, day: int, hour: int = 12, minute: int = 0) -> datetime:
    """Return an instant of 2026."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


LOADED_AT = at(4, 1, 1)


def open_books(folder: Path, monkeypatch: pytest.MonkeyPatch, *, customers: int = 1) -> Company:
    """Make small books with a home of their own, and let what their making caused happen."""
    monkeypatch.setenv("BILLHOOK_HOME", str(folder / "home"))
    company = make_books(folder / "outside", customers=customers)
    drain()
    return company


def preview(company: Company, bill_date: date, *, when: datetime | None = None) -> BillingRun:
    """Compute a run up to its review."""
    with company_scope(company):
        run = start_run(bill_date=bill_date, actor=CLERK, at=when or at(bill_date.month, bill_date.day))
    drain()
    with company_scope(company):
        run.refresh_from_db()
    return run


def approve(company: Company, run: BillingRun, *, when: datetime | None = None) -> BillingRun:
    """Approve a run in review and issue its invoices, with everything that follows."""
    with company_scope(company):
        approve_run(run=run, actor=CLERK, at=when or run.started_at)
    drain()
    with company_scope(company):
        run.refresh_from_db()
    return run


def bill_date(company: Company, on: date, *, when: datetime | None = None) -> BillingRun:
    """Preview, approve and commit the run of a date."""
    return approve(company, preview(company, on, when=when))


def load(company: Company, path: Path, *, when: datetime = LOADED_AT, source: str = "pbx") -> MediationBatch:
    """Load a usage file."""
    return load_file(company=company, source_code=source, path=path, actor=CLERK, at=when).batch


def calls_of(path: Path, account: str, lengths: list[int], *, first: datetime = datetime(2026, 3, 2, 9)) -> Path:  # noqa: DTZ001 - local, as a switch writes it
    """Write answered calls of some lengths in seconds, four a day at different minutes, and return the file."""
    starts = [first.replace(day=first.day + place // 8 % 26, hour=9 + place % 8) for place in range(len(lengths))]
    return write_calls(
        path,
        [
            call(account, length, start, ordinal=place)
            for place, (length, start) in enumerate(zip(lengths, starts, strict=True))
        ],
    )


def pass_time(company: Company, to: datetime) -> None:
    """Let a sandbox company's clock come to an instant, with everything that falls due before."""
    run_until(company, to)
    move_clock(company, to)
    drain()


def happened(company: Company, kind: type[Event]) -> list[Any]:
    """Return the events of a kind, in the order in which they happened."""
    with company_scope(company):
        return [from_record(record) for record in EventRecord.objects.filter(name=kind.name).order_by("id")]


@contextmanager
def undone() -> Iterator[None]:
    """Try something and undo it in the database."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def execute(statement: str, *parameters: object) -> int:
    """Run a statement on the connection of the tests, in the scope that is open, and return how many rows it met."""
    with connection.cursor() as cursor:
        cursor.execute(statement, list(parameters))
        return cursor.rowcount


def charged(folder: Path) -> list[dict[str, Any]]:
    """Return what the sandbox processor has in its own books."""
    journal = folder / "outside" / "gateway" / "journal.jsonl"
    return [json.loads(line) for line in journal.read_text().splitlines()] if journal.exists() else []
