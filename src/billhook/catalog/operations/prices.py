"""A price version is published."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max

from billhook.catalog.events import PricePublished
from billhook.catalog.models import Price, Product, RateCard
from billhook.catalog.queries.prices import checked_parameters
from billhook.catalog.refusals import MOST_DECIMALS, TooFineError, require_decimals
from billhook.core import money
from billhook.core.errors import Refusal
from billhook.foundation.constraints import refusing
from billhook.foundation.events import Actor, emit
from billhook.foundation.scope import current_company

RATE_CARD = "rate_card"


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


class PriceOverlapError(Refusal):
    """Raised when another version of the same price begins on the same day."""

    def __init__(self, product: str, currency: str, valid_from: date, scope: str) -> None:
        """Name the product, for whom the price holds, and the day."""
        super().__init__(
            f"A price of {product} in {currency}{scope} begins on {valid_from} already, and a version never changes: "
            "publish it from another day."
        )


class PriceScopeError(Refusal):
    """Raised when a price is shared with the customers below nobody, or limits and dates contradict each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceScope:
    """For whom a price holds: a customer by number, an account type or plan by code; all that are given together.

    `shared_with_children` lets a customer's price hold for the customers below it.
    """

    customer: str = ""
    account_type: str = ""
    plan: str = ""
    shared_with_children: bool = False

    def __post_init__(self) -> None:
        """Refuse to share the price of no customer."""
        if self.shared_with_children and not self.customer:
            raise PriceScopeError("Only a customer's price can be shared with those below it: name the customer.")

    def __str__(self) -> str:
        """Return for whom it holds, in words that follow a price; nothing for everybody."""
        named = (("customer", self.customer), ("account type", self.account_type), ("plan", self.plan))
        return "".join(f" for {what} {code}" for what, code in named if code)


EVERYBODY = PriceScope()


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceLimits:
    """What a whole period comes to at least and at most, in the price's currency, before discounts and tax."""

    minimum: Decimal | None = None
    maximum: Decimal | None = None

    def __post_init__(self) -> None:
        """Refuse floats, too many decimals, less than nothing, and a minimum above the maximum."""
        for what, figure in (("minimum", self.minimum), ("maximum", self.maximum)):
            if figure is not None and require_decimals(figure, what) < 0:
                raise PriceScopeError(f"The {what} of a price is {figure}: give at least 0, or none.")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise PriceScopeError(f"The minimum {self.minimum} lies above the maximum {self.maximum}: swap them.")


NO_LIMITS = PriceLimits()


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
    scope: PriceScope = EVERYBODY,
    limits: PriceLimits = NO_LIMITS,
    existing_from: date | None = None,
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
        scope: for whom it holds; everybody unless given.
        limits: minimum and maximum of a whole period.
        existing_from: from when customers who have the older version get it; None: they keep theirs until moved.

    Raises:
        UnknownPluginError: no such price model.
        NoCardError: a `rate_card` price without a card.
        CardCurrencyError: the card is in another currency.
        TooFineError: a record would have more than 12 decimals.
        PriceOverlapError: another version for the same people begins on the day.
        PriceScopeError: existing customers would get it before it is in force.
        Refusal: the parameters make no price.
    """
    _require_publishable(product, record_decimals, valid_from, existing_from)
    currency = currency or current_company().currency
    valid = _valid_parameters(product, model, parameters, currency, rate_card)
    with refusing(price_starts_once=PriceOverlapError(product.code, currency, valid_from, str(scope))):
        price = Price.objects.create(
            product=product,
            version=_next_version(product),
            currency=currency,
            **asdict(scope),
            model=model,
            parameters=valid,
            rate_card=rate_card,
            record_decimals=record_decimals,
            **asdict(limits),
            valid_from=valid_from,
            existing_from=existing_from,
        )
    emit(_published(product, price, scope), actor=actor, at=at)
    return price


def _require_publishable(product: Product, record_decimals: int, valid_from: date, existing_from: date | None) -> None:
    if record_decimals > MOST_DECIMALS:
        raise TooFineError(f"A record of {product.code} rounded to {record_decimals}")
    if existing_from is not None and existing_from < valid_from:
        raise PriceScopeError(
            f"Existing customers cannot move on {existing_from}, before {valid_from}: give a later day."
        )


def _next_version(product: Product) -> int:
    """Return the number of the next version; the locked product numbers its versions one after the other."""
    Product.objects.select_for_update().get(pk=product.pk)
    newest = Price.objects.filter(product=product).aggregate(newest=Max("version"))["newest"]
    return (newest or 0) + 1


def _published(product: Product, price: Price, scope: PriceScope) -> PricePublished:
    return PricePublished(
        product=product.code,
        version=price.version,
        valid_from=price.valid_from,
        customer=scope.customer,
        for_whom=str(scope),
    )


def _valid_parameters(
    product: Product, model: str, parameters: Mapping[str, Any], currency: str, rate_card: RateCard | None
) -> dict[str, Any]:
    """Return the parameters of a price as they are stored, once they have made a price."""
    if model != RATE_CARD:
        return checked_parameters(model, parameters, currency)
    if rate_card is None:
        raise NoCardError(product.code)
    if rate_card.currency != currency:
        raise CardCurrencyError(rate_card, currency)
    money.currency(currency)
    return dict(parameters)
