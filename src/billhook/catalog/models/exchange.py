"""Exchange rates of a company, by day."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from billhook.foundation.scope import Book, ScopedModel


class ExchangeRate(ScopedModel):
    """How many units of a currency one unit of another buys, from a day until the next rate of the two."""

    from_currency = models.CharField(max_length=3)
    to_currency = models.CharField(max_length=3)
    rate = models.DecimalField(max_digits=24, decimal_places=12)
    source = models.CharField(max_length=80, blank=True, default="")
    valid_from = models.DateField()

    append_only = True
    book = Book(key=("from_currency", "to_currency", "valid_from"))

    class Meta:
        """One rate of two currencies begins on a day."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["company", "from_currency", "to_currency", "valid_from"], name="exchange_rate_once"
            ),
            models.CheckConstraint(condition=Q(rate__gt=0), name="exchange_rate_above_zero"),
            models.CheckConstraint(condition=~Q(from_currency=F("to_currency")), name="exchange_rate_of_two"),
        ]

    def __str__(self) -> str:
        """Return both currencies and the day."""
        return f"{self.from_currency}/{self.to_currency} {self.valid_from}"
