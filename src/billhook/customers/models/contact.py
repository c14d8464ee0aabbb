"""People to write to, and addresses with the days on which they count."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from billhook.customers.models.customer import Customer
from billhook.foundation.scope import Book, ScopedModel

ROLES = ("billing", "technical", "legal", "commercial", "delivery", "other")
RECEIVES = ("invoices", "reminders", "notices", "usage")
KINDS = ("billing", "delivery", "site")


class Contact(ScopedModel):
    """Somebody at a customer, and which kinds of message they receive."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="contacts")
    position = models.PositiveSmallIntegerField()
    role = models.CharField(max_length=12)
    name = models.CharField(max_length=200)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=12, blank=True)
    receives = models.JSONField(default=list, blank=True)
    status = models.CharField(max_length=12, default="active")

    book = Book(key=("customer", "position"))

    class Meta:
        """Numbered within a customer."""

        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "customer", "position"], name="contact_position_once"),
            models.CheckConstraint(condition=Q(role__in=ROLES), name="contact_role"),
            models.CheckConstraint(condition=Q(status__in=["active", "removed"]), name="contact_status"),
        ]

    def __str__(self) -> str:
        """Return role and name."""
        return f"{self.role} {self.name}"


class Address(ScopedModel):
    """Where a customer is, by kind, from a day up to, not including, another; an empty end means until further notice.

    `lines` are what stands above the town: building, street, post box.
    """

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="addresses")
    kind = models.CharField(max_length=12)
    lines = models.TextField()
    postcode = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=100, blank=True)
    region = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=2)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)

    book = Book(key=("customer", "kind", "valid_from"))

    class Meta:
        """One of a kind begins on a day; operations keep two of a kind from overlapping."""

        verbose_name_plural = "addresses"
        ordering: ClassVar = ["kind", "valid_from"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "customer", "kind", "valid_from"], name="address_once"),
            models.CheckConstraint(condition=Q(kind__in=KINDS), name="address_kind"),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")), name="address_dates"
            ),
        ]

    def __str__(self) -> str:
        """Return kind and first day."""
        return f"{self.kind} from {self.valid_from}"
