"""Plans: what is ordered as one. A plan is a row of versions; a version and its parts never change."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from billhook.catalog.models.products import Product
from billhook.foundation.scope import Book, ScopedModel


class Plan(ScopedModel):
    """One version of a bundle of products; orders keep the version that they were placed with.

    All versions of a code are the same plan. Only the status changes, for all versions together.
    """

    code = models.SlugField(max_length=60)
    version = models.PositiveIntegerField(default=1)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    status = models.CharField(max_length=8, default="active")
    valid_from = models.DateField(null=True, blank=True)

    book = Book(key=("code", "version"))

    class Meta:
        """Versions count up within a code; one begins on a day."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "code", "version"], name="plan_once"),
            models.UniqueConstraint(
                fields=["company", "code", "valid_from"], name="plan_starts_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(status__in=["draft", "active", "retired"]), name="plan_status"),
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class PlanItem(ScopedModel):
    """A product in a plan: when it is billed, at which cadence, and how many."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="items")
    position = models.PositiveSmallIntegerField()
    product = models.ForeignKey(Product, on_delete=models.PROTECT)
    timing = models.CharField(max_length=12)
    quantity = models.DecimalField(default=1, max_digits=24, decimal_places=12)
    cadence_unit = models.CharField(max_length=12, default="month")
    cadence_count = models.PositiveSmallIntegerField(default=1)
    proration = models.CharField(max_length=12, default="days")

    append_only = True
    book = Book(key=("plan", "position"))

    class Meta:
        """In the order in which they appear on an invoice."""

        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "plan", "position"], name="plan_item_once"),
            models.CheckConstraint(condition=Q(timing__in=["in_advance", "in_arrears"]), name="plan_item_timing"),
            models.CheckConstraint(condition=Q(quantity__gte=0), name="plan_item_quantity"),
            models.CheckConstraint(
                condition=Q(cadence_unit__in=["day", "week", "semi_month", "month", "year"], cadence_count__gte=1),
                name="plan_item_cadence",
            ),
        ]

    def __str__(self) -> str:
        """Return plan and product."""
        return f"{self.plan} · {self.product}"


class PlanContent(ScopedModel):
    """A version of another plan that a plan contains, so many times."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="contents")
    position = models.PositiveSmallIntegerField()
    contained = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="containers")
    quantity = models.PositiveIntegerField(default=1)

    append_only = True
    book = Book(key=("plan", "position"))

    class Meta:
        """A plan once in another, never in itself."""

        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "plan", "position"], name="plan_content_once"),
            models.UniqueConstraint(fields=["company", "plan", "contained"], name="plan_contains_once"),
            models.CheckConstraint(condition=~Q(plan=F("contained")), name="plan_content_other"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="plan_content_quantity"),
        ]

    def __str__(self) -> str:
        """Return both plans."""
        return f"{self.plan} · {self.contained}"


class PlanAllowance(ScopedModel):
    """Units or money that a plan includes in each cycle, for the usage of some products or of all."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="allowances")
    code = models.SlugField(max_length=60)
    name = models.CharField(max_length=200)
    products = models.JSONField(default=list, blank=True)
    counts = models.CharField(max_length=8, default="units")
    amount = models.DecimalField(max_digits=24, decimal_places=12)
    currency = models.CharField(max_length=3, blank=True, default="")
    increment = models.DecimalField(null=True, blank=True, max_digits=24, decimal_places=12)
    priority = models.SmallIntegerField(default=0)
    shared = models.BooleanField(default=False)
    partial = models.CharField(max_length=12, default="prorated")
    roll_over_cycles = models.PositiveSmallIntegerField(default=0)
    roll_over_cap = models.DecimalField(null=True, blank=True, max_digits=24, decimal_places=12)

    append_only = True
    book = Book(key=("plan", "code"))

    class Meta:
        """One allowance a code in a plan; money has a currency, units have none."""

        ordering: ClassVar = ["priority", "code"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "plan", "code"], name="plan_allowance_once"),
            models.CheckConstraint(
                condition=Q(counts="units", currency="") | (Q(counts="money") & ~Q(currency="")),
                name="plan_allowance_currency",
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="plan_allowance_amount"),
        ]

    def __str__(self) -> str:
        """Return plan and name."""
        return f"{self.plan} · {self.name}"
