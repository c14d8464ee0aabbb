"""Background work: jobs deferred in the transaction of their cause, and `tick`, which runs what is due.

procrastinate carries only work for now. What happens later is a row with a `due_at` in its own room, in the
company's time, and a `DueSource` that finds and runs it.
"""

import functools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from asgiref.sync import async_to_sync
from django.db import connection
from django.db.utils import OperationalError as DjangoOperationalError
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.tasks import Task
from psycopg.errors import DeadlockDetected, SerializationFailure

from billhook.foundation import answers, attempts, clock, events, seals
from billhook.foundation.models.companies import Company
from billhook.foundation.scope import company_scope

log = structlog.get_logger()

DRAIN_LOCK = 0x62696C6C686F6F6B  # "billhook"
STALLED_SECONDS = 60
TRIES = 5
PASSING_FAULTS = (DeadlockDetected, SerializationFailure, DjangoOperationalError)
MOST_ATTEMPTS = 8
AGAIN = RetryStrategy(max_attempts=MOST_ATTEMPTS, exponential_wait=4)
"""A job that fails is tried again after 4, 16, 64 … seconds, about a day in all: the outside may come back."""


def company_job(name: str) -> Callable[[Callable[..., None]], Task[..., None, Any]]:
    """Declare a job that runs inside one company's scope.

    The decorated function is called with the company first; whoever defers it passes `company_id`.
    """

    def declare(function: Callable[..., None]) -> Task[..., None, Any]:
        @functools.wraps(function)
        def run(*, company_id: int, **arguments: Any) -> None:
            with company_scope(company_id):
                function(Company.objects.get(pk=company_id), **arguments)

        return app.task(name=name, retry=AGAIN, pass_context=False)(run)

    return declare


@app.task(name="foundation.react", retry=AGAIN)
def react(*, company_id: int, reaction: str, record_ids: list[int]) -> None:
    """Run one reaction to each of some stored events, each in its own transaction; one that fails stops no other.

    Raises:
        ExceptionGroup: what failed; the job is tried again, and what went well bears that.
    """
    company, troubles = Company.objects.get(pk=company_id), []
    for record_id in record_ids:
        try:
            events.react(company=company, reaction_key=reaction, record_id=record_id)
        except PASSING_FAULTS:
            raise
        except Exception as trouble:  # noqa: BLE001 - raised with the others at the end
            troubles.append(trouble)
    if troubles:
        message = f"{reaction} failed for {len(troubles)} of {len(record_ids)} events"
        raise ExceptionGroup(message, troubles)


def queue_of(company_id: int) -> str:
    """Return the queue of a company's jobs, so that a drain for one company leaves the others' alone."""
    return f"company-{company_id}"


def _defer_reaction(company_id: int, reaction: str, record_ids: list[int]) -> None:
    ids: list[Any] = [*record_ids]
    react.configure(queue=queue_of(company_id)).defer(company_id=company_id, reaction=reaction, record_ids=ids)


events.defer_with(_defer_reaction)


@dataclass(frozen=True, slots=True, order=True)
class DueItem:
    """Something that is due: when, of which source, and which row."""

    due_at: datetime
    source: str
    key: str


@dataclass(frozen=True, slots=True)
class DueSource:
    """How a room's due rows are found and run.

    `find` lists the items due at or before an instant (inclusive), oldest first; `run` does one and must leave it
    no longer due. Both are called inside the company's scope; `run` is handed the item's key and the company's time.
    """

    name: str
    find: Callable[[datetime], Iterable[tuple[datetime, str]]]
    run: Callable[[str, datetime], None]


_sources: dict[str, DueSource] = {}


def register_due(source: DueSource) -> None:
    """Add a room's or a plugin's due rows to what `tick` looks at."""
    _sources[source.name] = source


def due_items(company: Company, until: datetime) -> list[DueItem]:
    """Return everything of a company that is due at or before `until`, in the order in which it has to run."""
    with company_scope(company):
        return sorted(
            DueItem(due_at=due_at, source=source.name, key=key)
            for source in _sources.values()
            for due_at, key in source.find(until)
        )


