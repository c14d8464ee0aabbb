"""What people write down about a customer."""

from typing import ClassVar

from django.db import models

from billhook.customers.models.customer import Customer
from billhook.foundation.scope import Book, ScopedModel


class Note(ScopedModel):
    """A remark; its text stays as it was written, what is wrong is put right in a later one."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="notes")
    number = models.PositiveIntegerField()
    text = models.TextField()
    author = models.CharField(max_length=200)
    written_at = models.DateTimeField()
    pinned = models.BooleanField(default=False)

    book = Book(key=("customer", "number"))

    class Meta:
        """Numbered within a customer; pinned ones first, then the newest."""

        ordering: ClassVar = ["-pinned", "-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "customer", "number"], name="note_once"),
        ]

    def __str__(self) -> str:
        """Return customer and number."""
        return f"{self.customer} note {self.number}"
