"""Filtered prices: events with certain properties have their own price, the rest the default."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from billhook.core.money import Currency
from billhook.core.price import Priced, PriceError, PriceModel, price_usage, require_currency, together
from billhook.core.usage import UsageEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyFilter:
    """Lets events pass whose property has one of some values."""

    name: str
    values: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse a filter that lets nothing pass."""
        if not self.values:
            raise PriceError(f"The filter of {self.name} names no value, so nothing passes; name one.")

    def passes(self, properties: Mapping[str, object]) -> bool:
        """Return whether an event with these properties passes."""
        return self.name in properties and str(properties[self.name]) in self.values


@dataclass(frozen=True, slots=True, kw_only=True)
class FilteredPrice:
    """The price of events that pass every one of its filters."""

    filters: tuple[PropertyFilter, ...]
    price: PriceModel

    def __post_init__(self) -> None:
        """Refuse a price without filter."""
        if not self.filters:
            raise PriceError("A filtered price has no filter; make it the default price.")

    def passes(self, properties: Mapping[str, object]) -> bool:
        """Return whether an event with these properties has this price."""
        return all(item.passes(properties) for item in self.filters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filtered:
    """Chooses a price by the properties of an event: the one with the most filters that it passes, else the default.

    Of prices with equally many filters the first one given holds.
    """

    tag: ClassVar[str] = "filtered"
    default: PriceModel
    prices: tuple[FilteredPrice, ...]

    def __post_init__(self) -> None:
        """Refuse a missing or second currency."""
        require_currency(self.currency)
        if any(item.price.currency != self.currency for item in self.prices):
            raise PriceError("The filtered prices have two currencies; keep a price for each.")

    @property
    def currency(self) -> Currency:
        """Return the currency of every price."""
        return self.default.currency

    def match(self, properties: Mapping[str, object]) -> FilteredPrice | None:
        """Return the filtered price of an event, or None where it has the default."""
        passing = [item for item in self.prices if item.passes(properties)]
        return max(passing, key=lambda item: len(item.filters), default=None)

    def price_for(self, properties: Mapping[str, object]) -> PriceModel:
        """Return the price of an event."""
        found = self.match(properties)
        return found.price if found else self.default

    def price(self, quantity: Decimal) -> Priced:
        """Return what a quantity without properties costs: the default."""
        return self.default.price(quantity)

    @property
    def needs_events(self) -> bool:
        """Return that a sum has no properties."""
        return True

    def price_usage(self, events: Sequence[UsageEvent]) -> Priced:
        """Return what events cost: those of each price together, in the order of the prices, the default last."""
        matched = [(event, self.match(event.properties)) for event in events]
        chosen = [(item, [event for event, found in matched if found == item]) for item in (*self.prices, None)]
        return together(
            (_name(item), price_usage(item.price if item else self.default, found)) for item, found in chosen if found
        )


def _name(item: FilteredPrice | None) -> str:
    return " and ".join(f"{found.name} {', '.join(found.values)}" for found in item.filters) if item else "all else"
