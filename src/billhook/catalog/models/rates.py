"""Rate cards: prices by destination prefix."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from billhook.foundation.scope import Book, ScopedModel


class RateCard(ScopedModel):
    """A deck of prices by destination prefix."""

    code = models.SlugField(max_length=60)
    name = models.CharField(max_length=200)
    currency = models.CharField(max_length=3)

    book = Book(key=("code",))

    class Meta:
        """One card a code."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["company", "code"], name="rate_card_once")]

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class Rate(ScopedModel):
    """What calls to a prefix cost: a price a minute, a connection fee, increments in seconds, and its dates.

    Minimum and maximum charge, seconds of grace and `slices` (other prices later in a call) stay at their defaults: a
    rate that needs them is refused when it is imported.
    """

    card = models.ForeignKey(RateCard, on_delete=models.PROTECT, related_name="rates")
    prefix = models.CharField(max_length=20)
    destination = models.CharField(max_length=120)
    price_per_minute = models.DecimalField(max_digits=24, decimal_places=12)
    connection_fee = models.DecimalField(default=0, max_digits=24, decimal_places=12)
    first_increment = models.PositiveIntegerField(default=1)
    next_increment = models.PositiveIntegerField(default=1)
    minimum_seconds = models.PositiveIntegerField(default=0)
    minimum_charge = models.DecimalField(default=0, db_default=0, max_digits=24, decimal_places=12)
    maximum_charge = models.DecimalField(null=True, blank=True, max_digits=24, decimal_places=12)
    grace_seconds = models.PositiveIntegerField(default=0, db_default=0)
    slices = models.JSONField(default=list, blank=True, db_default=[])
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)

    book = Book(key=("card", "prefix", "valid_from"))

    class Meta:
        """Valid from its first date up to, not including, its last."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "card", "prefix", "valid_from"], name="rate_once"),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")), name="rate_dates_in_order"
            ),
        ]

    def __str__(self) -> str:
        """Return prefix and destination."""
        return f"{self.prefix} {self.destination}"
