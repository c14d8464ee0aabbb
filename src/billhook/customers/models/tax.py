"""What tax authorities know a customer by, and what they excuse it from."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from billhook.customers.models.customer import Customer
from billhook.foundation.scope import Book, ScopedModel


class TaxId(ScopedModel):
    """A customer's number with one tax authority: compact for comparing, formatted for reading."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="tax_ids")
    position = models.PositiveSmallIntegerField()
    scheme = models.CharField(max_length=20)
    country = models.CharField(max_length=2)
    number = models.CharField(max_length=40)
    formatted = models.CharField(max_length=60)
    status = models.CharField(max_length=12, default="active")

    book = Book(key=("customer", "scheme", "number"))

    class Meta:
        """A number once a customer and scheme."""

        verbose_name = "tax id"
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "customer", "scheme", "number"], name="tax_id_once"),
            models.UniqueConstraint(fields=["company", "customer", "position"], name="tax_id_position_once"),
            models.CheckConstraint(condition=Q(status__in=["active", "removed"]), name="tax_id_status"),
        ]

    def __str__(self) -> str:
        """Return the number as people read it."""
        return self.formatted


class Exemption(ScopedModel):
    """A certificate that excuses a customer from tax, from a day up to, not including, another.

    It holds for one country and, where they are given, only for one tax category or the tax of one code.
    """

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="exemptions")
    certificate = models.CharField(max_length=80)
    country = models.CharField(max_length=2)
    tax_category = models.CharField(max_length=40, blank=True)
    tax_code = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=200)
    document = models.CharField(max_length=200, blank=True)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)

    book = Book(key=("customer", "country", "tax_category", "tax_code", "valid_from"))

    class Meta:
        """One for the same tax begins on a day; operations keep two for the same tax from overlapping."""

        ordering: ClassVar = ["country", "tax_category", "tax_code", "valid_from"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["company", "customer", "country", "tax_category", "tax_code", "valid_from"],
                name="exemption_once",
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")), name="exemption_dates"
            ),
        ]

    def __str__(self) -> str:
        """Return the certificate and its country."""
        return f"{self.certificate} {self.country}"
