"""People write down what others should know about a customer."""

from datetime import datetime

from django.db import transaction

from billhook.customers import forms
from billhook.customers.events import NoteAdded, NotePinned
from billhook.customers.locks import locked
from billhook.customers.models import Customer, Note
from billhook.customers.numbering import next_number
from billhook.foundation.events import Actor, emit

LONGEST = 10_000


@transaction.atomic
def add_note(*, customer: Customer, text: str, actor: Actor, at: datetime, pinned: bool = False) -> Note:
    """Write a note about a customer; its text is never changed, its author is the actor.

    Raises:
        MalformedError: the text is empty or too long.
        CustomerMergedError: the customer was merged into another.
        CustomerAnonymisedError: the customer's personal data was removed.
    """
    fresh = locked(customer)
    note = Note.objects.create(
        customer=fresh,
        number=next_number(Note.objects.filter(customer=fresh)),
        text=forms.filled(text, "note", LONGEST),
        author=actor.name[:200],
        written_at=at,
        pinned=pinned,
    )
    emit(NoteAdded(customer=fresh.number, number=note.number), actor=actor, at=at)
    return note


@transaction.atomic
def pin_note(*, note: Note, pinned: bool, actor: Actor, at: datetime) -> None:
    """Put a note before the others, or back among them; one that is there already stays, and nothing happens."""
    fresh = locked(note.customer)
    if Note.objects.filter(pk=note.pk).exclude(pinned=pinned).update(pinned=pinned):
        how = "pinned" if pinned else "unpinned"
        emit(NotePinned(customer=fresh.number, number=note.number, how=how), actor=actor, at=at)
