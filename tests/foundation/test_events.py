"""Events are written once with who, when and on whose request; reactions run beside them or after them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import ClassVar

import pytest
import structlog
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from procrastinate.contrib.django.models import ProcrastinateJob
from tests.builders import CLERK, OPENING, make_company

from billhook.foundation import clock, draining, events, jobs
from billhook.foundation.checks import failed_jobs
from billhook.foundation.draining import JobsFailedError, drain
from billhook.foundation.events import Event, UnknownEventError, as_data, emit, emit_many, from_record, on
from billhook.foundation.models import EventRecord
from billhook.foundation.scope import company_scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried(Event):
    """Something with a field of every kind."""

    name: ClassVar[str] = "tests.tried"
    sentence: ClassVar[str] = "{what} costs {amount} {currency} on {day}."
    subject_field: ClassVar[str] = "what"

    what: str = ""
    amount: Decimal = Decimal(0)
    currency: str = "EUR"
    day: date | None = None
    instant: datetime | None = None
    parts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone(Event):
    """An event whose plugin will be taken away."""

    name: ClassVar[str] = "tests.gone"


class Killed(BaseException):
    """The end of a process, as far as a job can tell."""


@dataclass
class Handler:
    """Notes which events it was called with; `before` runs first and may raise."""

    __qualname__ = "handler"
    before: Callable[[Event], None] = as_data

    def __post_init__(self):
        self.seen: list[str] = []
        self.scoped: list[bool] = []

    def __call__(self, event, _occasion):
        self.before(event)
        self.seen.append(event.what)
        self.scoped.append(connection.in_atomic_block)


@pytest.fixture
def company(db):
    return make_company()


@pytest.fixture
def react(monkeypatch):
    """Register a reaction to `Tried` for this test alone."""

    def register(when, before=as_data):
        handler = Handler(before)
        handler.__qualname__ = f"handler_{len(events.reactions_to(Tried.name))}"
        on(Tried, handler, when=when)
        return handler

    monkeypatch.setitem(events._reactions, Tried.name, [])
    return register


def tried(*names):
    return [Tried(what=name) for name in names]


def fail_at(name, error):
    """Return a check that raises at one event for as long as it is told to."""
    still = [True]

    def check(event):
        if event.what == name and still[0]:
            raise error

    return check, still


def test_an_event_says_who_when_and_on_which_request(company):
    with structlog.contextvars.bound_contextvars(request_id="r-1"), company_scope(company):
        emit(Tried(what="w", customer="1001"), actor=CLERK, at=OPENING)
        record = EventRecord.objects.get(name="tests.tried")
    assert (record.actor_kind, record.actor_name, record.at) == ("person", "Clerk", OPENING)
    assert (record.customer, record.subject, record.request_id) == ("1001", "w", "r-1")
    assert abs(clock.now() - record.recorded_at).total_seconds() < 60
    assert events.actor_of(record) == CLERK


aware = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
decimals = st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=-(10**9), max_value=10**9)


@given(
    st.builds(
        Tried,
        what=st.text(),
        amount=decimals,
        day=st.none() | st.dates(),
        instant=st.none() | aware,
        parts=st.lists(st.integers()).map(tuple),
    )
)
def test_an_event_comes_back_as_it_was(event):
    stored = json.loads(json.dumps(as_data(event)))
    assert from_record(EventRecord(company_id=1, name=event.name, data=stored)) == event


def test_an_event_comes_back_from_the_database(company):
    event = Tried(what="ünï", amount=Decimal("0.050000000001"), day=date(2026, 3, 1), instant=OPENING, parts=(1, 2))
    with company_scope(company):
        emit(event, actor=CLERK, at=OPENING)
        assert from_record(EventRecord.objects.get(name=event.name)) == event


def test_amounts_in_a_sentence_have_the_decimals_of_their_currency():
    assert (
        Tried(what="A", amount=Decimal("2.5000"), day=date(2026, 3, 1)).describe() == "A costs 2.50 EUR on 2026-03-01."
    )
    assert "costs 3 JPY" in Tried(amount=Decimal("3.0000"), currency="JPY").describe()


def test_an_unknown_event_is_named(company, monkeypatch):
    with company_scope(company):
        emit(Gone(), actor=CLERK, at=OPENING)
        record = EventRecord.objects.get(name="tests.gone")
    assert type(from_record(record)) is Gone
    monkeypatch.delitem(events._types, Gone.name)
    with pytest.raises(UnknownEventError, match=r"tests\.gone"):
        from_record(record)


def test_a_reaction_in_the_transaction_takes_its_cause_down_with_it(company, react):
    check, _ = fail_at("b", ZeroDivisionError())
    handler = react("in transaction", check)
    with pytest.raises(ZeroDivisionError), company_scope(company):
        emit_many(tried("a", "b"), actor=CLERK, at=OPENING)
    with company_scope(company):
        assert not EventRecord.objects.filter(name="tests.tried").exists()
    assert handler.seen == ["a"]
    assert not ProcrastinateJob.objects.exists()


@pytest.mark.usefixtures("committed")
def test_reactions_after_the_commit_run_once_and_in_order(react):
    company = make_company()
    after, alone = react("after"), react("alone")
    with company_scope(company):
        emit_many(tried(*"cab"), actor=CLERK, at=OPENING)
        assert after.seen == alone.seen == []
    assert drain() == 2
    assert after.seen == alone.seen == ["c", "a", "b"]
    assert after.scoped == [True] * 3
    assert alone.scoped == [False] * 3
    assert drain() == 0
    assert after.seen == ["c", "a", "b"]


@pytest.mark.usefixtures("committed")
def test_what_a_rolled_back_happening_caused_never_runs(react):
    company = make_company()
    handler = react("after")
    with pytest.raises(ZeroDivisionError):
        emit_and_fail(company)
    assert drain() == 0
    assert handler.seen == []


def emit_and_fail(company):
    with company_scope(company):
        emit(Tried(what="a"), actor=CLERK, at=OPENING)
        assert ProcrastinateJob.objects.exists()
        raise ZeroDivisionError


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("when", ["after", "alone"])
def test_reactions_go_on_after_a_crash(react, when):
    company = make_company()
    check, still = fail_at("b", Killed())
    handler = react(when, check)
    with company_scope(company):
        emit_many(tried(*"abc"), actor=CLERK, at=OPENING)
    with pytest.raises(Killed):
        drain()
    assert handler.seen == ["a"]
    assert [job.status for job in ProcrastinateJob.objects.all()] == ["doing"]
    still[0] = False
    assert drain() == 1
    # The dead process told nobody that "a" was done; a reaction has to bear being called again.
    assert handler.seen == ["a", "a", "b", "c"]
    assert [job.status for job in ProcrastinateJob.objects.all()] == ["succeeded"]


def test_a_failing_reaction_is_named_stops_no_other_and_is_tried_again(company, react):
    check, still = fail_at("b", ZeroDivisionError())
    failing, other = react("after", check), react("after")
    with company_scope(company):
        emit_many(tried(*"abc"), actor=CLERK, at=OPENING)
    with pytest.raises(JobsFailedError, match=r"foundation\.react"):
        drain()
    assert other.seen == ["a", "b", "c"]
    assert failing.seen == ["a", "c"]
    still[0] = False
    assert drain() == 1
    assert failing.seen[2:] == other.seen == ["a", "b", "c"]
    assert drain() == 0
    assert failed_jobs().ok


def test_a_reaction_that_keeps_failing_is_left_to_people_in_the_end(company, react):
    check, _ = fail_at("b", ZeroDivisionError())
    react("after", check)
    with company_scope(company):
        emit_many(tried("b"), actor=CLERK, at=OPENING)
    for _ in range(jobs.MOST_ATTEMPTS):
        assert failed_jobs().ok
        with pytest.raises(JobsFailedError):
            drain()
    assert drain() == 0
    assert not failed_jobs().ok
    assert [job.status for job in ProcrastinateJob.objects.all()] == ["failed"]


@pytest.mark.usefixtures("committed")
def test_what_a_failing_reaction_wrote_is_taken_back(react):
    company = make_company()

    def write_and_fail(event):
        emit(Gone(customer=event.what), actor=CLERK, at=OPENING)
        if event.what == "b":
            raise ZeroDivisionError

    react("after", write_and_fail)
    with company_scope(company):
        emit_many(tried(*"ab"), actor=CLERK, at=OPENING)
    with pytest.raises(JobsFailedError):
        drain()
    with company_scope(company):
        assert [record.customer for record in EventRecord.objects.filter(name="tests.gone")] == ["a"]


@pytest.mark.usefixtures("committed")
def test_many_events_are_reacted_to_in_jobs_of_bounded_size(react):
    company = make_company()
    handler = react("after")
    names = [str(number) for number in range(events.AFTER_CHUNK + 1)]
    with company_scope(company):
        emit_many(tried(*names), actor=CLERK, at=OPENING)
    assert [len(job.args["record_ids"]) for job in ProcrastinateJob.objects.order_by("id")] == [events.AFTER_CHUNK, 1]
    assert drain() == 2
    assert handler.seen == names


def test_a_reaction_is_registered_once(react):
    handler = react("after")
    on(Tried, handler, when="after")
    assert len(events.reactions_to(Tried.name)) == 1


def test_a_reaction_may_cause_events_that_are_reacted_to_in_the_same_drain(company, react):
    def cause(event):
        if event.what == "first":
            emit(Tried(what="second"), actor=CLERK, at=OPENING)

    handler = react("after", cause)
    with company_scope(company):
        emit(Tried(what="first"), actor=CLERK, at=OPENING)
    assert drain() == 2
    assert handler.seen == ["first", "second"]
    assert draining.drain() == 0


def test_many_events_are_stored_in_their_order_with_the_same_facts(company):
    told = [Tried(customer="1001", what=f"thing {n}", amount=Decimal(n), parts=(n,)) for n in range(events.MANY + 1)]
    with company_scope(company):
        emit_many(told, actor=CLERK, at=OPENING)
        stored = list(EventRecord.objects.filter(name=Tried.name).order_by("id"))
    assert [from_record(record) for record in stored] == told
    assert {(record.customer, record.at, record.actor_name) for record in stored} == {("1001", OPENING, CLERK.name)}
    assert all(record.recorded_at for record in stored)
