"""Account types: what customers of a kind begin with."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from billhook.foundation.scope import Book, ScopedModel

DELIVERIES = ("email", "portal", "post")


class AccountType(ScopedModel):
    """Defaults for customers of a kind, and the payment methods that they may use (an empty list: all).

    `credit_limit` is in the currency of the kind; empty means none.
    """

    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=120)
    currency = models.CharField(max_length=3)
    language = models.CharField(max_length=12, default="en")
    cycle_unit = models.CharField(max_length=12, default="month")
    cycle_count = models.PositiveSmallIntegerField(default=1)
    due_days = models.PositiveSmallIntegerField(null=True, blank=True)
    credit_limit = models.DecimalField(max_digits=20, decimal_places=4, null=True, blank=True)
    invoiced_separately = models.BooleanField(default=True)
    delivery = models.CharField(max_length=8, default="email")
    methods = models.JSONField(default=list, blank=True)

    book = Book(key=("code",))

    class Meta:
        """One account type a code."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "code"], name="account_type_once"),
            models.CheckConstraint(condition=Q(delivery__in=DELIVERIES), name="account_type_delivery"),
            models.CheckConstraint(
                condition=Q(credit_limit=None) | Q(credit_limit__gte=0), name="account_type_credit_limit"
            ),
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name
