"""What a customer pays with, as far as Billhook may know it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from billhook.customers.models.customer import Customer
from billhook.foundation.scope import Book, ScopedModel

METHODS = ("card", "ach", "sepa", "bank", "manual")


class PaymentInstrument(ScopedModel):
    """A card or account that a gateway keeps; Billhook holds only its token and what people may see of it.

    A card can be used to the end of its month of expiry; a direct debit names its mandate.
    """

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="instruments")
    position = models.PositiveSmallIntegerField(default=1)
    method = models.CharField(max_length=20, default="card")
    token = models.CharField(max_length=200)
    label = models.CharField(max_length=80)
    holder = models.CharField(max_length=200, blank=True)
    expiry_year = models.PositiveSmallIntegerField(null=True, blank=True)
    expiry_month = models.PositiveSmallIntegerField(null=True, blank=True)
    mandate_reference = models.CharField(max_length=70, blank=True)
    mandate_on = models.DateField(null=True, blank=True)
    status = models.CharField(max_length=12, default="active")
    added_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True, blank=True)

    book = Book(key=("customer", "token"))

    class Meta:
        """A token once a customer; tried in the order of their position."""

        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "customer", "token"], name="instrument_token_once"),
            models.CheckConstraint(condition=Q(method__in=METHODS), name="instrument_method"),
            models.CheckConstraint(condition=Q(status__in=["active", "removed"]), name="instrument_status"),
            models.CheckConstraint(
                condition=Q(expiry_year__isnull=True, expiry_month__isnull=True)
                | Q(
                    expiry_year__isnull=False,
                    expiry_year__gte=2000,
                    expiry_month__isnull=False,
                    expiry_month__gte=1,
                    expiry_month__lte=12,
                ),
                name="instrument_expiry",
            ),
        ]

    def __str__(self) -> str:
        """Return what people may see of it."""
        return self.label
