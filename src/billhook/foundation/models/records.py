"""The company-owned tables of the foundation: events and number series."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from billhook.foundation.scope import Book, ScopedModel


class EventRecord(ScopedModel):
    """One thing that happened: written once, never changed, the source of timeline, audit trail and notifications."""

    name = models.CharField(max_length=80)
    at = models.DateTimeField()
    customer = models.CharField(max_length=40, blank=True)
    subject = models.CharField(max_length=120, blank=True)
    actor_kind = models.CharField(max_length=12)
    actor_name = models.CharField(max_length=200)
    request_id = models.CharField(max_length=40, blank=True)
    data = models.JSONField()
    recorded_at = models.DateTimeField(db_default=Now())

    append_only = True
    book = Book(key=("at", "name", "customer", "subject", "data"), without=("recorded_at", "request_id"))

    class Meta:
        """Read by company and time, and by customer."""

        verbose_name = "event"
        db_table = "foundation_event"
        indexes: ClassVar = [
            models.Index(fields=["company", "-id"], name="event_newest"),
            models.Index(fields=["company", "customer", "-id"], name="event_of_customer"),
            models.Index(fields=["company", "name", "subject"], name="event_by_subject"),
        ]

    def __str__(self) -> str:
        """Return name and subject."""
        return f"{self.name} {self.subject}"


class NumberSeries(ScopedModel):
    """A gap-free series of document numbers: `pattern` is a format string over `year` and `number`."""

    code = models.SlugField(max_length=40)
    pattern = models.CharField(max_length=60)
    next_number = models.PositiveBigIntegerField(default=1)

    book = Book(key=("code",))

    class Meta:
        """One series a code."""

        verbose_name_plural = "number series"
        constraints: ClassVar = [models.UniqueConstraint(fields=["company", "code"], name="number_series_once")]

    def __str__(self) -> str:
        """Return the code."""
        return self.code


class EventSeal(ScopedModel):
    """A link of a company's hash chain: the events up to `upto` since the last seal, and what they hash to.

    `sha256` covers the previous seal's hash and every event in between, so none can be changed, added or removed
    without breaking every later link.
    """

    number = models.PositiveBigIntegerField()
    upto = models.PositiveBigIntegerField()
    events = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    sealed_at = models.DateTimeField(db_default=Now())

    append_only = True

    class Meta:
        """Numbered within a company."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["company", "number"], name="event_seal_once")]

    def __str__(self) -> str:
        """Return the number."""
        return f"seal {self.number}"
