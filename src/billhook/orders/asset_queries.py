"""Reads of assets: what a line, an order or a customer has, what a pool holds, and who had an asset."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.db.models import Count, Q, QuerySet

from billhook.customers.models import Customer
from billhook.orders.asset_refusals import UnknownAssetError, UnknownAssetTypeError
from billhook.orders.models import Asset, AssetAssignment, AssetType, Order, OrderLine
from billhook.orders.models.assets import STATUSES


def asset_type_by_code(code: str) -> AssetType:
    """Return a type of asset.

    Raises:
        UnknownAssetTypeError: there is none of that code.
    """
    kind = AssetType.objects.filter(code=code).first()
    if kind is None:
        raise UnknownAssetTypeError(code, sorted(AssetType.objects.values_list("code", flat=True)))
    return kind


def asset_by_identifier(kind: AssetType, identifier: str) -> Asset:
    """Return the asset in use of an identifier, with its type; a retired one is not found.

    Raises:
        UnknownAssetError: there is none.
    """
    found = Asset.objects.filter(type=kind, identifier=identifier).exclude(status="retired")
    asset = found.select_related("type").first()
    if asset is None:
        raise UnknownAssetError(kind.name, identifier)
    return asset


def _held() -> QuerySet[AssetAssignment]:
    """Return what is assigned now, with asset, type, line and order, by line and identifier."""
    held = AssetAssignment.objects.filter(until_at=None).select_related("asset__type", "line__order")
    return held.order_by("line__order__number", "line__position", "asset__type__code", "asset__identifier")


def assets_of_order(order: Order) -> list[AssetAssignment]:
    """Return what an order's lines have now."""
    return list(_held().filter(line__order=order))


def assets_of_lines(lines: Iterable[OrderLine]) -> Mapping[int, list[Asset]]:
    """Return what each of some lines has now, by the line's primary key, in one query however many."""
    found: dict[int, list[Asset]] = defaultdict(list)
    for held in _held().filter(line__in=list(lines)):
        found[held.line_id].append(held.asset)
    return found


def assets_of_customers(customers: Iterable[Customer]) -> Mapping[int, list[AssetAssignment]]:
    """Return what each of some customers has now, by the customer's primary key, in one query however many."""
    found: dict[int, list[AssetAssignment]] = defaultdict(list)
    for held in _held().filter(line__order__customer__in=list(customers)):
        found[held.line.order.customer_id].append(held)
    return found


def pool_counts() -> Mapping[str, Mapping[str, int]]:
    """Return how many assets of each type stand where: status by type's code, every status named, in one query."""
    by_status = {status: Count("assets", filter=Q(assets__status=status)) for status in STATUSES}
    rows = AssetType.objects.annotate(**by_status).order_by("code").values("code", *STATUSES)
    return {row["code"]: {status: row[status] for status in STATUSES} for row in rows}


def history(asset: Asset) -> QuerySet[AssetAssignment]:
    """Return who had an asset, the latest first, with line, order and customer."""
    return asset.assignments.select_related("line__order__customer").order_by("-ordinal")


def matching_assets(*, kind: AssetType | None = None, status: str = "", text: str = "") -> QuerySet[Asset]:
    """Return assets with their type by identifier, of one type and status or of all, found by identifier or group."""
    found = Asset.objects.select_related("type").order_by("type__code", "identifier", "id")
    if kind is not None:
        found = found.filter(type=kind)
    if status:
        found = found.filter(status=status)
    return found.filter(Q(identifier__icontains=text) | Q(group=text)) if text else found
