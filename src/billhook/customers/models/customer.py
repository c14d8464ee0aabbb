"""Customers: who is billed, how, and where they stand in their tree."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from billhook.customers.models.account_type import DELIVERIES, AccountType
from billhook.foundation.scope import Book, ScopedModel

STATUSES = ("active", "suspended", "closed", "merged")


class Customer(ScopedModel):
    """Who is billed; `cycle_anchor` is the first day of the first cycle, `next_invoice_on` the next bill date.

    One who is not `invoiced_separately` is billed on the invoice of the nearest parent who is. `address` and `country`
    count on days for which no billing address is dated. Credit limit and auto-recharge are in the customer's currency;
    an empty limit means none, a recharge has all of its three amounts or none. `custom` holds the custom fields.
    """

    number = models.CharField(max_length=40)
    external_key = models.CharField(max_length=120, blank=True)
    name = models.CharField(max_length=200)
    trading_name = models.CharField(max_length=200, blank=True)
    sort_name = models.CharField(max_length=200)
    email = models.EmailField(blank=True)
    account_type = models.ForeignKey(AccountType, on_delete=models.PROTECT)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    invoiced_separately = models.BooleanField(default=True)
    status = models.CharField(max_length=12, default="active")
    currency = models.CharField(max_length=3)
    language = models.CharField(max_length=12)
    zone = models.CharField(max_length=64)
    address = models.TextField(blank=True)
    country = models.CharField(max_length=2, blank=True)
    vat_id = models.CharField(max_length=32, blank=True)
    registration = models.CharField(max_length=64, blank=True)
    registration_scheme = models.CharField(max_length=20, blank=True)
    buyer_reference = models.CharField(max_length=100, blank=True)
    delivery = models.CharField(max_length=8, default="email")
    cycle_unit = models.CharField(max_length=12)
    cycle_count = models.PositiveSmallIntegerField()
    cycle_anchor = models.DateField()
    next_invoice_on = models.DateField()
    due_days = models.PositiveSmallIntegerField(null=True, blank=True)
    credit_limit = models.DecimalField(max_digits=20, decimal_places=4, null=True, blank=True)
    recharge_threshold = models.DecimalField(max_digits=20, decimal_places=4, null=True, blank=True)
    recharge_amount = models.DecimalField(max_digits=20, decimal_places=4, null=True, blank=True)
    recharge_monthly_cap = models.DecimalField(max_digits=20, decimal_places=4, null=True, blank=True)
    custom = models.JSONField(default=dict, blank=True)
    since = models.DateTimeField()
    closed_on = models.DateField(null=True, blank=True)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged")
    anonymised_at = models.DateTimeField(null=True, blank=True)

    book = Book(key=("number",))
    custom_entity = "customer"
    custom_final: ClassVar = {"status__in": ["closed", "merged"]}

    class Meta:
        """Found by number, by external key, by name and by bill date."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "number"], name="customer_number_once"),
            models.UniqueConstraint(
                fields=["company", "external_key"], condition=~Q(external_key=""), name="customer_external_key_once"
            ),
            models.CheckConstraint(condition=Q(status__in=STATUSES), name="customer_status"),
            models.CheckConstraint(condition=Q(delivery__in=DELIVERIES), name="customer_delivery"),
            models.CheckConstraint(condition=Q(parent=None) | ~Q(parent=F("id")), name="customer_not_its_own_parent"),
            models.CheckConstraint(
                condition=Q(status="merged", merged_into__isnull=False)
                | (~Q(status="merged") & Q(merged_into__isnull=True)),
                name="customer_merged_into_somebody",
            ),
            models.CheckConstraint(
                condition=Q(closed_on=None) | Q(status__in=["closed", "merged"]), name="customer_closed_on"
            ),
            models.CheckConstraint(
                condition=Q(anonymised_at=None) | Q(status__in=["closed", "merged"]), name="customer_anonymised_at"
            ),
            models.CheckConstraint(
                condition=Q(credit_limit=None) | Q(credit_limit__gte=0), name="customer_credit_limit"
            ),
            models.CheckConstraint(
                condition=Q(
                    recharge_threshold__isnull=True, recharge_amount__isnull=True, recharge_monthly_cap__isnull=True
                )
                | Q(
                    recharge_threshold__isnull=False,
                    recharge_threshold__gte=0,
                    recharge_amount__isnull=False,
                    recharge_amount__gt=0,
                    recharge_monthly_cap__isnull=False,
                    recharge_monthly_cap__gte=F("recharge_amount"),
                ),
                name="customer_recharge_whole",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["company", "next_invoice_on"], name="customer_due"),
            models.Index(fields=["company", "sort_name"], name="customer_sorted"),
        ]

    def __str__(self) -> str:
        """Return number and name."""
        return f"{self.number} {self.name}"
