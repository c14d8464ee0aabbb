"""Reads of companies and of what happened in them: who may look where, timelines, the audit trail, what comes next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from billhook.core.errors import Refusal
from billhook.foundation import clock, jobs
from billhook.foundation.events import UnknownEventError, from_record
from billhook.foundation.models import ApiKey, Company, EventRecord, Person, Role

AHEAD = timedelta(days=400)

VISIBLE = """
with recursive visible as (
    select company.* from foundation_company company
    join foundation_membership membership on membership.company_id = company.id where membership.person_id = %s
    union
    select below.* from foundation_company below join visible on below.parent_id = visible.id
)
select * from visible order by name, id
"""


class UnknownRoleError(Refusal):
    """Raised when no role has a code."""

    def __init__(self, code: str, known: Sequence[str]) -> None:
        super().__init__(f"There is no role {code}: choose one of {', '.join(known) or 'none, define one first'}.")


def role_by_code(code: str) -> Role:
    """Return a role.

    Raises:
        UnknownRoleError: there is none of that code; those there are are named.
    """
    found = Role.objects.filter(code=code).first()
    if found is None:
        raise UnknownRoleError(code, list(Role.objects.order_by("code").values_list("code", flat=True)))
    return found


def api_keys(company: Company) -> QuerySet[ApiKey]:
    """Return the API keys of a company, the revoked ones too, oldest first, each with its role."""
    return ApiKey.objects.filter(company=company).select_related("role").order_by("created_at", "id")


def companies_of(person: Person) -> list[Company]:
    """Return the companies in which a person has a role, and those below them, by name."""
    return list(Company.objects.raw(VISIBLE, [person.pk]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One stored event as people read it.

    Args:
        id: orders the events of a company; a later one has a larger id.
        at: the instant, in the company's time.
        name: dotted.
        sentence: what happened.
        actor: who did it.
        customer: whom it concerns, empty for nobody.
        subject: what it is about: a number of an invoice, a run, a batch.
        data: the event's fields.
        before: the fields of the event of the same name before it on the same subject; None where there is none.
    """

    id: int
    at: datetime
    name: str
    sentence: str
    actor: str
    customer: str
    subject: str
    data: Mapping[str, Any]
    before: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which events are asked for; what is left empty does not narrow.

    Args:
        customer: the number of a customer.
        names: event names, or their beginnings such as `invoice.`.
        text: a part of the event's name, customer, subject or actor.
        below: only events whose id is smaller: the next page.
    """

    customer: str = ""
    names: Sequence[str] = ()
    text: str = ""
    below: int | None = None


def history(asked: Asked, *, limit: int) -> list[Happening]:
    """Return what happened, newest first."""
    return [_happening(record) for record in _events(asked).order_by("-id")[:limit]]


def audit_trail(asked: Asked, *, limit: int) -> list[Happening]:
    """Return what happened, newest first, each beside what its subject said before."""
    earlier = EventRecord.objects.filter(
        name=OuterRef("name"), subject=OuterRef("subject"), customer=OuterRef("customer"), id__lt=OuterRef("id")
    )
    found = _events(asked).annotate(before=Subquery(earlier.order_by("-id").values("data")[:1]))
    return [_happening(record, before=record.before) for record in found.order_by("-id")[:limit]]


def _events(asked: Asked) -> QuerySet[EventRecord]:
    found = EventRecord.objects.all()
    if asked.customer:
        found = found.filter(customer=asked.customer)
    if asked.names:
        wanted = Q()
        for name in asked.names:
            wanted |= Q(name__startswith=name)
        found = found.filter(wanted)
    if asked.text:
        text = asked.text
        found = found.filter(
            Q(name__icontains=text) | Q(customer=text) | Q(subject__icontains=text) | Q(actor_name__icontains=text)
        )
    return found if asked.below is None else found.filter(id__lt=asked.below)


def _happening(record: EventRecord, *, before: Mapping[str, Any] | None = None) -> Happening:
    return Happening(
        id=record.pk,
        at=record.at,
        name=record.name,
        sentence=_sentence(record),
        actor=record.actor_name,
        customer=record.customer,
        subject=record.subject,
        data=record.data,
        before=before,
    )


def _sentence(record: EventRecord) -> str:
    """Return an event's sentence; one of a plugin that is gone is named instead."""
    try:
        return from_record(record).describe()
    except UnknownEventError:
        return f"{record.name} {record.subject}".strip()


def next_due_at(company: Company) -> datetime | None:
    """Return when the next thing falls due in a company, never before its own time; None within 400 days."""
    now = clock.company_now(company)
    items = jobs.due_items(company, now + AHEAD)
    return max(now, items[0].due_at) if items else None
