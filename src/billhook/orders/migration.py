"""Which order lines a migration to a newer price version moves, and what that does to what customers pay."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import F, Q, QuerySet

from billhook.catalog.models import Price
from billhook.core import exact
from billhook.core.price import PriceModel
from billhook.orders.changing import OVER
from billhook.orders.models import OrderLineVersion
from billhook.orders.queries import version_price

LARGEST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """Who is moved to a price version, and when.

    Args:
        to: the price version; lines of its product in its currency are moved.
        on: the first day at that price, in the past, now or later.
        from_version: only lines at this version of the price; None for all others.
        account_type: only customers of this type, by code; empty for all.
        plan: only orders of this plan, by code; empty for all.
    """

    to: Price
    on: date
    from_version: int | None = None
    account_type: str = ""
    plan: str = ""


def moved_by(migration: Migration) -> QuerySet[OrderLineVersion]:
    """Return the versions that are in force on the day at another published price of the product, by order.

    Lines with a price of their own stay, and so do orders that are over before.
    """
    found = OrderLineVersion.objects.filter(
        Q(ends_on=None) | (Q(ends_on__gt=migration.on) & Q(ends_on__gt=F("starts_on"))),
        price__product=migration.to.product,
        price__currency=migration.to.currency,
        starts_on__lte=migration.on,
    ).exclude(price=migration.to)
    found = found.exclude(line__order__status__in=OVER)
    if migration.from_version is not None:
        found = found.filter(price__version=migration.from_version)
    if migration.account_type:
        found = found.filter(line__order__customer__account_type__code=migration.account_type)
    if migration.plan:
        found = found.filter(line__order__plan__code=migration.plan)
    return found.order_by("line__order", "line__position")


@dataclass(frozen=True, slots=True)
class Difference:
    """What a line costs for a whole period, before and after."""

    customer: str
    order: str
    before: Decimal
    after: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationPreview:
    """What a migration does: how many lines, what they cost for a whole period, and where it differs most."""

    currency: str
    lines: int
    before: Decimal
    after: Decimal
    largest: tuple[Difference, ...]


def preview_migration(migration: Migration) -> MigrationPreview:
    """Return what a migration would do, in its currency; nothing is changed.

    Usage that a rate card prices counts as a line, and costs nothing for a period.
    """
    differences = list(_differences(migration))
    return MigrationPreview(
        currency=migration.to.currency,
        lines=len(differences),
        before=exact.total(item.before for item in differences),
        after=exact.total(item.after for item in differences),
        largest=tuple(sorted(differences, key=_by_size)[:LARGEST]),
    )


def _by_size(item: Difference) -> tuple[Decimal, str]:
    return -abs(item.after - item.before), item.order


def _differences(migration: Migration) -> Iterator[Difference]:
    known: dict[object, PriceModel] = {}
    rows = moved_by(migration).select_related("line__order__customer", "price")
    for version in rows.iterator(chunk_size=2000):
        before = version_price(version, migration.to.currency, known)
        at_new = OrderLineVersion(line=version.line, quantity=version.quantity, price=migration.to)
        after = version_price(at_new, migration.to.currency, known)
        order = version.line.order
        amounts = [Decimal(0) if price is None else price.price(version.quantity).amount for price in (before, after)]
        yield Difference(order.customer.number, order.number, *amounts)


def by_order(migration: Migration, *, after: int, limit: int) -> dict[int, list[OrderLineVersion]]:
    """Return the versions to move of the next orders beyond a primary key, by order."""
    orders = moved_by(migration).filter(line__order__gt=after).order_by("line__order").values("line__order")
    chosen = [row["line__order"] for row in orders.distinct()[:limit]]
    found: dict[int, list[OrderLineVersion]] = defaultdict(list)
    for version in moved_by(migration).filter(line__order__in=chosen).select_related("line"):
        found[version.line.order_id].append(version)
    return found
