"""Running the waiting jobs here and now, for a sandbox clock, a command and a test: in order, until none is left.

`billhook worker` is the place for jobs in production. A drain works on Django's own connection and takes its jobs
without a worker's id, one drain at a time; so a job that is being done by nobody was left by a process that died, and
the next drain takes it up again.
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog
from asgiref.sync import async_to_sync
from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Job, Status

from billhook.foundation import clock, jobs
from billhook.foundation.models.companies import Company

log = structlog.get_logger()

PATIENCE = 120.0


class JobsStuckError(RuntimeError):
    """Raised when another worker does not finish what it has begun."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(f"A worker has been busy for two minutes with {', '.join(names)}: see its log, or stop it.")


class JobsFailedError(RuntimeError):
    """Raised when jobs that were run here failed; the others were run."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        super().__init__(f"Background jobs failed: {', '.join(names)}. The log says why; they are tried again.")


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s)", [jobs.DRAIN_LOCK])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_unlock(%s)", [jobs.DRAIN_LOCK])


def _due_now(company: Company | None) -> None:
    """Let the jobs that wait for another attempt be due, of one company or of all."""
    waiting = "update procrastinate_jobs set scheduled_at = null where status = 'todo' and scheduled_at > now()"
    with connection.cursor() as cursor:
        if company is None:
            cursor.execute(waiting)
        else:
            cursor.execute(f"{waiting} and queue_name = %s", [jobs.queue_of(company.pk)])


def _arguments(job: Job) -> dict[str, Any]:
    """Return a job's arguments; Django's connection leaves JSON as text."""
    given: Any = job.task_kwargs
    arguments: dict[str, Any] = json.loads(given) if isinstance(given, str) else given
    return arguments


def _put_back(job: Job) -> None:
    """Let a failed job wait for the next drain or worker; after the most attempts it has failed for good."""
    if job.id is None or job.attempts + 1 >= jobs.MOST_ATTEMPTS:
        async_to_sync(app.job_manager.finish_job)(job, Status.FAILED, delete_job=False)
    else:
        later = clock.now() + timedelta(seconds=4 ** (job.attempts + 1))
        app.job_manager.retry_job_by_id(job_id=job.id, retry_at=later)


def _run(job: Job) -> bool:
    """Run one job and return whether it went well; a passing fault of the database is met by trying again."""
    for attempt in range(1, jobs.TRIES + 1):
        try:
            app.tasks[job.task_name].func(**_arguments(job))
        except jobs.PASSING_FAULTS:
            if attempt == jobs.TRIES:
                log.exception("job failed", job=job.task_name)
        except Exception:
            log.exception("job failed", job=job.task_name)
            return False
        else:
            return True
    return False


def drain(company: Company | None = None) -> int:
    """Run every job that waits, and every job that those defer, and return how many ran.

    Args:
        company: whose jobs; None means those of all companies.

    Raises:
        JobsStuckError: another worker holds a job for more than two minutes.
        JobsFailedError: some failed; all the others were run.
    """
    failed: list[str] = []
    queues = None if company is None else [jobs.queue_of(company.pk)]
    ran, fetch, finish = 0, async_to_sync(app.job_manager.fetch_job), async_to_sync(app.job_manager.finish_job)
    deadline = time.monotonic() + PATIENCE
    with _one_at_a_time():
        jobs.rescue()
        _due_now(company)
        while True:
            # A drain has no worker's id on purpose, see above; the SQL function takes null.
            job = fetch(queues, None)  # type: ignore[arg-type]
            if job is not None:
                ran += 1
                if _run(job):
                    finish(job, Status.SUCCEEDED, delete_job=False)
                else:
                    failed.append(job.task_name)
                    _put_back(job)
            elif not _others_at_work(queues, deadline):
                break
    if failed:
        raise JobsFailedError(failed)
    return ran


def _others_at_work(queues: Sequence[str] | None, deadline: float) -> bool:
    """Wait a moment for jobs that another worker is doing, and return whether there were any."""
    doing = ProcrastinateJob.objects.filter(status="doing")
    if queues is not None:
        doing = doing.filter(queue_name__in=queues)
    names = list(doing.values_list("task_name", flat=True))
    if names and time.monotonic() > deadline:
        raise JobsStuckError(names)
    if names:
        time.sleep(0.05)
    return bool(names)


def move_clock(company: Company, to: datetime) -> None:
    """Set a sandbox company's clock, never backwards."""
    Company.objects.filter(pk=company.pk, sandbox=True, clock_at__lt=to).update(clock_at=to)
    company.refresh_from_db(fields=["clock_at"])


class Ran(NamedTuple):
    """How many due items ran, and the names of jobs that failed on the way."""

    items: int
    failed_jobs: tuple[str, ...]


def run_until(company: Company, until: datetime) -> Ran:
    """Run what falls due in a sandbox company up to an instant, its clock following, and the jobs it causes.

    A job that fails does not stop the clock. The clock stands at the last item that ran.
    """
    failed: list[str] = []

    def settle() -> None:
        try:
            drain(company)
        except JobsFailedError as trouble:
            failed.extend(trouble.names)

    ran = jobs.tick(company, until, settle=settle, follow=lambda due_at: move_clock(company, due_at))
    return Ran(items=ran, failed_jobs=tuple(sorted(set(failed))))
