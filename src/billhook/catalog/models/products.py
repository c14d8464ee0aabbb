"""Products and the tree of categories in which they stand."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from billhook.foundation.scope import Book, ScopedModel


class ProductCategory(ScopedModel):
    """A group of products; its tax category and revenue account are those of its products unless they have their own.

    An empty default is that of the category above.
    """

    code = models.SlugField(max_length=60)
    name = models.CharField(max_length=200)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    tax_category = models.CharField(max_length=40, blank=True)
    revenue_account = models.CharField(max_length=40, blank=True)

    book = Book(key=("code",))

    class Meta:
        """One category a code, never its own parent."""

        verbose_name_plural = "product categories"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "code"], name="product_category_once"),
            models.CheckConstraint(condition=Q(parent=None) | ~Q(parent=F("id")), name="product_category_parent"),
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class Product(ScopedModel):
    """Something that is sold: a subscription fee, a metered service, a one-time article, a penalty.

    A draft is not sold yet, a retired one is billed on but not ordered any more.
    """

    code = models.SlugField(max_length=60)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=12)
    status = models.CharField(max_length=8, default="active")
    category = models.ForeignKey(
        ProductCategory, null=True, blank=True, on_delete=models.PROTECT, related_name="products"
    )
    description = models.TextField(blank=True)
    unit = models.CharField(max_length=20, blank=True)
    tax_category = models.CharField(max_length=40, default="standard")
    revenue_account = models.CharField(max_length=40, default="revenue")
    custom = models.JSONField(default=dict, blank=True)

    book = Book(key=("code",))

    class Meta:
        """One product a code; the kind says how it is charged."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "code"], name="product_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["recurring", "usage", "one_time", "penalty"]), name="product_kind"
            ),
            models.CheckConstraint(condition=Q(status__in=["draft", "active", "retired"]), name="product_status"),
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name
