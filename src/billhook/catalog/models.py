"""Products, plans, dated prices, rate cards and taxes."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from billhook.foundation.scope import Book, ScopedModel


class Product(ScopedModel):
    """Something that is sold: a subscription fee, a metered service, a one-time article, a penalty."""

    code = models.SlugField(max_length=60)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=12)
    unit = models.CharField(max_length=20, blank=True)
    tax_category = models.CharField(max_length=40, default="standard")
    revenue_account = models.CharField(max_length=40, default="revenue")

    book = Book(key=("code",))

    class Meta:
        """One product a code; the kind says how it is charged."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "code"], name="product_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["recurring", "usage", "one_time", "penalty"]), name="product_kind"
            ),
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class RateCard(ScopedModel):
    """A deck of prices by destination prefix."""

    code = models.SlugField(max_length=60)
    name = models.CharField(max_length=200)
    currency = models.CharField(max_length=3)

    book = Book(key=("code",))

    class Meta:
        """One card a code."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["company", "code"], name="rate_card_once")]

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class Rate(ScopedModel):
    """What calls to a prefix cost: a price a minute, a connection fee, increments in seconds, and its dates."""

    card = models.ForeignKey(RateCard, on_delete=models.PROTECT, related_name="rates")
    prefix = models.CharField(max_length=20)
    destination = models.CharField(max_length=120)
    price_per_minute = models.DecimalField(max_digits=24, decimal_places=12)
    connection_fee = models.DecimalField(default=0, max_digits=24, decimal_places=12)
    first_increment = models.PositiveIntegerField(default=1)
    next_increment = models.PositiveIntegerField(default=1)
    minimum_seconds = models.PositiveIntegerField(default=0)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)

    book = Book(key=("card", "prefix", "valid_from"))

    class Meta:
        """Valid from its first date up to, not including, its last."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "card", "prefix", "valid_from"], name="rate_once"),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")), name="rate_dates_in_order"
            ),
        ]

    def __str__(self) -> str:
        """Return prefix and destination."""
        return f"{self.prefix} {self.destination}"


class Price(ScopedModel):
    """A dated version of a product's price: a model and its parameters. A version never changes; a new one follows."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="prices")
    version = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    model = models.CharField(max_length=40)
    parameters = models.JSONField()
    rate_card = models.ForeignKey(RateCard, null=True, blank=True, on_delete=models.PROTECT)
    record_decimals = models.PositiveSmallIntegerField(default=6)
    valid_from = models.DateField()

    append_only = True
    book = Book(key=("product", "version"))

    class Meta:
        """Versions count up within a product."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "product", "version"], name="price_version_once")
        ]

    def __str__(self) -> str:
        """Return product and version."""
        return f"{self.product} v{self.version}"


class Plan(ScopedModel):
    """A bundle of products that is ordered as one."""

    code = models.SlugField(max_length=60)
    name = models.CharField(max_length=200)

    book = Book(key=("code",))

    class Meta:
        """One plan a code."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["company", "code"], name="plan_once")]

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

    book = Book(key=("plan", "position"))

    class Meta:
        """In the order in which they appear on an invoice."""

        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "plan", "position"], name="plan_item_once"),
            models.CheckConstraint(condition=Q(timing__in=["in_advance", "in_arrears"]), name="plan_item_timing"),
        ]

    def __str__(self) -> str:
        """Return plan and product."""
        return f"{self.plan} · {self.product}"


class TaxRate(ScopedModel):
    """A dated tax of a company on a product's tax category; percent with up to 4 decimals."""

    tax_category = models.CharField(max_length=40)
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=12, default="percent")
    category = models.CharField(max_length=4, default="S")
    percent = models.DecimalField(max_digits=9, decimal_places=4, default=0)
    reason = models.CharField(max_length=200, blank=True)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)

    book = Book(key=("tax_category", "code", "valid_from"))

    class Meta:
        """One rate a category, code and first date."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "tax_category", "code", "valid_from"], name="tax_rate_once")
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name
