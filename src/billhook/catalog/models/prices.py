"""Prices: dated versions that never change."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from billhook.catalog.models.products import Product
from billhook.catalog.models.rates import RateCard
from billhook.foundation.scope import Book, ScopedModel


class Price(ScopedModel):
    """A dated version of a product's price: a model and its parameters. A version never changes; a new one follows.

    It holds for everybody, or for one customer (by number), account type or plan (by code), or several of these
    together; a customer's price may hold for the customers below it too. Customers who have an older version keep it
    until `existing_from`, or until they are moved where that is empty. Minimum and maximum are of a whole period, in
    the price's currency, before discounts and tax.
    """

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="prices")
    version = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    customer = models.CharField(max_length=40, blank=True, default="")
    account_type = models.CharField(max_length=40, blank=True, default="")
    plan = models.CharField(max_length=60, blank=True, default="")
    shared_with_children = models.BooleanField(default=False)
    model = models.CharField(max_length=40)
    parameters = models.JSONField()
    rate_card = models.ForeignKey(RateCard, null=True, blank=True, on_delete=models.PROTECT)
    record_decimals = models.PositiveSmallIntegerField(default=6)
    minimum = models.DecimalField(null=True, blank=True, max_digits=24, decimal_places=12)
    maximum = models.DecimalField(null=True, blank=True, max_digits=24, decimal_places=12)
    valid_from = models.DateField()
    existing_from = models.DateField(null=True, blank=True)

    append_only = True
    book = Book(key=("product", "version"))

    class Meta:
        """Versions count up within a product; of one price, one begins on a day."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "product", "version"], name="price_version_once"),
            models.UniqueConstraint(
                fields=["company", "product", "currency", "customer", "account_type", "plan", "valid_from"],
                name="price_starts_once",
            ),
            models.CheckConstraint(
                condition=Q(minimum=None) | Q(maximum=None) | Q(maximum__gte=F("minimum")), name="price_bounds"
            ),
            models.CheckConstraint(
                condition=Q(shared_with_children=False) | ~Q(customer=""), name="price_shared_by_a_customer"
            ),
            models.CheckConstraint(
                condition=Q(existing_from=None) | Q(existing_from__gte=F("valid_from")), name="price_existing_later"
            ),
        ]

    def __str__(self) -> str:
        """Return product and version."""
        return f"{self.product} v{self.version}"
