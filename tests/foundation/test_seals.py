"""The hash chain over events finds every later touch."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections

from billhook.foundation.events import SYSTEM, emit
from billhook.foundation.happenings import ClockAdvanced
from billhook.foundation.models import Company, EventRecord
from billhook.foundation.scope import company_scope
from billhook.foundation.seals import REST, broken_seals, seal_events

AT = datetime(2026, 3, 1, tzinfo=UTC)


def sealed_company() -> Company:
    company = Company.objects.create(code="sealed", name="Sealed", currency="EUR", sandbox=True, clock_at=AT)
    with company_scope(company):
        for day in range(3):
            emit(ClockAdvanced(to=AT + timedelta(days=day)), actor=SYSTEM, at=AT)
    return company


@pytest.fixture
def company(db: None) -> Company:
    return sealed_company()


def later() -> datetime:
    return datetime.now(UTC) + REST + timedelta(minutes=1)


def faults(company: Company) -> list[str]:
    with company_scope(company):
        return list(broken_seals())


def test_events_at_rest_are_sealed_and_found_intact(company: Company) -> None:
    seal = seal_events(company, now=later())
    assert seal is not None
    assert (seal.number, seal.events) == (1, 3)
    assert faults(company) == []
    assert seal_events(company, now=later()) is None


def test_fresh_events_wait(company: Company) -> None:
    assert seal_events(company, now=datetime.now(UTC)) is None


def test_the_chain_goes_on(company: Company) -> None:
    seal_events(company, now=later())
    with company_scope(company):
        emit(ClockAdvanced(to=AT), actor=SYSTEM, at=AT)
    seal = seal_events(company, now=later())
    assert seal is not None
    assert (seal.number, seal.events) == (2, 1)
    assert faults(company) == []


@pytest.mark.parametrize(
    "touch",
    [
        "update foundation_event set data = jsonb_build_object('to', 'never') where id = %s",
        "update foundation_event set actor_name = 'somebody else' where id = %s",
        "delete from foundation_event where id = %s",
    ],
)
@pytest.mark.usefixtures("committed")
def test_a_touched_event_breaks_its_seal(touch: str) -> None:
    company = sealed_company()
    seal_events(company, now=later())
    with company_scope(company):
        victim = EventRecord.objects.order_by("pk")[1].pk
    with connections["owner"].cursor() as cursor:
        # The append-only trigger has to be got out of the way first, which only the owner of the table can do.
        cursor.execute("alter table foundation_event disable trigger user")
        cursor.execute(touch, [victim])
        cursor.execute("alter table foundation_event enable trigger user")
    assert [fault[:6] for fault in faults(company)] == ["Seal 1"]
