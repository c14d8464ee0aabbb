"""Changes of the billing cycle that are agreed for a date."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from billhook.customers.models.customer import Customer
from billhook.foundation.scope import Book, ScopedModel


class CycleChange(ScopedModel):
    """A billing cycle that is to come: in force from `anchor`, the first new anchor day on or after `effective_on`."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="cycle_changes")
    number = models.PositiveSmallIntegerField()
    effective_on = models.DateField()
    cycle_unit = models.CharField(max_length=12)
    cycle_count = models.PositiveSmallIntegerField()
    anchor = models.DateField()
    status = models.CharField(max_length=12, default="planned")
    planned_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    book = Book(key=("customer", "number"))

    class Meta:
        """Numbered within a customer; one at a time is planned."""

        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "customer", "number"], name="cycle_change_once"),
            models.UniqueConstraint(
                fields=["company", "customer"], condition=Q(status="planned"), name="cycle_change_one_planned"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["planned", "applied", "withdrawn"]), name="cycle_change_status"
            ),
        ]

    def __str__(self) -> str:
        """Return the cycle and its first day."""
        return f"{self.cycle_count} {self.cycle_unit} from {self.anchor}"
