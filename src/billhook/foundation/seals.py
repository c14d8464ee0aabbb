"""The hash chain over a company's events, outside the write path: a job seals what has come to rest.

Only events recorded a good while ago are sealed, longer than any transaction lives, so that none can still appear
among them.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from billhook.foundation.models.companies import Company
from billhook.foundation.models.records import EventRecord, EventSeal
from billhook.foundation.scope import company_scope

REST = timedelta(hours=1)
GENESIS = "0" * 64


def seal_events(company: Company, *, now: datetime) -> EventSeal | None:
    """Seal the events that were recorded more than an hour before `now`, and return the seal; None for none."""
    with company_scope(company):
        last = EventSeal.objects.select_for_update().order_by("-number").first()
        upto, number, before = (last.upto, last.number, last.sha256) if last else (0, 0, GENESIS)
        events = list(EventRecord.objects.filter(pk__gt=upto, recorded_at__lt=now - REST).order_by("pk"))
        if not events:
            return None
        return EventSeal.objects.create(
            number=number + 1, upto=events[-1].pk, events=len(events), sha256=chained(before, events)
        )


def chained(before: str, events: list[EventRecord]) -> str:
    """Return the hash of a link: the previous hash, then one line an event."""
    total = hashlib.sha256(before.encode())
    for event in events:
        total.update(line(event))
    return total.hexdigest()


def line(event: EventRecord) -> bytes:
    """Return everything that an event says, as one line."""
    said = [
        event.pk,
        event.name,
        event.at.astimezone(UTC).isoformat(),
        event.customer,
        event.subject,
        event.actor_kind,
        event.actor_name,
        event.request_id,
        event.data,
    ]
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def broken_seals() -> Iterator[str]:
    """Yield each seal of the company in scope whose events are no longer what they were when it was made."""
    upto, before = 0, GENESIS
    for seal in EventSeal.objects.order_by("number"):
        events = list(EventRecord.objects.filter(pk__gt=upto, pk__lte=seal.upto).order_by("pk"))
        if len(events) != seal.events or chained(before, events) != seal.sha256:
            yield f"Seal {seal.number} is broken: an event between {upto + 1} and {seal.upto} was changed or removed."
        upto, before = seal.upto, seal.sha256
