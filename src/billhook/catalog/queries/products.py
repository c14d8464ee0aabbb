"""Reads of products and their categories."""

from collections.abc import Iterable, Mapping

from django.db.models import Q, QuerySet

from billhook.catalog.models import Product, ProductCategory
from billhook.core.errors import Refusal

ProductRow = Product
"""A product, as pages read it."""


class UnknownProductError(Refusal):
    """Raised when no product has a code."""

    def __init__(self, code: str) -> None:
        """Name the code."""
        super().__init__(f"There is no product {code}: create it, or name another.")


class UnknownCategoryError(Refusal):
    """Raised when no product category has a code."""

    def __init__(self, code: str) -> None:
        """Name the code."""
        super().__init__(f"There is no product category {code}: create it, or name another.")


class NotSoldError(Refusal):
    """Raised when something is to be ordered that is a draft or retired."""

    def __init__(self, what: str, code: str, status: str) -> None:
        """Name it and its status."""
        advice = "activate it first" if status == "draft" else "order what replaced it"
        super().__init__(f"The {what} {code} is {status}: {advice}.")


def product_by_code(code: str) -> Product:
    """Return a product.

    Raises:
        UnknownProductError: there is none of that code.
    """
    product = Product.objects.filter(code=code).first()
    if product is None:
        raise UnknownProductError(code)
    return product


def products_by_code(codes: Iterable[str]) -> dict[str, Product]:
    """Return products by their codes, in one statement.

    Raises:
        UnknownProductError: there is none of one of them.
    """
    wanted = list(codes)
    found = {product.code: product for product in Product.objects.filter(code__in=wanted)}
    for code in wanted:
        if code not in found:
            raise UnknownProductError(code)
    return found


def require_sold(sold: Iterable[Product]) -> None:
    """Refuse products that are drafts or retired.

    Raises:
        NotSoldError: one of them is.
    """
    for product in sold:
        if product.status != "active":
            raise NotSoldError("product", product.code, product.status)


def category_by_code(code: str) -> ProductCategory:
    """Return a product category.

    Raises:
        UnknownCategoryError: there is none of that code.
    """
    category = ProductCategory.objects.filter(code=code).first()
    if category is None:
        raise UnknownCategoryError(code)
    return category


def categories() -> QuerySet[ProductCategory]:
    """Return the product categories by code."""
    return ProductCategory.objects.select_related("parent").order_by("code")


def category_paths() -> dict[str, tuple[str, ...]]:
    """Return, by the code of each category, its codes from the top down to itself; one statement."""
    above: Mapping[str, str | None] = dict(ProductCategory.objects.values_list("code", "parent__code"))
    return {code: _path(code, above) for code in sorted(above)}


def _path(code: str, above: Mapping[str, str | None]) -> tuple[str, ...]:
    path = [code]
    while (parent := above.get(path[0])) is not None:
        path.insert(0, parent)
    return tuple(path)


def category_defaults(category: ProductCategory) -> tuple[str, str]:
    """Return the tax category and revenue account of a category: its own, or the nearest above; empty where none."""
    rows = {row.pk: row for row in ProductCategory.objects.all()}
    tax, account, here = "", "", rows.get(category.pk)
    while here is not None:
        tax, account = tax or here.tax_category, account or here.revenue_account
        here = rows.get(here.parent_id) if here.parent_id is not None else None
    return tax, account


def products_in(codes: Iterable[str]) -> tuple[str, ...]:
    """Return the codes of the products that stand in some categories or below them; two statements, sorted."""
    wanted = set(codes)
    below = [code for code, path in category_paths().items() if wanted & set(path)]
    return tuple(Product.objects.filter(category__code__in=below).order_by("code").values_list("code", flat=True))


def products(text: str = "") -> QuerySet[Product]:
    """Return the products whose code or name contains a text, by code."""
    return Product.objects.filter(Q(code__icontains=text) | Q(name__icontains=text)).order_by("code")
