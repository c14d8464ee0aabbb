"""Customers, their account types and payment instruments."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from billhook.foundation.scope import Book, ScopedModel


class AccountType(ScopedModel):
    """Defaults for customers of a kind: currency, language, billing cycle and due days."""

    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=120)
    currency = models.CharField(max_length=3)
    language = models.CharField(max_length=12, default="en")
    cycle_unit = models.CharField(max_length=12, default="month")
    cycle_count = models.PositiveSmallIntegerField(default=1)
    due_days = models.PositiveSmallIntegerField(null=True, blank=True)

    book = Book(key=("code",))

    class Meta:
        """One account type a code."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["company", "code"], name="account_type_once")]

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class Customer(ScopedModel):
    """Who is billed; `cycle_anchor` is the first day of the first cycle, `next_invoice_on` the next bill date."""

    number = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    sort_name = models.CharField(max_length=200)
    email = models.EmailField(blank=True)
    account_type = models.ForeignKey(AccountType, on_delete=models.PROTECT)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    status = models.CharField(max_length=12, default="active")
    currency = models.CharField(max_length=3)
    language = models.CharField(max_length=12)
    zone = models.CharField(max_length=64)
    address = models.TextField(blank=True)
    country = models.CharField(max_length=2, blank=True)
    vat_id = models.CharField(max_length=32, blank=True)
    buyer_reference = models.CharField(max_length=100, blank=True)
    cycle_unit = models.CharField(max_length=12)
    cycle_count = models.PositiveSmallIntegerField()
    cycle_anchor = models.DateField()
    next_invoice_on = models.DateField()
    due_days = models.PositiveSmallIntegerField(null=True, blank=True)
    since = models.DateTimeField()

    book = Book(key=("number",))

    class Meta:
        """Found by number, by name and by bill date."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "number"], name="customer_number_once"),
            models.CheckConstraint(condition=Q(status__in=["active", "suspended", "closed"]), name="customer_status"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["company", "next_invoice_on"], name="customer_due"),
            models.Index(fields=["company", "sort_name"], name="customer_sorted"),
        ]

    def __str__(self) -> str:
        """Return number and name."""
        return f"{self.number} {self.name}"


class PaymentInstrument(ScopedModel):
    """A card or account that a gateway keeps; Billhook holds only its token and what people may see of it."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="instruments")
    position = models.PositiveSmallIntegerField(default=1)
    method = models.CharField(max_length=20, default="card")
    token = models.CharField(max_length=200)
    label = models.CharField(max_length=80)
    status = models.CharField(max_length=12, default="active")
    added_at = models.DateTimeField()

    book = Book(key=("customer", "token"))

    class Meta:
        """A token once a customer; tried in the order of their position."""

        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "customer", "token"], name="instrument_token_once")
        ]

    def __str__(self) -> str:
        """Return what people may see of it."""
        return self.label
