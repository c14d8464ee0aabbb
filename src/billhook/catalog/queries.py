"""Reads of the catalog: prices resolved to what the core can ask, decks for the usage lane, taxes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from django.db.models import Q, QuerySet

from billhook.catalog.hooks import PRICE_MODEL, PriceModelPlugin
from billhook.catalog.models import Plan, Price, Product, Rate, TaxRate
from billhook.core import money, ratecard
from billhook.core.errors import Refusal
from billhook.core.price import PriceModel
from billhook.core.tax import TaxPolicy, TaxRounding, TaxRule
from billhook.foundation.scope import current_company
from billhook.hooks import registry

ProductRow = Product
"""A product, as pages read it."""

PriceRow = Price
"""A version of a price, as pages read it."""


class NoPriceError(Refusal):
    """Raised when a product has no price in a currency on a day."""

    def __init__(self, product: str, currency: str, on: date) -> None:
        super().__init__(f"{product} has no price in {currency} on {on}: publish one that is valid from that day.")


class UnknownPlanError(Refusal):
    """Raised when no plan has a code."""

    def __init__(self, code: str) -> None:
        """Name the code."""
        super().__init__(f"There is no plan {code}: create it, or order another.")


class UnknownProductError(Refusal):
    """Raised when no product has a code."""

    def __init__(self, code: str) -> None:
        """Name the code."""
        super().__init__(f"There is no product {code}: create it, or name another.")


def plan_by_code(code: str) -> Plan:
    """Return a plan.

    Raises:
        UnknownPlanError: there is none of that code.
    """
    plan = Plan.objects.filter(code=code).first()
    if plan is None:
        raise UnknownPlanError(code)
    return plan


def product_by_code(code: str) -> Product:
    """Return a product.

    Raises:
        UnknownProductError: there is none of that code.
    """
    product = Product.objects.filter(code=code).first()
    if product is None:
        raise UnknownProductError(code)
    return product


def price_in_force(product: Product, *, currency: str, on: date) -> Price:
    """Return the newest price version of a product that is valid on a day.

    Raises:
        NoPriceError: there is none.
    """
    found = Price.objects.filter(product=product, currency=currency, valid_from__lte=on)
    price = found.order_by("-valid_from", "-version").first()
    if price is None:
        raise NoPriceError(product.code, currency, on)
    return price


def price_model(model: str, parameters: Mapping[str, Any], currency: str) -> PriceModel:
    """Return the frozen price of a model and its parameters.

    Raises:
        UnknownPluginError: the model's plugin is not installed.
        Refusal: the parameters make no price.
    """
    plugin = registry.find(PRICE_MODEL.name, model)
    filled = cast("PriceModelPlugin", plugin(plugin.Parameters(**parameters)))
    return filled.build(money.currency(currency))


def core_rate(rate: Rate) -> ratecard.Rate:
    """Return a rate as the core knows it."""
    return ratecard.Rate(
        prefix=rate.prefix,
        destination=rate.destination,
        price=rate.price_per_minute,
        connection_fee=rate.connection_fee,
        first_increment=rate.first_increment,
        next_increment=rate.next_increment,
        minimum_seconds=rate.minimum_seconds,
        valid_from=rate.valid_from,
        valid_until=rate.valid_until,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeckRow:
    """A rate as the usage lane takes it; amounts as decimal text."""

    card: str
    version: str
    prefix: str
    destination: str
    price_per_minute: str
    connection_fee: str
    first: int
    next: int
    minimum: int
    valid_from: date
    valid_to: date | None


def deck_rows(codes: Iterable[str]) -> list[DeckRow]:
    """Return the rates of some rate cards, by card, prefix and date; a rate's version is its card and first day."""
    rates = Rate.objects.filter(card__code__in=set(codes)).select_related("card")
    return [
        DeckRow(
            card=rate.card.code,
            version=f"{rate.card.code}@{rate.valid_from}",
            prefix=rate.prefix,
            destination=rate.destination,
            price_per_minute=str(rate.price_per_minute),
            connection_fee=str(rate.connection_fee),
            first=rate.first_increment,
            next=rate.next_increment,
            minimum=rate.minimum_seconds,
            valid_from=rate.valid_from,
            valid_to=rate.valid_until,
        )
        for rate in rates.order_by("card__code", "prefix", "valid_from")
    ]


def tax_policy() -> TaxPolicy:
    """Return the taxes of the company in scope and how it rounds them."""
    rules = tuple(
        TaxRule(
            tax_category=rate.tax_category,
            code=rate.code,
            name=rate.name,
            percent=rate.percent,
            category=rate.category,
            reason=rate.reason,
            account=f"tax:{rate.code}",
            valid_from=rate.valid_from,
            valid_until=rate.valid_until,
        )
        for rate in TaxRate.objects.order_by("tax_category", "code", "valid_from")
    )
    return TaxPolicy(rules=rules, rounding=TaxRounding(current_company().tax_rounding))


def plans() -> QuerySet[Plan]:
    """Return the plans by code, with their items."""
    return Plan.objects.prefetch_related("items__product").order_by("code")


def prices_of(product: Product) -> QuerySet[Price]:
    """Return the price versions of a product, newest first."""
    return Price.objects.filter(product=product).order_by("-version")


def products(text: str = "") -> QuerySet[Product]:
    """Return the products whose code or name contains a text, by code."""
    return Product.objects.filter(Q(code__icontains=text) | Q(name__icontains=text)).order_by("code")


def current_prices(found: Iterable[Product], *, on: date) -> dict[int, list[Price]]:
    """Return the prices of some products that are in force on a day, one a currency, by the product's primary key."""
    prices = (
        Price.objects.filter(product__in=found, valid_from__lte=on)
        .select_related("rate_card")
        .order_by("product", "currency", "-valid_from", "-version")
        .distinct("product", "currency")
    )
    by_product: dict[int, list[Price]] = {}
    for price in prices:
        by_product.setdefault(price.product_id, []).append(price)
    return by_product
