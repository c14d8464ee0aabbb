"""Prices as people read them: what one pays, in which steps, and how often."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from billhook.catalog.queries import PriceRow
from billhook.core.money import Money
from billhook.interfaces.console.templatetags.console import number, show
from billhook.interfaces.console.views import words


def in_words(price: PriceRow, unit: str) -> str:
    """Return a price in words, without how often it is charged.

    Args:
        price: a version of the catalog.
        unit: in which its product is counted, empty for pieces.
    """
    given, code, one = price.parameters, price.currency, unit or "unit"
    match price.model:
        case "rate_card":
            return f"by destination, from the rate card {price.rate_card.name if price.rate_card else ''}".strip()
        case "per_unit":
            return f"{_money(given['unit_price'], code)} for each {one}"
        case "package":
            return _package(given, code, one)
        case "graduated" | "volume":
            return f"{'; '.join(_tiers(given['tiers'], code, one))}{_what_counts(price.model)}"
    return words.price(price.model, given, code)


def how_often(unit: str, count: int) -> str:
    """Return a cadence in words: `each month`, `every 3 months`."""
    return f"each {unit}" if count == 1 else f"every {count} {unit}s"


def _money(amount: str, code: str) -> str:
    return show(Money.of(amount, code))


def _package(given: Mapping[str, Any], code: str, one: str) -> str:
    free = Decimal(given.get("free_units") or 0)
    after = f", the first {number(free)} free" if free else ""
    return f"{_money(given['price'], code)} for each started {number(Decimal(given['size']))} {one}{after}"


def _tiers(tiers: list[Mapping[str, Any]], code: str, one: str) -> Iterator[str]:
    """Yield each tier: its bounds, the price of one, and its fee."""
    above = ""
    for tier in tiers:
        upto = tier.get("up_to")
        bounds = f"up to {number(Decimal(upto))}" if upto else f"above {above}" if above else "any number"
        fee = f" and {_money(tier['flat_fee'], code)}" if Decimal(tier.get("flat_fee") or 0) else ""
        yield f"{bounds}: {_money(tier['unit_price'], code)} for each {one}{fee}"
        above = number(Decimal(upto)) if upto else above


def _what_counts(model: str) -> str:
    return "; each part at its own tier" if model == "graduated" else "; all of them at the tier that is reached"
