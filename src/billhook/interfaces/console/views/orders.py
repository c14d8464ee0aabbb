"""Orders and the catalog: what was agreed, what is sold and at which price."""

from django.http import HttpResponse

from billhook.catalog import permissions as catalog_permissions
from billhook.catalog import queries as catalog_queries
from billhook.catalog.queries import PriceRow, ProductRow
from billhook.interfaces.console.access import Visit, page
from billhook.interfaces.console.components import Cell, Chip, Empty, PageHead, Row, Table
from billhook.interfaces.console.views import words
from billhook.interfaces.console.views.listing import END, asked, chips, columns, link, paged, search
from billhook.interfaces.console.views.shell import render
from billhook.orders import permissions, queries

STATUSES = {"": "All", "active": "Active", "suspended": "Suspended", "ended": "Ended", "cancelled": "Cancelled"}


@page(permissions.VIEW)
def orders(visit: Visit) -> HttpResponse:
    """List the orders."""
    request = visit.request
    found = queries.matching(text=asked(request), status=asked(request, "status"))
    rows, pager = paged(request, found)
    headings = columns("Order", "Customer", "Plan", "Status", "Starts", "Ends")
    shown = tuple(
        Row(
            (
                Cell(order.number),
                Cell(order.customer.name, visit.url("customer", order.customer.number), order.customer.number),
                Cell(order.plan.name if order.plan else "One-time charge"),
                Cell(
                    pill=words.pill(words.ORDER, order.status),
                    sub=f"since {words.day(order.suspended_on)}" if order.suspended_on else "",
                ),
                Cell(order.starts_on),
                Cell(order.ends_on),
            )
        )
        for order in rows
    )
    return render(
        visit,
        "list",
        "Orders",
        PageHead("Orders"),
        search=search(request, "Order, customer, plan or account code", "status"),
        chips=chips(request, "status", STATUSES, queries.status_counts()),
        table=Table("Orders", headings, shown, Empty("No order found", icon="repeat"), pager=pager),
    )


@page(catalog_permissions.VIEW)
def catalog(visit: Visit) -> HttpResponse:
    """List the products with the prices that are in force today, or the plans."""
    request = visit.request
    shown = asked(request, "show")
    labels = {"": "Products", "plans": "Plans"}
    return render(
        visit,
        "list",
        "Catalog",
        PageHead("Catalog"),
        search=None if shown == "plans" else search(request, "Code or name"),
        chips=[Chip(label, link(request, show=value, q=""), current=value == shown) for value, label in labels.items()],
        table=_plans(visit) if shown == "plans" else _products(visit),
    )


def _products(visit: Visit) -> Table:
    rows, pager = paged(visit.request, catalog_queries.products(asked(visit.request)))
    prices = catalog_queries.current_prices(rows, on=visit.today)
    headings = columns("Product", "Kind", "Unit", "Tax", "Price today", "In force from", ("Version", END))
    shown = tuple(_product_row(product, prices.get(product.pk, [])) for product in rows)
    return Table("Products", headings, shown, Empty("No product found", icon="package"), pager=pager)


def _product_row(product: ProductRow, prices: list[PriceRow]) -> Row:
    newest = prices[0] if prices else None
    return Row(
        (
            Cell(product.code, sub=product.name if product.name != product.code else ""),
            Cell(words.words(product.kind)),
            Cell(product.unit or None),
            Cell(product.tax_category),
            Cell(" · ".join(words.price_row(price) for price in prices) or None),
            Cell(newest.valid_from if newest else None),
            Cell(newest.version if newest else None),
        )
    )


def _plans(visit: Visit) -> Table:
    rows, pager = paged(visit.request, catalog_queries.plans())
    shown = tuple(
        Row(
            (
                Cell(plan.code, sub=plan.name if plan.name != plan.code else ""),
                Cell(", ".join(f"{item.product.code} {words.words(item.timing).lower()}" for item in plan.items.all())),
                Cell(len(plan.items.all())),
            )
        )
        for plan in rows
    )
    headings = columns("Plan", "Products", ("Items", END))
    return Table("Plans", headings, shown, Empty("No plan yet", icon="package"), pager=pager)
