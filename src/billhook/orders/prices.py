"""Prices of what is ordered: those in force on a day for the customer who orders."""

from collections.abc import Iterable, Sequence
from datetime import date

from billhook.catalog.models import Plan, Price
from billhook.catalog.queries import NoPriceError, OrderedItem, PriceRequest, ordered_items, prices_for, require_sold
from billhook.customers.models import Customer


def price_for(product: str, customer: Customer, on: date) -> Price:
    """Return the price in force on a day for a customer who orders a product alone.

    Raises:
        NoPriceError: there is none.
    """
    (price,) = _in_force([(product, "")], customer, on)
    return price


def plan_items(plan: Plan, customer: Customer, on: date) -> list[tuple[OrderedItem, Price]]:
    """Return what an order of a plan brings, the plans in it included, each with the price in force for the customer.

    Raises:
        NoPriceError: a product has none.
        Refusal: a product is not sold any more.
    """
    items: Sequence[OrderedItem] = ordered_items(plan)
    require_sold(ordered.item.product for ordered in items)
    prices = _in_force([(ordered.item.product.code, ordered.plan.code) for ordered in items], customer, on)
    return list(zip(items, prices, strict=True))


def _in_force(wanted: Iterable[tuple[str, str]], customer: Customer, on: date) -> list[Price]:
    """Return the prices of products, each in a plan or in none, in one statement."""
    asked = [
        PriceRequest(
            product=product,
            currency=customer.currency,
            on=on,
            customer=customer.number,
            account_type=customer.account_type.code,
            plan=plan,
            parents=(customer.parent.number,) if customer.parent else (),
        )
        for product, plan in wanted
    ]
    found = prices_for(asked)
    for request in asked:
        if request not in found:
            raise NoPriceError(request.product, request.currency, on)
    return [found[request] for request in asked]
