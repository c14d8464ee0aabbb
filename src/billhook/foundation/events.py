"""What happened: typed events, the one door through which they are written, and the reactions to them."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal, NamedTuple, TypeVar, cast

import structlog
from psycopg.types.json import Jsonb
from pydantic import TypeAdapter

from billhook.core import exact
from billhook.core.money import currency
from billhook.foundation.bulk import insert_rows, reserve_ids
from billhook.foundation.models.companies import Company
from billhook.foundation.models.records import EventRecord
from billhook.foundation.scope import company_scope, current_company

ActorKind = Literal["person", "api", "plugin", "system"]
When = Literal["in transaction", "after", "alone"]
AFTER_CHUNK = 200
MANY = 50


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a person, a program with a key, a plugin, or Billhook itself."""

    kind: ActorKind
    name: str


SYSTEM = Actor(kind="system", name="Billhook")


_types: dict[str, type["Event"]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The base of all events: a dotted `name`, a `sentence` for people, and the customer it concerns, if any.

    A subclass declares `name` and `sentence` as class variables; `sentence` is a format string over its own fields.
    `subject_field` names the field that identifies what the event is about (an invoice number, a batch).
    """

    name: ClassVar[str] = ""
    sentence: ClassVar[str] = ""
    subject_field: ClassVar[str] = "customer"

    customer: str = ""

    def __init_subclass__(cls) -> None:
        """Make a named event known; a slotted dataclass is made twice, and the second class is the one that counts."""
        if cls.name:
            _types[cls.name] = cls

    @property
    def subject(self) -> str:
        """Return what the event is about, as text."""
        return str(getattr(self, self.subject_field))

    def describe(self) -> str:
        """Return the event as one plain sentence; amounts are written with the decimals of the event's currency."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        code = values.get("currency")
        for name, value in values.items():
            if code and isinstance(value, Decimal):
                values[name] = exact.plain(value, currency(code).digits)
        return self.sentence.format(**values)


E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class Occasion:
    """The circumstances of an event, handed to each reaction."""

    company: Company
    actor: Actor
    at: datetime
    record_id: int


class Reaction(NamedTuple):
    """A handler and when it runs."""

    handler: Callable[[Any, Occasion], None]
    when: When

    @property
    def key(self) -> str:
        """Return the dotted path under which a background job finds the handler again."""
        return f"{self.handler.__module__}:{self.handler.__qualname__}"


_reactions: dict[str, list[Reaction]] = defaultdict(list)


class UnknownEventError(LookupError):
    """Raised when a stored event's name is of no installed room or plugin."""


def event_types() -> dict[str, type[Event]]:
    """Return every event type by its dotted name."""
    return dict(_types)


def on(event: type[E], handler: Callable[[E, Occasion], None], *, when: When) -> None:
    """Register a reaction.

    Args:
        event: to which happening.
        handler: called with the event and its occasion; it must bear being called again after a crash.
        when: `in transaction` runs beside the happening; `after` as a job deferred with its commit, in one
            transaction of its own; `alone` as such a job without any, for calls to the outside that must not hold one:
            the handler opens `company_scope` itself.
    """
    reaction = Reaction(handler=handler, when=when)
    if reaction.key not in {known.key for known in _reactions[event.name]}:
        _reactions[event.name].append(reaction)


def reactions_to(name: str) -> tuple[Reaction, ...]:
    """Return the reactions to an event by its dotted name, in the order of their registration."""
    return tuple(_reactions.get(name, ()))


_adapters: dict[str, TypeAdapter[Any]] = {}


def _adapter(kind: type[Event]) -> TypeAdapter[Any]:
    """Return the reader and writer of an event type, made once."""
    if kind.name not in _adapters:
        _adapters[kind.name] = TypeAdapter(kind)
    return _adapters[kind.name]


def as_data(event: Event) -> dict[str, Any]:
    """Return an event's fields as JSON values: decimals as text, dates and instants in ISO 8601."""
    data: dict[str, Any] = _adapter(type(event)).dump_python(event, mode="json")
    return data


def from_record(record: EventRecord) -> Event:
    """Return the typed event of a stored one.

    Raises:
        UnknownEventError: the plugin that wrote it is no longer installed.
    """
    kind = _types.get(record.name)
    if kind is None:
        message = f"No installed room or plugin knows the event {record.name}."
        raise UnknownEventError(message)
    event: Event = _adapter(kind).validate_python(record.data)
    return event


def request_id() -> str:
    """Return the id of the request or command that is being served, or an empty text."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def emit(event: Event, *, actor: Actor, at: datetime) -> None:
    """Write one event and set off its reactions; call it inside the transaction of the happening."""
    emit_many([event], actor=actor, at=at)


def emit_many(events: Sequence[Event], *, actor: Actor, at: datetime) -> None:
    """Write one event a row for a happening done to many at once, and set off the reactions to each."""
    company = current_company()
    ids = _store(company, events, actor, at)
    later: dict[str, list[int]] = defaultdict(list)
    for event, record_id in zip(events, ids, strict=True):
        occasion = Occasion(company=company, actor=actor, at=at, record_id=record_id)
        for reaction in reactions_to(event.name):
            if reaction.when == "in transaction":
                reaction.handler(event, occasion)
            else:
                later[reaction.key].append(record_id)
    for key, ids in later.items():
        for start in range(0, len(ids), AFTER_CHUNK):
            _defer(company=company, reaction=key, record_ids=ids[start : start + AFTER_CHUNK])


def _store(company: Company, events: Sequence[Event], actor: Actor, at: datetime) -> list[int]:
    """Write the events and return their primary keys, in their order; many at once by COPY."""
    told = {"at": at, "actor_kind": actor.kind, "actor_name": actor.name, "request_id": request_id()}
    if len(events) < MANY:
        records = [
            EventRecord(
                company=company,
                name=event.name,
                customer=event.customer,
                subject=event.subject,
                data=as_data(event),
                **told,
            )
            for event in events
        ]
        return [record.pk for record in EventRecord.objects.bulk_create(records)]
    ids = reserve_ids(EventRecord, len(events))
    insert_rows(
        EventRecord,
        ("id", "company", "name", "customer", "subject", "data", *told),
        (
            (pk, company.pk, event.name, event.customer, event.subject, Jsonb(as_data(event)), *told.values())
            for pk, event in zip(ids, events, strict=True)
        ),
    )
    return ids


_deferrers: list[Callable[[int, str, list[int]], None]] = []


def defer_with(defer: Callable[[int, str, list[int]], None]) -> None:
    """Name the function that defers a job for `after` reactions; the jobs module does so when it is loaded."""
    _deferrers[:] = [defer]


def _defer(*, company: Company, reaction: str, record_ids: list[int]) -> None:
    _deferrers[0](company.pk, reaction, record_ids)


def actor_of(record: EventRecord) -> Actor:
    """Return who did what a stored event tells of."""
    return Actor(kind=cast("ActorKind", record.actor_kind), name=record.actor_name)


def react(*, company: Company, reaction_key: str, record_id: int) -> None:
    """Run one reaction to one stored event: `after` inside the company's scope, `alone` outside any."""
    with company_scope(company):
        record = EventRecord.objects.get(pk=record_id)
        event = from_record(record)
        occasion = Occasion(
            company=company,
            actor=actor_of(record),
            at=record.at,
            record_id=record.pk,
        )
        found = [reaction for reaction in reactions_to(record.name) if reaction.key == reaction_key]
        for reaction in found:
            if reaction.when == "after":
                reaction.handler(event, occasion)
    for reaction in found:
        if reaction.when == "alone":
            reaction.handler(event, occasion)
