"""Dunning steps, and the episodes in which a customer who is late goes through them."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from billhook.customers.models import Customer
from billhook.foundation.scope import Book, ScopedModel
from billhook.invoicing.models import Invoice


class DunningStep(ScopedModel):
    """One step: reached `days` after the due date of the oldest overdue invoice, and what it does.

    `actions` is a list in order: {"do": "remind", "template": …}, {"do": "retry_payment"},
    {"do": "penalty", "product": …, "kind": "flat", "amount": …}, {"do": "suspend"}.
    """

    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=80)
    days = models.PositiveSmallIntegerField()
    actions = models.JSONField(default=list)

    book = Book(key=("position",))

    class Meta:
        """In order."""

        ordering: ClassVar = ["position"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["company", "position"], name="dunning_step_once")]

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class DunningEpisode(ScopedModel):
    """A customer's way through the steps for one overdue invoice; ends when that invoice is settled.

    `next_at` is when the next step is due; empty when the last step is reached or the episode has ended.
    `interest_days` are the days since the due date for which interest has been charged.
    """

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="episodes")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="episodes")
    state = models.CharField(max_length=12, default="open")
    step = models.PositiveSmallIntegerField(default=0)
    opened_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    next_at = models.DateTimeField(null=True, blank=True)
    interest_days = models.PositiveSmallIntegerField(default=0)

    book = Book(key=("invoice", "opened_at"))

    class Meta:
        """A customer is in one open episode at a time."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "customer"], condition=Q(state="open"), name="episode_one_open"),
            models.CheckConstraint(condition=Q(state__in=["open", "ended"]), name="episode_state"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["company", "next_at"], condition=~Q(next_at=None), name="episode_due"),
        ]

    def __str__(self) -> str:
        """Return customer and step."""
        return f"{self.customer} at step {self.step}"
