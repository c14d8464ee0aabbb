"""Messages to customers: written once for their cause, sent afterwards, kept with their delivery."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from billhook.foundation.scope import Book, ScopedModel


class Message(ScopedModel):
    """One message; its `key` is derived from its cause, so the same cause never writes twice."""

    key = models.CharField(max_length=120)
    customer = models.CharField(max_length=40)
    template = models.CharField(max_length=60)
    channel = models.CharField(max_length=60)
    recipient = models.EmailField()
    subject = models.CharField(max_length=200)
    body = models.TextField()
    attachments = models.JSONField(default=list)
    written_at = models.DateTimeField()
    state = models.CharField(max_length=12, default="waiting")
    delivery = models.CharField(max_length=300, blank=True)

    book = Book(key=("key",), without=("delivery",))

    class Meta:
        """Once a key."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "key"], name="message_once"),
            models.CheckConstraint(condition=Q(state__in=["waiting", "sent", "failed"]), name="message_state"),
        ]
        indexes: ClassVar = [models.Index(fields=["company", "customer", "-id"], name="message_of_customer")]

    def __str__(self) -> str:
        """Return the subject."""
        return self.subject
