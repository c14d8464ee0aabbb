"""Product categories are added and moved in their tree."""

from datetime import datetime

from django.db import transaction

from billhook.catalog.events import CategoryChanged, CategoryCreated
from billhook.catalog.models import ProductCategory
from billhook.catalog.queries.products import category_paths
from billhook.catalog.refusals import CodeTakenError, lock_catalog, require_code
from billhook.core.errors import Refusal
from billhook.foundation.constraints import refusing
from billhook.foundation.events import Actor, emit


class CategoryCircleError(Refusal):
    """Raised when a category would stand below itself."""

    def __init__(self, code: str, parent: str) -> None:
        """Name the category and where it was to stand."""
        super().__init__(f"{parent} stands below {code}: move {parent} out of it first, or choose another parent.")


@transaction.atomic
def create_category(
    *,
    code: str,
    name: str,
    actor: Actor,
    at: datetime,
    parent: ProductCategory | None = None,
    tax_category: str = "",
    revenue_account: str = "",
) -> ProductCategory:
    """Add a category of products, below another or at the top.

    Raises:
        CodeError: the code has signs that a code may not have.
        CodeTakenError: another category has the code.
    """
    require_code("product category", code)
    with refusing(product_category_once=CodeTakenError("product category", code)):
        category = ProductCategory.objects.create(
            code=code, name=name, parent=parent, tax_category=tax_category, revenue_account=revenue_account
        )
    emit(CategoryCreated(code=code), actor=actor, at=at)
    return category


@transaction.atomic
def change_category(
    *,
    category: ProductCategory,
    name: str,
    parent: ProductCategory | None,
    tax_category: str,
    revenue_account: str,
    actor: Actor,
    at: datetime,
) -> ProductCategory:
    """Change a category and where it stands; products keep the tax category and account that they were given.

    Raises:
        CategoryCircleError: the new parent is the category itself, or stands below it.
    """
    lock_catalog()
    if parent is not None and category.code in category_paths()[parent.code]:
        raise CategoryCircleError(category.code, parent.code)
    category.name, category.parent = name, parent
    category.tax_category, category.revenue_account = tax_category, revenue_account
    category.save(update_fields=["name", "parent", "tax_category", "revenue_account"])
    emit(CategoryChanged(code=category.code), actor=actor, at=at)
    return category
