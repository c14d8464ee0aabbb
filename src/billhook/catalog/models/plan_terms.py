"""What binds a plan's customers: phases, minimum term, cancellation fee and commitment."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from billhook.catalog.models.plans import Plan
from billhook.foundation.scope import Book, ScopedModel


class PlanPhase(ScopedModel):
    """A stretch of a plan with a length and a price: a factor on the plan's prices, or prices of its own.

    `prices` is a list of {"product", "currency", "model", "parameters"}; without an end the length is empty.
    """

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="phases")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=10)
    length_unit = models.CharField(max_length=12, blank=True, default="")
    length_count = models.PositiveSmallIntegerField(null=True, blank=True)
    price_factor = models.DecimalField(default=1, max_digits=24, decimal_places=12)
    prices = models.JSONField(default=list, blank=True)

    append_only = True
    book = Book(key=("plan", "position"))

    class Meta:
        """One after the other."""

        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "plan", "position"], name="plan_phase_once"),
            models.UniqueConstraint(fields=["company", "plan", "name"], name="plan_phase_name_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["trial", "discount", "fixed", "evergreen"]), name="plan_phase_kind"
            ),
            models.CheckConstraint(condition=Q(price_factor__gte=0), name="plan_phase_factor"),
        ]

    def __str__(self) -> str:
        """Return plan and name."""
        return f"{self.plan} · {self.name}"


class PlanTerm(ScopedModel):
    """The minimum term of a plan, how notice is given, and the fee for leaving earlier."""

    plan = models.OneToOneField(Plan, on_delete=models.PROTECT, related_name="term")
    unit = models.CharField(max_length=12)
    count = models.PositiveSmallIntegerField()
    notice_unit = models.CharField(max_length=12, blank=True, default="")
    notice_count = models.PositiveSmallIntegerField(null=True, blank=True)
    renewal = models.CharField(max_length=12, default="same_term")
    fee_kind = models.CharField(max_length=20, blank=True, default="")
    fee_currency = models.CharField(max_length=3, blank=True, default="")
    fee = models.DecimalField(null=True, blank=True, max_digits=24, decimal_places=12)
    fee_step = models.DecimalField(null=True, blank=True, max_digits=24, decimal_places=12)

    append_only = True
    book = Book(key=("plan",))

    class Meta:
        """A fee has a kind and a figure, or there is none."""

        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(fee_kind="", fee=None)
                | Q(fee_kind__in=["flat", "percent_of_rest", "per_period", "declining"], fee__gte=0),
                name="plan_term_fee",
            ),
        ]

    def __str__(self) -> str:
        """Return plan and length."""
        return f"{self.plan} · {self.count} {self.unit}"


class PlanCommitment(ScopedModel):
    """What a plan's lines come to at least in each period, before discounts and tax."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="commitments")
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=24, decimal_places=12)
    unit = models.CharField(max_length=12, default="month")
    count = models.PositiveSmallIntegerField(default=1)
    description = models.CharField(max_length=200)
    tax_category = models.CharField(max_length=40, default="standard")

    append_only = True
    book = Book(key=("plan", "currency"))

    class Meta:
        """One commitment a currency."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "plan", "currency"], name="plan_commitment_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="plan_commitment_amount"),
        ]

    def __str__(self) -> str:
        """Return plan and amount."""
        return f"{self.plan} · {self.amount} {self.currency}"
