"""A customer is to be billed on another day, or at another interval, from a date on.

Running lines keep the old cycle until then, and only the room of orders knows them: here the change is planned,
withdrawn and, when orders have moved their lines, put into force.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from billhook.core.cadence import Cadence, CadenceUnit, first_on_day
from billhook.core.calendar import local_date
from billhook.core.errors import Refusal
from billhook.customers import forms
from billhook.customers.events import CycleChanged, CycleChangePlanned, CycleChangeWithdrawn
from billhook.customers.locks import locked_open
from billhook.customers.models import Customer, CycleChange
from billhook.customers.numbering import next_number
from billhook.customers.refusals import MalformedError
from billhook.foundation.events import Actor, emit

MONTHLY = frozenset({CadenceUnit.MONTH, CadenceUnit.YEAR, CadenceUnit.SEMI_MONTH})


class CycleChangeInPastError(Refusal):
    """Raised when a cycle would change on a day that is gone."""

    def __init__(self, on: date, today: date) -> None:
        super().__init__(f"The cycle cannot change on {on}, which is gone: choose {today} or a later day.")


class CycleChangeSettledError(Refusal):
    """Raised when a change is applied or withdrawn that is in force or withdrawn already."""

    def __init__(self, number: str, status: str) -> None:
        super().__init__(f"The change of customer {number}'s billing cycle is {status} already: plan another one.")


class CycleChangeTooEarlyError(Refusal):
    """Raised when a change is put into force before its first day."""

    def __init__(self, anchor: date, today: date) -> None:
        super().__init__(f"The new billing cycle begins on {anchor}, and it is {today}: wait until then.")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCycle:
    """Another billing cycle.

    Args:
        effective_on: from when on it is wanted; it begins on the first new anchor day on or after this date.
        day: day of the month of the bills, 1 to 31, a shorter month takes its last; None begins on the date itself.
        unit: day, week, semi_month, month or year; empty keeps the customer's.
        count: how many units; None keeps the customer's.
    """

    effective_on: date
    day: int | None = None
    unit: str = ""
    count: int | None = None


def _first_day(new: NewCycle, cadence: Cadence) -> date:
    """Return the first day of the new cycle."""
    if new.day is None:
        return new.effective_on
    if cadence.unit not in MONTHLY:
        raise MalformedError(f"A cycle of {cadence.unit}s has no day of the month: leave the day out.")
    return first_on_day(new.day, new.effective_on)


@transaction.atomic
def plan_cycle_change(*, customer: Customer, new: NewCycle, actor: Actor, at: datetime) -> CycleChange:
    """Plan another billing cycle; one that was planned before is withdrawn.

    Raises:
        CycleChangeInPastError: the date lies before the customer's today.
        CadenceError: no month has the day, or the cycle never recurs.
        MalformedError: the unit is none, or has no day of the month.
        CustomerClosedError: the customer is closed.
    """
    fresh = locked_open(customer)
    today = local_date(at, fresh.zone)
    if new.effective_on < today:
        raise CycleChangeInPastError(new.effective_on, today)
    unit = forms.one_of(new.unit or fresh.cycle_unit, "unit of a cycle", list(CadenceUnit))
    cadence = Cadence(CadenceUnit(unit), fresh.cycle_count if new.count is None else new.count)
    anchor = _first_day(new, cadence)
    for earlier in CycleChange.objects.filter(customer=fresh, status="planned"):
        _withdraw(earlier, fresh, actor=actor, at=at)
    change = CycleChange.objects.create(
        customer=fresh,
        number=next_number(CycleChange.objects.filter(customer=fresh)),
        effective_on=new.effective_on,
        cycle_unit=unit,
        cycle_count=cadence.count,
        anchor=anchor,
        planned_at=at,
    )
    emit(
        CycleChangePlanned(
            customer=fresh.number, unit=unit, count=cadence.count, effective_on=new.effective_on, anchor=anchor
        ),
        actor=actor,
        at=at,
    )
    return change


@transaction.atomic
def withdraw_cycle_change(*, change: CycleChange, actor: Actor, at: datetime) -> None:
    """Let a planned cycle not come.

    Raises:
        CycleChangeSettledError: it is in force or withdrawn already.
    """
    fresh = locked_open(change.customer)
    _withdraw(_planned(change, fresh), fresh, actor=actor, at=at)


@transaction.atomic
def apply_cycle_change(*, change: CycleChange, next_bill: date, actor: Actor, at: datetime) -> Customer:
    """Put a planned cycle into force, on or after its first day; whoever calls it has moved the customer's lines.

    Args:
        change: a planned one.
        next_bill: the first date of the new cycle for which no bill is out.
        actor: who does it.
        at: when.

    Raises:
        CycleChangeSettledError: it is in force or withdrawn already.
        CycleChangeTooEarlyError: its first day is still to come.
        MalformedError: the next bill is on no date of the new cycle.
    """
    fresh = locked_open(change.customer)
    planned = _planned(change, fresh)
    today = local_date(at, fresh.zone)
    if planned.anchor > today:
        raise CycleChangeTooEarlyError(planned.anchor, today)
    cadence = Cadence(CadenceUnit(planned.cycle_unit), planned.cycle_count)
    if next_bill < planned.anchor or cadence.containing(planned.anchor, next_bill).start != next_bill:
        raise MalformedError(f"The new cycle has no bill on {next_bill}: choose {planned.anchor} or a later one of it.")
    fresh.cycle_unit, fresh.cycle_count = planned.cycle_unit, planned.cycle_count
    fresh.cycle_anchor, fresh.next_invoice_on = planned.anchor, next_bill
    fresh.save(update_fields=["cycle_unit", "cycle_count", "cycle_anchor", "next_invoice_on"])
    planned.status, planned.settled_at = "applied", at
    planned.save(update_fields=["status", "settled_at"])
    emit(
        CycleChanged(customer=fresh.number, unit=planned.cycle_unit, count=planned.cycle_count, anchor=planned.anchor),
        actor=actor,
        at=at,
    )
    return fresh


def _planned(change: CycleChange, customer: Customer) -> CycleChange:
    row = CycleChange.objects.get(pk=change.pk)
    if row.status != "planned":
        raise CycleChangeSettledError(customer.number, row.status)
    return row


def _withdraw(change: CycleChange, customer: Customer, *, actor: Actor, at: datetime) -> None:
    change.status, change.settled_at = "withdrawn", at
    change.save(update_fields=["status", "settled_at"])
    emit(CycleChangeWithdrawn(customer=customer.number, anchor=change.anchor), actor=actor, at=at)
