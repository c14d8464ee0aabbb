"""A billing cycle changes on a date: planned, withdrawn, and in force when the lines have moved."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, transaction
from tests.builders import CLERK
from tests.customers.joining import BY, events, join

from billhook.core.cadence import CadenceError
from billhook.customers.models import CycleChange
from billhook.customers.operations.close import close_customer
from billhook.customers.operations.cycle import (
    CycleChangeInPastError,
    CycleChangeSettledError,
    CycleChangeTooEarlyError,
    NewCycle,
    apply_cycle_change,
    plan_cycle_change,
    withdraw_cycle_change,
)
from billhook.customers.queries import by_number, cycle_changes_due, planned_cycle_changes
from billhook.customers.refusals import CustomerClosedError, MalformedError

pytestmark = pytest.mark.usefixtures("company")

JUNE = date(2026, 6, 1)
LATER = {"actor": CLERK, "at": datetime(2026, 6, 16, 10, tzinfo=UTC)}


def plan(customer, **given):
    return plan_cycle_change(customer=customer, new=NewCycle(**{"effective_on": JUNE, **given}), **BY)


@pytest.mark.parametrize(
    ("given", "anchor"),
    [
        ({"day": 15}, date(2026, 6, 15)),
        ({"day": 1}, JUNE),
        ({"day": 31}, date(2026, 6, 30)),
        ({"day": 15, "effective_on": date(2026, 6, 16)}, date(2026, 7, 15)),
        ({"count": 3}, JUNE),
        ({"unit": "week", "count": 2}, JUNE),
    ],
)
def test_a_cycle_begins_on_the_first_new_day_on_or_after_its_date(given, anchor):
    customer = join()
    change = plan(customer, **given)
    assert (change.anchor, change.status) == (anchor, "planned")
    assert (by_number("1001").cycle_anchor, by_number("1001").cycle_unit) == (date(2026, 3, 1), "month")
    assert planned_cycle_changes([customer]) == {customer.pk: change}
    assert events("customer.cycle_change_planned")[0]["anchor"] == str(anchor)


@pytest.mark.parametrize(
    ("given", "refusal", "sentence"),
    [
        ({"effective_on": date(2026, 2, 28)}, CycleChangeInPastError, "cannot change on 2026-02-28, which is gone"),
        ({"day": 32}, CadenceError, "No month has a day 32"),
        ({"count": 0}, CadenceError, "never recurs"),
        ({"unit": "fortnight"}, MalformedError, "'fortnight' is no unit of a cycle"),
        ({"unit": "week", "day": 3}, MalformedError, "has no day of the month: leave the day out"),
    ],
)
def test_a_cycle_that_cannot_be_is_refused(given, refusal, sentence):
    with pytest.raises(refusal, match=sentence):
        plan(join(), **given)
    assert not CycleChange.objects.exists()


def test_a_later_plan_withdraws_the_earlier_one():
    customer = join()
    first, second = plan(customer, day=15), plan(customer, day=20)
    first.refresh_from_db()
    assert (first.status, second.status, second.number) == ("withdrawn", "planned", 2)
    assert events("customer.cycle_change_withdrawn") == [{"customer": "1001", "anchor": "2026-06-15"}]


def test_the_database_holds_one_plan_at_a_time():
    customer = join()
    plan(customer, day=15)
    plan(customer, day=20)
    with pytest.raises(IntegrityError, match="cycle_change_one_planned"), transaction.atomic():
        CycleChange.objects.update(status="planned")


def test_a_plan_comes_into_force_on_its_first_day():
    change = plan(join(), day=15, count=3)
    with pytest.raises(CycleChangeTooEarlyError, match="begins on 2026-06-15, and it is 2026-03-01"):
        apply_cycle_change(change=change, next_bill=date(2026, 6, 15), **BY)
    assert cycle_changes_due(date(2026, 6, 14)) == []
    assert cycle_changes_due(date(2026, 6, 15)) == [change]
    apply_cycle_change(change=change, next_bill=date(2026, 6, 15), **LATER)
    row = by_number("1001")
    assert (row.cycle_unit, row.cycle_count, row.cycle_anchor) == ("month", 3, date(2026, 6, 15))
    assert row.next_invoice_on == date(2026, 6, 15)
    assert events("customer.cycle_changed") == [
        {"customer": "1001", "unit": "month", "count": 3, "anchor": "2026-06-15"}
    ]
    for again in (
        lambda: apply_cycle_change(change=change, next_bill=date(2026, 6, 15), **LATER),
        lambda: withdraw_cycle_change(change=change, **LATER),
    ):
        with pytest.raises(CycleChangeSettledError, match="is applied already: plan another one"):
            again()


@pytest.mark.parametrize("day", [date(2026, 5, 15), date(2026, 6, 16), date(2026, 7, 14)])
def test_the_next_bill_is_one_of_the_new_cycle(day):
    change = plan(join(), day=15)
    with pytest.raises(MalformedError, match=f"The new cycle has no bill on {day}"):
        apply_cycle_change(change=change, next_bill=day, **LATER)
    assert apply_cycle_change(change=change, next_bill=date(2026, 7, 15), **LATER).next_invoice_on.month == 7


def test_a_withdrawn_plan_does_not_come():
    change = plan(join(), day=15)
    withdraw_cycle_change(change=change, **BY)
    assert cycle_changes_due(date(2027, 1, 1)) == []
    with pytest.raises(CycleChangeSettledError, match="is withdrawn already"):
        apply_cycle_change(change=change, next_bill=date(2026, 6, 15), **LATER)


def test_a_closed_customer_gets_no_other_cycle():
    with pytest.raises(CustomerClosedError):
        plan(close_customer(customer=join(), **BY), day=15)
