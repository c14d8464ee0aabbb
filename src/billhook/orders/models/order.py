"""Orders, their lines in versions, and the identifiers by which usage finds them."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from billhook.catalog.models import Plan, Price, Product
from billhook.customers.models import Customer
from billhook.foundation.scope import Book, ScopedModel


class Order(ScopedModel):
    """What a customer agreed to, from its start date up to, not including, its end date."""

    number = models.CharField(max_length=40)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="orders")
    plan = models.ForeignKey(Plan, null=True, blank=True, on_delete=models.PROTECT)
    status = models.CharField(max_length=12)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    suspended_on = models.DateField(null=True, blank=True)
    note = models.TextField(blank=True)

    book = Book(key=("number",))

    class Meta:
        """Found by number and by customer."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "number"], name="order_number_once"),
            models.CheckConstraint(condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="order_dates"),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "active", "suspended", "ended", "cancelled"]), name="order_status"
            ),
        ]

    def __str__(self) -> str:
        """Return the number."""
        return self.number


class OrderLine(ScopedModel):
    """One product of an order; what was agreed about it stands in its versions."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    product = models.ForeignKey(Product, on_delete=models.PROTECT)
    description = models.CharField(max_length=200)
    kind = models.CharField(max_length=12)
    timing = models.CharField(max_length=12)
    cadence_unit = models.CharField(max_length=12, default="month")
    cadence_count = models.PositiveSmallIntegerField(default=1)
    alignment = models.CharField(max_length=12, default="customer")
    proration = models.CharField(max_length=12, default="days")

    book = Book(key=("order", "position"))

    class Meta:
        """In the order in which they appear on an invoice."""

        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "order", "position"], name="order_line_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["recurring", "usage", "one_time", "penalty"]), name="order_line_kind"
            ),
            models.CheckConstraint(condition=Q(timing__in=["in_advance", "in_arrears"]), name="order_line_timing"),
        ]

    def __str__(self) -> str:
        """Return order and product."""
        return f"{self.order} · {self.description}"


class OrderLineVersion(ScopedModel):
    """What was agreed about a line for a stretch of time: quantity and price. A change ends it and opens the next.

    The price is a published version, or the line's own: {"model": …, "parameters": …} in the order's currency.
    `billed_through` is the day up to which, not including, the version is billed; empty before its first bill.
    """

    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    quantity = models.DecimalField(default=1, max_digits=24, decimal_places=12)
    price = models.ForeignKey(Price, null=True, blank=True, on_delete=models.PROTECT)
    own_price = models.JSONField(null=True, blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    billed_through = models.DateField(null=True, blank=True)

    book = Book(key=("line", "version"))

    class Meta:
        """Versions count up within a line."""

        ordering: ClassVar = ["version"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "line", "version"], name="order_line_version_once"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="order_line_version_dates"
            ),
            models.CheckConstraint(
                condition=Q(price=None, own_price__isnull=False) | Q(price__isnull=False, own_price=None),
                name="order_line_version_one_price",
            ),
        ]

    def __str__(self) -> str:
        """Return line and version."""
        return f"{self.line} v{self.version}"


class UsageIdentifier(ScopedModel):
    """A number, account code or user name that usage records carry, and the order line that it means, by instant."""

    kind = models.CharField(max_length=20, default="account")
    value = models.CharField(max_length=120)
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="identifiers")
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)

    book = Book(key=("kind", "value", "valid_from"))

    class Meta:
        """One meaning at a time begins once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "kind", "value", "valid_from"], name="usage_identifier_once"),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")), name="usage_identifier_dates"
            ),
        ]

    def __str__(self) -> str:
        """Return the value."""
        return self.value
