"""Work for now stands with its cause or falls with it; what is due runs in order, and one failure stops nobody."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.utils import OperationalError
from procrastinate.contrib.django.models import ProcrastinateJob
from tests.builders import CLERK, OPENING, make_company
from tests.processes import start_python

from billhook.foundation import clock, draining, jobs
from billhook.foundation.draining import JobsFailedError, JobsStuckError, drain
from billhook.foundation.jobs import DueItem, DueSource, company_job, due_items, register_due, tick
from billhook.foundation.models import Company, EventRecord
from billhook.foundation.operations import ClockBackwardsError, NotASandboxError, advance_clock
from billhook.foundation.queries import next_due_at
from billhook.foundation.scope import company_scope, current_company_id

HOUR = timedelta(hours=1)
DIE_AT_WORK = """
import sys, time
from tests.foundation import test_jobs
from billhook.foundation.draining import drain
test_jobs.calls.append = lambda call: (print("at work", flush=True), time.sleep(60))
drain()
"""


class Noted(list):
    """What the job was called with; `trouble` is raised as often as it is filled."""

    def __init__(self):
        super().__init__()
        self.trouble: list[Exception] = []


calls = Noted()


@company_job("tests.note")
def note(company: Company, *, word: str) -> None:
    if calls.trouble:
        raise calls.trouble.pop()
    calls.append((company.code, current_company_id() == company.pk, word))


@pytest.fixture(autouse=True)
def nothing_noted():
    calls.clear()
    calls.trouble.clear()


class Diary:
    """Due rows in memory: when, which; `run` strikes them out, or fails."""

    def __init__(self, name, entries, failing=()):
        self.entries, self.failing = dict(entries), set(failing)
        self.ran: list[tuple[str, object]] = []
        register_due(DueSource(name=name, find=self.find, run=self.run))

    def find(self, until):
        return [(due_at, key) for key, due_at in self.entries.items() if due_at <= until]

    def run(self, key, at):
        if key in self.failing:
            raise ZeroDivisionError
        del self.entries[key]
        self.ran.append((key, at))


@pytest.fixture
def company(db, monkeypatch):
    monkeypatch.setattr(jobs, "_sources", {})
    return make_company()


@pytest.mark.usefixtures("committed")
def test_a_job_lives_and_dies_with_its_cause():
    company = make_company()
    with pytest.raises(ZeroDivisionError):
        defer_and_fail(company)
    assert not ProcrastinateJob.objects.exists()
    with company_scope(company):
        note.defer(company_id=company.pk, word="kept")
    assert ProcrastinateJob.objects.count() == 1
    assert drain() == 1
    assert calls == [("kestrel", True, "kept")]


def defer_and_fail(company):
    with company_scope(company):
        note.defer(company_id=company.pk, word="lost")
        assert ProcrastinateJob.objects.count() == 1
        raise ZeroDivisionError


def test_a_passing_fault_is_met_by_trying_again(company):
    calls.trouble += [OperationalError("deadlock")] * (jobs.TRIES - 1)
    note.defer(company_id=company.pk, word="in the end")
    assert drain() == 1
    assert [word for *_, word in calls] == ["in the end"]


def test_a_fault_that_does_not_pass_fails_the_job_and_no_other(company):
    calls.trouble += [OperationalError("deadlock")] * jobs.TRIES
    note.defer(company_id=company.pk, word="never")
    note.defer(company_id=company.pk, word="second")
    with pytest.raises(JobsFailedError, match=r"tests\.note"):
        drain()
    assert [word for *_, word in calls] == ["second"]


def test_a_job_left_by_a_dead_process_is_taken_up(committed):
    company = make_company()
    note.defer(company_id=company.pk, word="once more")
    process = start_python(committed, DIE_AT_WORK)
    assert process.stdout is not None
    assert process.stdout.readline() == "at work\n", process.communicate()
    assert [job.status for job in ProcrastinateJob.objects.all()] == ["doing"]
    process.kill()
    process.communicate()
    assert drain() == 1
    assert calls == [("kestrel", True, "once more")]


WORK_UNTIL_KILLED = """
import asyncio, time
from asgiref.sync import async_to_sync
from procrastinate.contrib.django import app
from billhook.foundation import jobs
worker = async_to_sync(app.job_manager.register_worker)()
async_to_sync(app.job_manager.fetch_job)(None, worker)
print("at work", flush=True)
time.sleep(60)
"""


def test_a_job_of_a_killed_worker_is_put_back_once_it_has_been_silent(committed):
    company = make_company()
    note.defer(company_id=company.pk, word="again")
    process = start_python(committed, WORK_UNTIL_KILLED)
    assert process.stdout is not None
    assert process.stdout.readline() == "at work\n", process.communicate()
    process.kill()
    process.communicate()
    jobs.rescue_periodically.func(timestamp=0)
    assert [job.status for job in ProcrastinateJob.objects.all()] == ["doing"]
    with connection.cursor() as cursor:
        cursor.execute("update procrastinate_workers set last_heartbeat = now() - interval '2 minutes'")
    jobs.rescue_periodically.func(timestamp=0)
    assert [job.status for job in ProcrastinateJob.objects.all()] == ["todo"]
    assert drain() == 1
    assert calls == [("kestrel", True, "again")]


def test_a_drain_for_one_company_leaves_the_others_jobs_alone(db):
    one, other = make_company(), make_company("other")
    for company in (one, other):
        note.configure(queue=jobs.queue_of(company.pk)).defer(company_id=company.pk, word="hello")
    assert drain(one) == 1
    assert [job.queue_name for job in ProcrastinateJob.objects.filter(status="todo")] == [jobs.queue_of(other.pk)]


def test_a_drain_does_not_wait_for_ever_for_a_worker(company, monkeypatch):
    monkeypatch.setattr(draining, "PATIENCE", 0.1)
    note.defer(company_id=company.pk, word="busy")
    with connection.cursor() as cursor:
        cursor.execute("insert into procrastinate_workers default values returning id")
        cursor.execute("update procrastinate_jobs set status = 'doing', worker_id = %s", cursor.fetchone())
    with pytest.raises(JobsStuckError, match=r"tests\.note"):
        drain()
    assert calls == []


def test_what_is_due_runs_oldest_first_over_all_sources(company):
    first = Diary("a", {"1": OPENING - HOUR, "3": OPENING - HOUR / 4, "later": OPENING + HOUR})
    second = Diary("b", {"2": OPENING - HOUR / 2, "4": OPENING})
    assert [(item.source, item.key) for item in due_items(company, OPENING)] == [
        ("a", "1"), ("b", "2"), ("a", "3"), ("b", "4"),
    ]  # fmt: skip
    assert tick(company, OPENING) == 4
    assert [key for key, _ in first.ran] == ["1", "3"]
    assert [key for key, _ in second.ran] == ["2", "4"]
    assert first.entries == {"later": OPENING + HOUR}


def test_an_item_happens_now_however_long_it_has_been_due(company):
    diary = Diary("a", {"old": OPENING - 5 * HOUR, "new": OPENING + HOUR})
    tick(company, OPENING + HOUR)
    assert diary.ran == [("old", OPENING), ("new", OPENING + HOUR)]


def test_a_failing_item_does_not_stop_the_others_and_is_tried_at_the_next_tick(company):
    diary = Diary("a", {"bad": OPENING - HOUR, "good": OPENING}, failing={"bad"})
    assert tick(company, OPENING) == 1
    assert [key for key, _ in diary.ran] == ["good"]
    diary.failing.clear()
    assert tick(company, OPENING) == 1
    assert [key for key, _ in diary.ran] == ["good", "bad"]


def test_what_a_failing_item_wrote_is_taken_back(company):
    class Writes(Diary):
        def run(self, key, at):
            note.defer(company_id=company.pk, word=key)
            super().run(key, at)

    Writes("a", {"bad": OPENING, "good": OPENING}, failing={"bad"})
    tick(company, OPENING)
    drain()
    assert [word for *_, word in calls] == ["good"]


def test_the_clock_follows_what_falls_due_and_what_that_brings(company):
    diary = Diary("a", {"1": OPENING + HOUR, "3": OPENING + 3 * HOUR})

    def run(key, at):
        diary.ran.append((key, at, clock.company_now(current())))
        del diary.entries[key]
        if key == "1":
            diary.entries["2"] = OPENING + 2 * HOUR

    register_due(DueSource(name="a", find=diary.find, run=run))
    assert advance_clock(company=company, to=OPENING + 9 * HOUR, actor=CLERK) == 3
    times = [OPENING + hours * HOUR for hours in (1, 2, 3)]
    assert diary.ran == [(str(number), at, at) for number, at in enumerate(times, start=1)]
    assert company.clock_at == current_clock(company) == OPENING + 9 * HOUR


def current():
    return Company.objects.get(pk=current_company_id())


def current_clock(company):
    return Company.objects.get(pk=company.pk).clock_at


def test_the_clock_never_goes_back(company):
    Diary("a", {"overdue": OPENING - HOUR})
    with pytest.raises(ClockBackwardsError, match="cannot go back"):
        advance_clock(company=company, to=OPENING - HOUR, actor=CLERK)
    seen = []
    tick(company, OPENING, follow=lambda due_at: (draining.move_clock(company, due_at), seen.append(company.clock_at)))
    assert seen == [OPENING]


@pytest.mark.usefixtures("db")
def test_the_clock_of_a_live_company_cannot_be_moved():
    live = make_company(sandbox=False)
    with pytest.raises(NotASandboxError, match="live company"):
        advance_clock(company=live, to=clock.now() + HOUR, actor=CLERK)
    draining.move_clock(live, OPENING)
    assert current_clock(live) is None
    assert abs(clock.company_now(live) - clock.now()) < HOUR


def test_moving_a_clock_is_an_event_even_when_nothing_was_due(company):
    assert advance_clock(company=company, to=OPENING + HOUR, actor=CLERK) == 0
    with company_scope(company):
        record = EventRecord.objects.get(name="clock.advanced")
    assert (record.actor_name, record.at) == ("Clerk", OPENING + HOUR)


def test_the_machines_clock_leaves_sandboxes_alone(company):
    live = make_company("live", sandbox=False)
    diary = Diary("a", {"due": OPENING})
    looked = []
    find = lambda until: looked.append(current_company_id()) or diary.find(until)  # noqa: E731
    register_due(DueSource(name="a", find=find, run=diary.run))
    jobs.tick_all(timestamp=0)
    assert set(looked) == {live.pk} != {company.pk}
    assert [key for key, _ in diary.ran] == ["due"]


def test_what_comes_next_is_never_before_now(company):
    assert next_due_at(company) is None
    diary = Diary("a", {"old": OPENING - HOUR})
    assert next_due_at(company) == OPENING
    diary.entries = {"far": OPENING + 3 * HOUR, "near": OPENING + HOUR}
    assert next_due_at(company) == OPENING + HOUR


def test_items_are_ordered_by_time_then_source_then_key():
    items = [DueItem(OPENING, "b", "1"), DueItem(OPENING, "a", "2"), DueItem(OPENING - HOUR, "z", "9")]
    assert [(item.source, item.key) for item in sorted(items)] == [("z", "9"), ("a", "2"), ("b", "1")]