def run_due(company: Company, item: DueItem) -> bool:
    """Run one due item in its own transaction and return whether it went well; a failure is logged, not raised.

    It happens now, in the company's time; a clock that has not come so far yet counts as having come.
    """
    at = max(item.due_at, clock.company_now(company))
    try:
        with company_scope(company):
            _sources[item.source].run(item.key, at)
    except Exception:
        log.exception("due item failed", company=company.code, source=item.source, key=item.key)
        return False
    return True


def tick(
    company: Company,
    until: datetime,
    *,
    settle: Callable[[], object] | None = None,
    follow: Callable[[datetime], None] | None = None,
) -> int:
    """Run what is due at or before `until`, oldest first, and return how many items ran.

    Args:
        company: whose rows.
        until: an instant in the company's time, inclusive.
        settle: called before each look at what is due, so that jobs can drain; then one item runs at a look.
        follow: called with an item's `due_at` before it runs, so that a movable clock can follow.
    """
    ran, failed = 0, set[DueItem]()
    while True:
        if settle is not None:
            settle()
        items = [item for item in due_items(company, until) if item not in failed]
        if not items:
            return ran
        for item in items[:1] if settle else items:
            if follow is not None:
                follow(item.due_at)
            if run_due(company, item):
                ran += 1
            else:
                failed.add(item)


@app.periodic(cron="* * * * *")
@app.task(name="foundation.tick", queueing_lock="foundation.tick")
def tick_all(timestamp: int) -> None:
    """Run each minute what is due in every company on the machine's clock; a sandbox waits for its own clock."""
    del timestamp
    for company in Company.objects.filter(sandbox=False):
        with _on_its_own("tick", company):
            tick(company, clock.now())


@app.periodic(cron="30 * * * *")
@app.task(name="foundation.seal", queueing_lock="foundation.seal")
def seal_all(timestamp: int) -> None:
    """Seal each hour the events of every company that have come to rest."""
    del timestamp
    for company in Company.objects.all():
        with _on_its_own("sealing", company):
            seals.seal_events(company, now=clock.now())


@app.periodic(cron="15 * * * *")
@app.task(name="foundation.forget", queueing_lock="foundation.forget")
def forget_all(timestamp: int) -> None:
    """Remove each hour the answers and the counted attempts that are more than a day old."""
    del timestamp
    attempts.forget(clock.now())
    for company in Company.objects.all():
        with _on_its_own("forgetting", company), company_scope(company):
            answers.forget(clock.now())


@contextmanager
def _on_its_own(what: str, company: Company) -> Iterator[None]:
    """Let one company's trouble be logged and stop no other company's work."""
    try:
        yield
    except Exception:
        log.exception("a company's turn failed", turn=what, company=company.code)


def rescue(*, stalled_seconds: int = STALLED_SECONDS) -> int:
    """Put back the jobs of workers that have died, and return how many.

    A worker tells every few seconds that it lives; one that has been silent for `stalled_seconds` is dead. A job that
    is being done by nobody was left by a drain that died: call this only while no drain is at work.
    """
    async_to_sync(app.job_manager.prune_stalled_workers)(stalled_seconds)
    orphans = list(ProcrastinateJob.objects.filter(status="doing", worker_id=None).values_list("id", flat=True))
    for job_id in orphans:
        app.job_manager.retry_job_by_id(job_id=job_id, retry_at=clock.now())
    return len(orphans)


@app.periodic(cron="* * * * *")
@app.task(name="foundation.rescue", queueing_lock="foundation.rescue")
def rescue_periodically(timestamp: int) -> None:
    """Put back each minute the jobs that a killed worker or drain has left, unless a drain is at work."""
    del timestamp
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s)", [DRAIN_LOCK])
        if not cursor.fetchone()[0]:
            return
        try:
            rescue()
        finally:
            cursor.execute("select pg_advisory_unlock(%s)", [DRAIN_LOCK])
