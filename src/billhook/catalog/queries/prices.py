"""Reads of prices: the version that holds for a customer on a day, and the price that the core can ask."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from django.db.models import QuerySet

from billhook.catalog.hooks import PRICE_MODEL, filled
from billhook.catalog.models import Price, Product
from billhook.core import money
from billhook.core.errors import Refusal
from billhook.core.price import PriceModel
from billhook.foundation.scope import current_company_id
from billhook.hooks import registry

PriceRow = Price
"""A version of a price, as pages read it."""


class NoPriceError(Refusal):
    """Raised when a product has no price in a currency on a day."""

    def __init__(self, product: str, currency: str, on: date) -> None:
        super().__init__(f"{product} has no price in {currency} on {on}: publish one that is valid from that day.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRequest:
    """What is asked of the look-up.

    Args:
        product: its code.
        currency: of the price.
        on: the day whose version counts: the start of a recurring line, the day of an event, the order date.
        customer: number of the customer; empty for nobody in particular.
        account_type: the customer's, by code.
        plan: in which the product is ordered, by code.
        parents: numbers of the customers above, the nearest first.
    """

    product: str
    currency: str
    on: date
    customer: str = ""
    account_type: str = ""
    plan: str = ""
    parents: tuple[str, ...] = ()


# The newest version of the most particular price that has begun: the customer's own, then the plan's, then the account
# type's, then the nearest parent's where shared, then the product's. A price that names several holds where all fit.
_LOOK_UP = """
select asked.ordinal, found.*
from unnest(%s::int[], %s::text[], %s::text[], %s::date[], %s::text[], %s::text[], %s::text[], %s::text[])
    as asked (ordinal, product, currency, day, customer, account_type, plan, parents)
join catalog_product product on product.company_id = %s and product.code = asked.product
join lateral (
    select price.*
    from catalog_price price
    where price.company_id = product.company_id
        and price.product_id = product.id
        and price.currency = asked.currency
        and price.valid_from <= asked.day
        and price.account_type in ('', asked.account_type)
        and price.plan in ('', asked.plan)
        and (
            price.customer in ('', asked.customer)
            or (price.shared_with_children and price.customer = any(string_to_array(asked.parents, E'\\x1f')))
        )
    order by
        price.customer <> '' and price.customer = asked.customer desc,
        price.plan <> '' desc,
        price.account_type <> '' desc,
        price.customer <> '' desc,
        coalesce(array_position(string_to_array(asked.parents, E'\\x1f'), price.customer::text), 0),
        price.valid_from desc,
        price.version desc
    limit 1
) found on true
"""


def prices_for(requests: Iterable[PriceRequest]) -> dict[PriceRequest, Price]:
    """Return the price in force for each request, in one statement; a request without a price is left out."""
    asked = list(dict.fromkeys(requests))
    columns: list[list[Any]] = [
        list(range(len(asked))),
        [request.product for request in asked],
        [request.currency for request in asked],
        [request.on for request in asked],
        [request.customer for request in asked],
        [request.account_type for request in asked],
        [request.plan for request in asked],
        ["\x1f".join(request.parents) for request in asked],
    ]
    found = Price.objects.raw(_LOOK_UP, [*columns, current_company_id()]) if asked else ()
    return {asked[cast("Any", price).ordinal]: price for price in found}


def price_for(request: PriceRequest) -> Price:
    """Return the price in force for a product, customer and day.

    The customer's own goes before the plan's, the account type's, a parent's where it is shared, and the product's;
    the newest version that has begun holds.

    Raises:
        NoPriceError: there is none.
    """
    price = prices_for([request]).get(request)
    if price is None:
        raise NoPriceError(request.product, request.currency, request.on)
    return price


def successors(prices: Iterable[Price], *, on: date) -> dict[int, Price]:
    """Return, by primary key, the version to which customers with each price have moved by a day; one statement.

    A version takes them over from its date for existing customers; without one, and for other customers, account types
    or plans, they keep theirs.
    """
    held = list(prices)
    newer = Price.objects.filter(product__in={price.product_id for price in held}, existing_from__lte=on)
    newest = {_line_of(price): price for price in newer.order_by("valid_from", "version")}
    return {
        price.pk: later for price in held if (later := newest.get(_line_of(price), price)).valid_from > price.valid_from
    }


def _line_of(price: Price) -> tuple[object, ...]:
    """Return what the versions of one price have in common."""
    return price.product_id, price.currency, price.customer, price.account_type, price.plan


def price_model(model: str, parameters: Mapping[str, Any], currency: str) -> PriceModel:
    """Return the frozen price of a model and its parameters.

    Raises:
        UnknownPluginError: the model's plugin is not installed.
        Refusal: the parameters make no price.
    """
    return filled(model, parameters).build(money.currency(currency))


def checked_parameters(model: str, parameters: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """Return the parameters of a price model as they are stored, once they have made a price.

    Raises:
        UnknownPluginError: no such price model.
        Refusal: the parameters make no price.
    """
    checked = registry.find(PRICE_MODEL.name, model).Parameters(**parameters)
    valid: dict[str, Any] = checked.model_dump(mode="json")
    price_model(model, valid, currency)
    return valid


def prices_of(product: Product) -> QuerySet[Price]:
    """Return the price versions of a product, newest first."""
    return Price.objects.filter(product=product).order_by("-version")


def current_prices(found: Iterable[Product], *, on: date) -> dict[int, list[Price]]:
    """Return everybody's prices of some products in force on a day, one a currency, by the product's primary key."""
    prices = (
        Price.objects.filter(product__in=found, valid_from__lte=on, customer="", account_type="", plan="")
        .select_related("rate_card")
        .order_by("product", "currency", "-valid_from", "-version")
        .distinct("product", "currency")
    )
    by_product: dict[int, list[Price]] = {}
    for price in prices:
        by_product.setdefault(price.product_id, []).append(price)
    return by_product
