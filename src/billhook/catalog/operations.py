"""What can happen to the catalog."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from django.db import transaction

from billhook.catalog.events import PlanCreated, PricePublished, ProductCreated, RateCardImported, TaxRateSet
from billhook.catalog.hooks import PRICE_MODEL, PriceModelPlugin
from billhook.catalog.models import Plan, PlanItem, Price, Product, Rate, RateCard, TaxRate
from billhook.catalog.queries import core_rate, product_by_code
from billhook.core import exact, money
from billhook.core.errors import Refusal
from billhook.core.ratecard import RateCard as CoreRateCard
from billhook.foundation.bulk import insert_rows
from billhook.foundation.events import Actor, emit
from billhook.foundation.scope import current_company, current_company_id
from billhook.hooks import registry

RATE_CARD = "rate_card"
MOST_DECIMALS = 12


class NoCardError(Refusal):
    """Raised when a price by rate card names no card."""

    def __init__(self, product: str) -> None:
        """Name the product."""
        super().__init__(f"The price of {product} is to come from a rate card: name the card.")


class CardCurrencyError(Refusal):
    """Raised when a price and its rate card are in different currencies."""

    def __init__(self, card: RateCard, currency: str) -> None:
        """Name the card and both currencies."""
        super().__init__(f"The rate card {card.code} is in {card.currency}, the price in {currency}: make them equal.")


class TooFineError(Refusal):
    """Raised when something has more decimals than are kept."""

    def __init__(self, what: str) -> None:
        """Name it, with its figure."""
        super().__init__(f"{what} has more than {MOST_DECIMALS} decimals, which is all that is kept: round it first.")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRate:
    """One row of a deck; seconds for the increments, the price in the card's currency a minute."""

    prefix: str
    destination: str
    price_per_minute: Decimal
    connection_fee: Decimal = Decimal(0)
    first_increment: int = 1
    next_increment: int = 1
    minimum_seconds: int = 0
    valid_from: date
    valid_until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPlanItem:
    """A product of a new plan and when it is billed: `in_advance` or `in_arrears`."""

    product: str
    timing: str
    quantity: Decimal = Decimal(1)
    proration: str = "days"


@transaction.atomic
def create_product(
    *,
    code: str,
    name: str,
    kind: str,
    actor: Actor,
    at: datetime,
    unit: str = "",
    tax_category: str = "standard",
    revenue_account: str = "revenue",
) -> Product:
    """Add a product of a kind: recurring, usage, one_time or penalty."""
    product = Product.objects.create(
        code=code, name=name, kind=kind, unit=unit, tax_category=tax_category, revenue_account=revenue_account
    )
    emit(ProductCreated(code=code), actor=actor, at=at)
    return product


@transaction.atomic
def publish_price(
    *,
    product: Product,
    model: str,
    parameters: Mapping[str, Any],
    valid_from: date,
    actor: Actor,
    at: datetime,
    currency: str = "",
    rate_card: RateCard | None = None,
    record_decimals: int = 6,
) -> Price:
    """Publish the next version of a product's price; earlier versions stay as they are.

    Args:
        product: whose price.
        model: the code of a price model, or `rate_card` with a card.
        parameters: validated by the model.
        valid_from: the first day on which it is in force.
        actor: who publishes it.
        at: when.
        currency: the company's unless one is given.
        rate_card: the deck of a `rate_card` price.
        record_decimals: to how many decimals a rated record is rounded, at most 12.

    Raises:
        UnknownPluginError: no such price model.
        NoCardError: a `rate_card` price without a card.
        CardCurrencyError: the card is in another currency.
        TooFineError: a record would have more than 12 decimals.
        Refusal: the parameters make no price.
    """
    if record_decimals > MOST_DECIMALS:
        raise TooFineError(f"A record of {product.code} rounded to {record_decimals}")
    currency = currency or current_company().currency
    valid = dict(parameters)
    if model != RATE_CARD:
        valid = _checked_parameters(model, parameters, currency)
    elif rate_card is None:
        raise NoCardError(product.code)
    elif rate_card.currency != currency:
        raise CardCurrencyError(rate_card, currency)
    price = Price.objects.create(
        product=product,
        version=Price.objects.filter(product=product).count() + 1,
        currency=currency,
        model=model,
        parameters=valid,
        rate_card=rate_card,
        record_decimals=record_decimals,
        valid_from=valid_from,
    )
    emit(PricePublished(product=product.code, version=price.version, valid_from=valid_from), actor=actor, at=at)
    return price


