"""Types of assets are set up, and assets come into being, one or a range at a time."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from psycopg.types.json import Jsonb

from billhook.foundation.bulk import insert_rows
from billhook.foundation.events import Actor, emit
from billhook.foundation.scope import current_company_id
from billhook.orders.asset_events import AssetsCreated, AssetTypeCreated
from billhook.orders.asset_refusals import (
    AssetTypeError,
    DuplicateAssetError,
    IdentifierRefusedError,
    RangeError,
)
from billhook.orders.models import Asset, AssetType
from billhook.orders.models.assets import KINDS

LONGEST_RANGE = 1_000_000
ENDS = re.compile(r"(\D*)(\d+)")
FIELDS = ("company", "type", "identifier", "group", "status", "held_for", "custom", "created_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAssetType:
    """What a type of asset is given; see `AssetType`. A quarantine of 0 days is none."""

    code: str
    name: str
    kind: str
    products: tuple[str, ...] = ()
    pattern: str = ""
    usage_kind: str = ""
    quarantine_days: int = 0

    def __post_init__(self) -> None:
        """Refuse what makes no type."""
        if re.fullmatch(r"[A-Za-z0-9_-]{1,60}", self.code) is None:
            raise AssetTypeError(f"{self.code} is no code: use up to 60 letters, digits, hyphens and underscores.")
        if self.kind not in KINDS:
            raise AssetTypeError(f"{self.kind} is no kind of asset: give one of {', '.join(KINDS)}.")
        if self.quarantine_days < 0:
            raise AssetTypeError(f"A quarantine of {self.quarantine_days} days cannot be: give 0 or more.")
        try:
            re.compile(self.pattern)
        except re.error as trouble:
            raise AssetTypeError(f"The pattern {self.pattern} cannot be read ({trouble}): correct it.") from trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAssets:
    """Assets of one group to be created: their identifiers in order, and what is kept beside each."""

    identifiers: Sequence[str]
    group: str = ""
    custom: dict[str, Any] = field(default_factory=dict)


def identifiers_of(text: str) -> list[str]:
    """Return the identifiers of a range such as `31201234500-31201234999`, both ends included; or the one given.

    Raises:
        RangeError: the ends differ in length or in what stands before the digits, or lie in the wrong order.
    """
    first, dash, last = text.partition("-")
    if not dash:
        return [text]
    low, high = ENDS.fullmatch(first), ENDS.fullmatch(last)
    if low is None or high is None or low[1] != high[1] or len(low[2]) != len(high[2]):
        raise RangeError(f"{text} is no range: both ends need equally many digits after the same beginning.")
    count = int(high[2]) - int(low[2]) + 1
    if not 1 <= count <= LONGEST_RANGE:
        raise RangeError(f"The range {text} holds {count} identifiers: give 1 to {LONGEST_RANGE} in ascending order.")
    return [f"{low[1]}{number:0{len(low[2])}d}" for number in range(int(low[2]), int(high[2]) + 1)]


@transaction.atomic
def create_asset_type(*, new: NewAssetType, actor: Actor, at: datetime) -> AssetType:
    """Set up a type of asset.

    Raises:
        AssetTypeError: there is one of that code.
    """
    if AssetType.objects.filter(code=new.code).exists():
        raise AssetTypeError(f"There is a type of asset {new.code} already: choose another code.")
    kind = AssetType.objects.create(
        code=new.code,
        name=new.name,
        kind=new.kind,
        products=list(new.products),
        pattern=new.pattern,
        usage_kind=new.usage_kind,
        quarantine_days=new.quarantine_days,
    )
    emit(AssetTypeCreated(code=kind.code, asset_name=kind.name), actor=actor, at=at)
    return kind


@transaction.atomic
def create_assets(*, kind: AssetType, new: NewAssets, actor: Actor, at: datetime) -> int:
    """Create available assets of a type, all or none, and return how many.

    Raises:
        IdentifierRefusedError: an identifier does not match the type's pattern.
        DuplicateAssetError: an identifier is given twice, or an asset that is not retired has it.
    """
    _check_given(kind, new)
    _check_unused(kind, new)
    company = current_company_id()
    rows = (
        (company, kind.pk, identifier, new.group, "available", "", Jsonb(new.custom), at)
        for identifier in new.identifiers
    )
    try:
        with transaction.atomic():
            created = insert_rows(Asset, FIELDS, rows)
    except IntegrityError:
        # Somebody else has created some of them since they were looked for.
        _check_unused(kind, new)
        raise DuplicateAssetError(
            "Some of these assets were created and retired at this very instant: create them again a moment later."
        ) from None
    if created:
        first, last = new.identifiers[0], new.identifiers[-1]
        what = AssetsCreated(type=kind.code, kind=kind.name, count=created, first=first, last=last, group=new.group)
        emit(what, actor=actor, at=at)
    return created


def _check_given(kind: AssetType, new: NewAssets) -> None:
    """Refuse identifiers that do not look right, or are given twice."""
    seen: dict[str, int] = {}
    for place, identifier in enumerate(new.identifiers, start=1):
        if not identifier or (kind.pattern and re.fullmatch(kind.pattern, identifier) is None):
            raise IdentifierRefusedError(identifier or "An empty text", kind)
        if identifier in seen:
            raise DuplicateAssetError(
                f"{identifier} is given twice, as number {seen[identifier]} and number {place}: leave one out."
            )
        seen[identifier] = place


def _check_unused(kind: AssetType, new: NewAssets) -> None:
    """Refuse identifiers that assets in use have, naming the first with where it stands."""
    used = Asset.objects.filter(type=kind, identifier__in=list(new.identifiers)).exclude(status="retired")
    found = sorted(used, key=lambda asset: asset.identifier)
    if not found:
        return
    first = found[0]
    there = f"{first.status} in {first.group}" if first.group else first.status
    wanted = f"for {new.group}" if new.group else "here"
    others = f" ({len(found) - 1} more as well)" if len(found) > 1 else ""
    raise DuplicateAssetError(
        f"{first.identifier}, wanted {wanted}, is {there} already{others}: leave them out, or retire them first."
    )
