"""Billing runs, the drafts they store, and the record of which period has been billed."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from billhook.customers.models import Customer
from billhook.foundation.scope import Book, ScopedModel
from billhook.orders.models import OrderLineVersion

RUN_STATES = ["draft", "computing", "review", "approved", "committing", "done", "rejected", "cancelled"]
DRAFT_STATES = ["ready", "empty", "failed", "held", "changed", "issued"]


class BillingRun(ScopedModel):
    """One run over the customers whose next bill date is reached, from draft to done.

    Where credit notes have a series of their own, the ordinals from `credit_notes_from` on are theirs.
    """

    number = models.CharField(max_length=40)
    bill_date = models.DateField()
    state = models.CharField(max_length=12)
    started_at = models.DateTimeField()
    started_by = models.CharField(max_length=200)
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.CharField(max_length=200, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    number_pattern = models.CharField(max_length=60, blank=True)
    first_number = models.PositiveBigIntegerField(null=True, blank=True)
    credit_note_pattern = models.CharField(max_length=60, blank=True)
    first_credit_note = models.PositiveBigIntegerField(null=True, blank=True)
    credit_notes_from = models.PositiveIntegerField(null=True, blank=True)
    counters = models.JSONField(default=dict)

    book = Book(key=("number",))

    class Meta:
        """One live run a bill date."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "number"], name="billing_run_number_once"),
            models.UniqueConstraint(
                fields=["company", "bill_date"],
                condition=Q(state__in=["draft", "computing", "review", "approved", "committing"]),
                name="billing_run_one_live",
            ),
            models.CheckConstraint(condition=Q(state__in=RUN_STATES), name="billing_run_state"),
        ]

    def __str__(self) -> str:
        """Return the number."""
        return self.number


class RunDraft(ScopedModel):
    """One customer's bill in a run: the canonical bytes that were reviewed and are issued, or why there are none."""

    run = models.ForeignKey(BillingRun, on_delete=models.PROTECT, related_name="drafts")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="drafts")
    state = models.CharField(max_length=12)
    body = models.BinaryField(default=b"")
    inputs = models.CharField(max_length=64, blank=True)
    fingerprint = models.CharField(max_length=64, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    total = models.DecimalField(max_digits=20, decimal_places=4, default=0)
    ordinal = models.PositiveIntegerField(null=True, blank=True)
    invoice_number = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=300, blank=True)

    book = Book(key=("run", "customer"))

    class Meta:
        """One draft a run and customer; ordinals count the drafts that are issued."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "run", "customer"], name="run_draft_once"),
            models.UniqueConstraint(fields=["company", "run", "ordinal"], name="run_draft_ordinal_once"),
            models.CheckConstraint(condition=Q(state__in=DRAFT_STATES), name="run_draft_state"),
        ]

    def __str__(self) -> str:
        """Return run and customer."""
        return f"{self.run} {self.customer}"


class BillingPolicy(ScopedModel):
    """How a company numbers its documents: credit notes among the invoices, or in a series of their own."""

    credit_note_series = models.BooleanField(default=False)

    book = Book(key=("company",))

    class Meta:
        """One a company."""

        verbose_name_plural = "billing policies"
        constraints: ClassVar = [models.UniqueConstraint(fields=["company"], name="billing_policy_once")]

    def __str__(self) -> str:
        """Return which series."""
        return "credit notes in a series of their own" if self.credit_note_series else "one series"


class BilledPeriod(ScopedModel):
    """A service period of an order line version that has been billed; `upper` is not included.

    A credit names itself in `released_by`, once; the period can then be billed again.
    """

    version = models.ForeignKey(OrderLineVersion, on_delete=models.PROTECT, related_name="billed_periods")
    kind = models.CharField(max_length=12)
    lower = models.DateField()
    upper = models.DateField()
    document = models.CharField(max_length=40)
    released_by = models.CharField(max_length=40, blank=True)

    book = Book(key=("version", "kind", "lower", "document"))

    class Meta:
        """A period begins once for a version and kind of charge, unless it was released."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["company", "version", "kind", "lower"], condition=Q(released_by=""), name="billed_period_once"
            ),
            models.CheckConstraint(condition=Q(upper__gt=F("lower")), name="billed_period_dates"),
        ]

    def __str__(self) -> str:
        """Return version and period."""
        return f"{self.version} {self.lower} to before {self.upper}"
