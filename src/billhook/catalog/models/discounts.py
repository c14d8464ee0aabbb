"""Discounts, the coupons that give them, and how often these were taken."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from billhook.foundation.scope import Book, ScopedModel


class Discount(ScopedModel):
    """A percentage or an amount off the lines of some products, some categories or all, for some bills or for ever.

    `periods` is for how many bills, empty for ever; a lower `position` is taken off first. Dates are half-open.
    """

    code = models.SlugField(max_length=60)
    name = models.CharField(max_length=200)
    percent = models.DecimalField(null=True, blank=True, max_digits=9, decimal_places=4)
    amount = models.DecimalField(null=True, blank=True, max_digits=24, decimal_places=12)
    currency = models.CharField(max_length=3, blank=True, default="")
    products = models.JSONField(default=list, blank=True)
    categories = models.JSONField(default=list, blank=True)
    periods = models.PositiveSmallIntegerField(null=True, blank=True)
    position = models.SmallIntegerField(default=0)
    keep_rest = models.BooleanField(default=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)

    book = Book(key=("code",))

    class Meta:
        """Either a percentage or an amount with its currency."""

        ordering: ClassVar = ["position", "code"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "code"], name="discount_once"),
            models.CheckConstraint(
                condition=Q(percent__gt=0, percent__lte=100, amount=None, currency="")
                | (Q(percent=None, amount__gt=0) & ~Q(currency="")),
                name="discount_one_kind",
            ),
            models.CheckConstraint(condition=Q(periods=None) | Q(periods__gte=1), name="discount_periods"),
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
                name="discount_dates_in_order",
            ),
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class Coupon(ScopedModel):
    """A code that gives a discount, so often in all and for each customer, up to, not including, a day."""

    code = models.CharField(max_length=60)
    discount = models.ForeignKey(Discount, on_delete=models.PROTECT, related_name="coupons")
    most = models.PositiveIntegerField(null=True, blank=True)
    most_per_customer = models.PositiveIntegerField(null=True, blank=True)
    account_types = models.JSONField(default=list, blank=True)
    valid_until = models.DateField(null=True, blank=True)
    taken = models.PositiveIntegerField(default=0)

    book = Book(key=("code",))

    class Meta:
        """One coupon a code, whatever the case of its letters; never taken more often than it may be."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "code"], name="coupon_once"),
            models.CheckConstraint(condition=Q(most=None) | Q(taken__lte=F("most")), name="coupon_not_overdrawn"),
        ]

    def __str__(self) -> str:
        """Return the code."""
        return self.code


class CouponUse(ScopedModel):
    """How often a customer, by number, has taken a coupon."""

    coupon = models.ForeignKey(Coupon, on_delete=models.PROTECT, related_name="uses")
    customer = models.CharField(max_length=40)
    taken = models.PositiveIntegerField(default=0)

    book = Book(key=("coupon", "customer"))

    class Meta:
        """One row a customer."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "coupon", "customer"], name="coupon_use_once")
        ]

    def __str__(self) -> str:
        """Return coupon and customer."""
        return f"{self.coupon} · {self.customer}"
