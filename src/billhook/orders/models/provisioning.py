"""What the network is told to do with an order, and how far it is."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from billhook.foundation.scope import Book, ScopedModel
from billhook.orders.models.order import Order

VERBS = ("activate", "suspend", "resume", "terminate", "change", "add_feature", "remove_feature", "query")
STATUSES = ("waiting", "sent", "pending", "failed", "done", "given_up", "superseded")


class ProvisioningTask(ScopedModel):
    """One word to one network: stored first, told under its key until it is done, kept with its answer.

    `network` is the code of the plugin instance, empty where the company has none. `at` is the instant of the
    happening. `next_at` is when it is told or, while it is pending, asked about; it is empty while it waits for its
    turn. `requested` is what the verb is about: lines, assets, features. `reference` is the network's own name of a
    task that it has taken on.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="provisioning")
    network = models.CharField(max_length=60, blank=True)
    key = models.CharField(max_length=500)
    verb = models.CharField(max_length=16)
    at = models.DateTimeField()
    requested = models.JSONField(default=dict)
    status = models.CharField(max_length=12, default="waiting")
    attempts = models.PositiveSmallIntegerField(default=0)
    polls = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True, blank=True)
    reference = models.CharField(max_length=120, blank=True)
    message = models.CharField(max_length=300, blank=True)

    book = Book(key=("key",))

    class Meta:
        """A key is one task."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "key"], name="provisioning_once"),
            models.CheckConstraint(condition=Q(verb__in=VERBS), name="provisioning_verb"),
            models.CheckConstraint(condition=Q(status__in=STATUSES), name="provisioning_status"),
            models.CheckConstraint(
                condition=Q(next_at=None) | Q(status__in=["waiting", "sent", "pending"]), name="provisioning_next"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["company", "next_at"], condition=Q(next_at__isnull=False), name="provisioning_due"),
        ]

    def __str__(self) -> str:
        """Return verb and order."""
        return f"{self.verb} {self.order}"
