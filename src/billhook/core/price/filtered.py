"""Filtered prices: events with certain properties have their own price, the rest the default."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from billhook.core.money import Currency
from billhook.core.price import PriceError, PriceModel, require_currency


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
