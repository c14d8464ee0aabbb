"""What a company gives its customers the use of: numbers, SIM cards, addresses, licences, devices, and who has them."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from billhook.foundation.scope import Book, ScopedModel
from billhook.orders.models.order import OrderLine

KINDS = ("number", "sim", "address", "licence", "device", "other")
STATUSES = ("available", "reserved", "assigned", "quarantined", "retired")


class AssetType(ScopedModel):
    """One sort of asset, what it goes with, and what its identifier looks like.

    `products` are the codes of the products on whose lines it may be used; none means all. `pattern` is a regular
    expression that a whole identifier matches; an empty one lets everything pass. `usage_kind` is the kind of usage
    identifier that an assigned asset becomes; an empty one means that no usage record names it.
    """

    code = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=12)
    products = models.JSONField(default=list)
    pattern = models.CharField(max_length=200, blank=True)
    usage_kind = models.CharField(max_length=20, blank=True)
    quarantine_days = models.PositiveSmallIntegerField(default=0)

    book = Book(key=("code",))

    class Meta:
        """Found by code."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "code"], name="asset_type_once"),
            models.CheckConstraint(condition=Q(kind__in=KINDS), name="asset_type_kind"),
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class Asset(ScopedModel):
    """One thing of a type, such as a telephone number, and where it stands.

    `until` is the instant at which a reservation or a quarantine ends by itself; `held_for` is the customer number or
    session for which it is reserved. `group` is a range, a warehouse or whatever else a pool is called.
    """

    type = models.ForeignKey(AssetType, on_delete=models.PROTECT, related_name="assets")
    identifier = models.CharField(max_length=120)
    group = models.CharField(max_length=60, blank=True)
    status = models.CharField(max_length=12, default="available")
    held_for = models.CharField(max_length=80, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    custom = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    book = Book(key=("type", "identifier", "created_at"))

    class Meta:
        """An identifier is used again only after its asset was retired."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["company", "type", "identifier"], condition=~Q(status="retired"), name="asset_once"
            ),
            models.UniqueConstraint(fields=["company", "type", "identifier", "created_at"], name="asset_created_once"),
            models.CheckConstraint(condition=Q(status__in=STATUSES), name="asset_status"),
            models.CheckConstraint(
                condition=Q(status__in=["reserved", "quarantined"], until__isnull=False)
                | (~Q(status__in=["reserved", "quarantined"]) & Q(until=None)),
                name="asset_until",
            ),
            models.CheckConstraint(
                condition=(Q(status="reserved") & ~Q(held_for="")) | (~Q(status="reserved") & Q(held_for="")),
                name="asset_held_for",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["company", "type", "group", "id"], condition=Q(status="available"), name="asset_free"),
            models.Index(fields=["company", "until"], condition=Q(until__isnull=False), name="asset_ends"),
        ]

    def __str__(self) -> str:
        """Return the identifier."""
        return self.identifier


class AssetAssignment(ScopedModel):
    """An order line's use of an asset from an instant up to, not including, another; ended ones are kept."""

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="assignments")
    ordinal = models.PositiveIntegerField()
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="assignments")
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True, blank=True)

    book = Book(key=("asset", "ordinal"))

    class Meta:
        """One line has an asset at a time."""

        ordering: ClassVar = ["ordinal"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "asset", "ordinal"], name="asset_assignment_once"),
            models.UniqueConstraint(
                fields=["company", "asset"], condition=Q(until_at=None), name="asset_assignment_one_open"
            ),
            models.CheckConstraint(
                condition=Q(until_at=None) | Q(until_at__gte=F("from_at")), name="asset_assignment_dates"
            ),
        ]

    def __str__(self) -> str:
        """Return asset and line."""
        return f"{self.asset} · {self.line}"