def _checked_parameters(model: str, parameters: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """Return the parameters of a price model as they are stored, once they have made a price."""
    plugin = registry.find(PRICE_MODEL.name, model)
    checked = plugin.Parameters(**parameters)
    cast("PriceModelPlugin", plugin(checked)).build(money.currency(currency))
    return checked.model_dump(mode="json")


@transaction.atomic
def create_plan(*, code: str, name: str, items: Iterable[NewPlanItem], actor: Actor, at: datetime) -> Plan:
    """Add a plan of products, in the order in which they will appear on an invoice."""
    plan = Plan.objects.create(code=code, name=name)
    for position, item in enumerate(items, start=1):
        PlanItem.objects.create(
            plan=plan,
            position=position,
            product=product_by_code(item.product),
            timing=item.timing,
            quantity=item.quantity,
            proration=item.proration,
        )
    emit(PlanCreated(code=code), actor=actor, at=at)
    return plan


@transaction.atomic
def import_rate_card(
    *, code: str, name: str, rates: Iterable[NewRate], actor: Actor, at: datetime, currency: str = ""
) -> RateCard:
    """Create a rate card, or add rates to one, all of them or none.

    Raises:
        Refusal: two rates of one prefix are valid on the same day; both are named.
        TooFineError: a price has more than 12 decimals.
    """
    card, _ = RateCard.objects.get_or_create(
        code=code, defaults={"name": name, "currency": currency or current_company().currency}
    )
    new = [Rate(card=card, **{name: getattr(rate, name) for name in RATE_FIELDS}) for rate in rates]
    for rate in new:
        _check_decimals(rate)
    CoreRateCard(
        code=code,
        currency=money.currency(card.currency),
        rates=tuple(core_rate(rate) for rate in [*card.rates.all(), *new]),
    )
    company_id = current_company_id()
    insert_rows(
        Rate,
        ["company", "card", *RATE_FIELDS],
        ([company_id, card.pk, *(getattr(rate, name) for name in RATE_FIELDS)] for rate in new),
    )
    emit(RateCardImported(code=code, rates=len(new)), actor=actor, at=at)
    return card


def _check_decimals(rate: Rate) -> None:
    """Refuse a price that could not be kept as it is given."""
    for figure in (rate.price_per_minute, rate.connection_fee):
        text = exact.plain(exact.require(figure, "price"))
        if len(text.partition(".")[2]) > MOST_DECIMALS:
            raise TooFineError(f"The price {text} of {rate.prefix} {rate.destination}")


RATE_FIELDS = (
    "prefix",
    "destination",
    "price_per_minute",
    "connection_fee",
    "first_increment",
    "next_increment",
    "minimum_seconds",
    "valid_from",
    "valid_until",
)


@transaction.atomic
def set_tax_rate(
    *,
    tax_category: str,
    code: str,
    name: str,
    percent: Decimal,
    valid_from: date,
    actor: Actor,
    at: datetime,
    category: str = "S",
    reason: str = "",
) -> TaxRate:
    """Set a percentage tax on a tax category of products from a day on; `category` is the EN 16931 code."""
    rate = TaxRate.objects.create(
        tax_category=tax_category,
        code=code,
        name=name,
        percent=percent,
        valid_from=valid_from,
        category=category,
        reason=reason,
    )
    emit(
        TaxRateSet(code=code, tax_name=name, tax_category=tax_category, percent=str(percent), valid_from=valid_from),
        actor=actor,
        at=at,
    )
    return rate
