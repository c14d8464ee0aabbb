"""Payments, attempts at a gateway, and the allocations that settle invoices."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from billhook.customers.models import Customer, PaymentInstrument
from billhook.foundation.scope import Book, ScopedModel
from billhook.invoicing.models import Invoice

ATTEMPT_STATES = ["created", "submitted", "succeeded", "declined", "failed", "pending", "unknown"]


class Payment(ScopedModel):
    """Money that a customer owes or has paid: by card through attempts, or recorded by hand.

    `unallocated` is what has settled no invoice yet: customer credit. `retry_at` is when the next attempt is due.
    """

    number = models.CharField(max_length=40)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="payments")
    invoice = models.ForeignKey(Invoice, null=True, blank=True, on_delete=models.PROTECT, related_name="payments")
    method = models.CharField(max_length=20)
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=20, decimal_places=4)
    unallocated = models.DecimalField(default=0, max_digits=20, decimal_places=4)
    state = models.CharField(max_length=12)
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    received_at = models.DateTimeField(null=True, blank=True)
    retry_at = models.DateTimeField(null=True, blank=True)

    book = Book(key=("number",))

    class Meta:
        """Numbered; one collection at a time for an invoice; due ones are found by their time."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "number"], name="payment_number_once"),
            models.UniqueConstraint(
                fields=["company", "invoice"], condition=Q(state="collecting"), name="payment_one_collection"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["collecting", "received", "given_up", "cancelled"]), name="payment_state"
            ),
            models.CheckConstraint(condition=Q(unallocated__gte=0), name="payment_unallocated_not_below_zero"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["company", "retry_at"], condition=~Q(retry_at=None), name="payment_due"),
        ]

    def __str__(self) -> str:
        """Return the number."""
        return self.number


class PaymentAttempt(ScopedModel):
    """One call to a gateway, stored before the call; `reference` is ours and makes the call idempotent."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="attempts")
    ordinal = models.PositiveSmallIntegerField()
    reference = models.CharField(max_length=80)
    instrument = models.ForeignKey(PaymentInstrument, on_delete=models.PROTECT, related_name="attempts")
    gateway = models.CharField(max_length=60)
    state = models.CharField(max_length=12)
    at = models.DateTimeField()
    amount = models.DecimalField(max_digits=20, decimal_places=4)
    currency = models.CharField(max_length=3)
    code = models.CharField(max_length=60, blank=True)
    decline_class = models.CharField(max_length=16, blank=True)
    gateway_id = models.CharField(max_length=120, blank=True)
    message = models.CharField(max_length=300, blank=True)
    polls = models.PositiveSmallIntegerField(default=0)
    poll_at = models.DateTimeField(null=True, blank=True)
    answer = models.JSONField(default=dict)

    book = Book(key=("reference",))

    class Meta:
        """A reference is used once; an open attempt blocks a second one for its payment."""

        ordering: ClassVar = ["ordinal"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "reference"], name="attempt_reference_once"),
            models.UniqueConstraint(fields=["company", "payment", "ordinal"], name="attempt_ordinal_once"),
            models.UniqueConstraint(
                fields=["company", "payment"],
                condition=Q(state__in=["created", "submitted", "pending", "unknown"]),
                name="attempt_one_open",
            ),
            models.CheckConstraint(condition=Q(state__in=ATTEMPT_STATES), name="attempt_state"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["company", "poll_at"], condition=~Q(poll_at=None), name="attempt_due"),
        ]

    def __str__(self) -> str:
        """Return reference and state."""
        return f"{self.reference} {self.state}"


class Allocation(ScopedModel):
    """What a payment settled of an invoice; undone by a row of the opposite amount."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="allocations")
    ordinal = models.PositiveSmallIntegerField()
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="allocations")
    amount = models.DecimalField(max_digits=20, decimal_places=4)
    at = models.DateTimeField()

    append_only = True
    book = Book(key=("payment", "ordinal"))

    class Meta:
        """In the order in which they were made."""

        ordering: ClassVar = ["ordinal"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "payment", "ordinal"], name="allocation_once"),
            models.CheckConstraint(condition=~Q(amount=0), name="allocation_not_zero"),
        ]

    def __str__(self) -> str:
        """Return payment, invoice and amount."""
        return f"{self.payment} → {self.invoice} {self.amount}"


class CollectionPolicy(ScopedModel):
    """How a company charges cards: how many days after each soft decline the next attempt follows."""

    retry_days = models.JSONField(default=list)

    book = Book(key=("company",))

    class Meta:
        """One a company."""

        verbose_name_plural = "collection policies"
        constraints: ClassVar = [models.UniqueConstraint(fields=["company"], name="collection_policy_once")]

    def __str__(self) -> str:
        """Return the days."""
        return f"retries after {self.retry_days} days"
