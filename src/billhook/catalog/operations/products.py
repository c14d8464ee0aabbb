"""Products are added, changed, activated and retired."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from billhook.catalog.events import ProductActivated, ProductChanged, ProductCreated, ProductRetired
from billhook.catalog.models import Product, ProductCategory
from billhook.catalog.queries.products import category_defaults
from billhook.catalog.refusals import CodeTakenError, require_code, require_option
from billhook.core.errors import Refusal
from billhook.foundation.constraints import refusing
from billhook.foundation.events import Actor, emit

KINDS = ("recurring", "usage", "one_time", "penalty")
FIRST_STATUSES = ("draft", "active")
TAX_CATEGORY, REVENUE_ACCOUNT = "standard", "revenue"
CHANGEABLE = ("name", "description", "unit", "tax_category", "revenue_account", "category", "custom")


class ProductStatusError(Refusal):
    """Raised when a product is to become what it is, or what it can no longer be."""

    def __init__(self, code: str, status: str, wanted: str) -> None:
        """Name the product, its status and the one that was asked for."""
        super().__init__(f"The product {code} is {status} and cannot become {wanted}: create another product.")


class NothingToChangeError(Refusal):
    """Raised when a product is changed in nothing, or in what a product keeps for ever."""

    def __init__(self, code: str, names: str) -> None:
        """Name the product and what was to be changed."""
        super().__init__(f"{names or 'Nothing'} of {code} can be changed: give one of {', '.join(CHANGEABLE)}.")


@transaction.atomic
def create_product(
    *,
    code: str,
    name: str,
    kind: str,
    actor: Actor,
    at: datetime,
    unit: str = "",
    tax_category: str = "",
    revenue_account: str = "",
    category: ProductCategory | None = None,
    description: str = "",
    status: str = "active",
    custom: Mapping[str, Any] | None = None,
) -> Product:
    """Add a product of a kind: recurring, usage, one_time or penalty.

    Args:
        code: names it, for ever.
        name: what the invoice says.
        kind: how it is charged.
        actor: who adds it.
        at: when.
        unit: in which it is counted.
        tax_category: empty for that of its category, else `standard`.
        revenue_account: empty for that of its category, else `revenue`.
        category: where it stands.
        description: more about it.
        status: `active`, or `draft` while it is not sold yet.
        custom: values of custom fields.

    Raises:
        CodeError: the code has signs that a code may not have.
        CodeTakenError: another product has the code.
        UnknownOptionError: there is no such kind or status.
    """
    require_code("product", code)
    require_option("kind of product", kind, KINDS)
    require_option("status of a new product", status, FIRST_STATUSES)
    tax, account = category_defaults(category) if category is not None else ("", "")
    with refusing(product_once=CodeTakenError("product", code)):
        product = Product.objects.create(
            code=code,
            name=name,
            kind=kind,
            unit=unit,
            tax_category=tax_category or tax or TAX_CATEGORY,
            revenue_account=revenue_account or account or REVENUE_ACCOUNT,
            category=category,
            description=description,
            status=status,
            custom=dict(custom or {}),
        )
    emit(ProductCreated(code=code), actor=actor, at=at)
    return product


@transaction.atomic
def change_product(*, product: Product, changes: Mapping[str, Any], actor: Actor, at: datetime) -> Product:
    """Change some columns of a product; what is issued keeps what it says.

    Args:
        product: which.
        changes: values by name, of those in `CHANGEABLE`.
        actor: who changes it.
        at: when.

    Raises:
        NothingToChangeError: nothing is given, or what cannot change, such as code and kind.
    """
    unknown = sorted(set(changes) - set(CHANGEABLE))
    if unknown or not changes:
        raise NothingToChangeError(product.code, ", ".join(unknown))
    locked = Product.objects.select_for_update().get(pk=product.pk)
    for name, value in changes.items():
        setattr(locked, name, value)
    locked.save(update_fields=list(changes))
    emit(ProductChanged(code=locked.code, changed=", ".join(sorted(changes))), actor=actor, at=at)
    return locked


@transaction.atomic
def activate_product(*, product: Product, actor: Actor, at: datetime) -> Product:
    """Begin to sell a draft.

    Raises:
        ProductStatusError: it is no draft.
    """
    locked = _becomes(product, "active", earlier=("draft",))
    emit(ProductActivated(code=locked.code), actor=actor, at=at)
    return locked


@transaction.atomic
def retire_product(*, product: Product, actor: Actor, at: datetime) -> Product:
    """Take a product out of sale; what is ordered is billed on.

    Raises:
        ProductStatusError: it is retired.
    """
    locked = _becomes(product, "retired", earlier=("draft", "active"))
    emit(ProductRetired(code=locked.code), actor=actor, at=at)
    return locked


def _becomes(product: Product, status: str, *, earlier: tuple[str, ...]) -> Product:
    locked = Product.objects.select_for_update().get(pk=product.pk)
    if locked.status not in earlier:
        raise ProductStatusError(locked.code, locked.status, status)
    locked.status = status
    locked.save(update_fields=["status"])
    return locked
