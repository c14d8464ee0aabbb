"""Time of day: the band of an event, by weekday, hour and holiday, picks its price."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from billhook.core.bands import BandCalendar
from billhook.core.money import Currency
from billhook.core.price import Priced, PriceError, PriceModel, price_usage, require_quantity, together
from billhook.core.usage import UsageEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class BandPrice:
    """The price of events in one band."""

    band: str
    price: PriceModel


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeOfDay:
    """A price for each band of a calendar; an event has that of the band in which it starts."""

    tag: ClassVar[str] = "time_of_day"
    calendar: BandCalendar
    prices: tuple[BandPrice, ...]

    def __post_init__(self) -> None:
        """Refuse a band without price or with two, and a second currency."""
        named = [item.band for item in self.prices]
        if sorted(named) != sorted({band.name for band in self.calendar.bands}):
            raise PriceError(f"The prices are for the bands {', '.join(named)}; give one for each of the calendar.")
        if len({item.price.currency for item in self.prices}) > 1:
            raise PriceError("The prices of the bands have two currencies; keep bands for each.")

    @property
    def currency(self) -> Currency:
        """Return the currency of every price."""
        return self.prices[0].price.currency

    def at(self, at: datetime) -> PriceModel:
        """Return the price of an event at an instant."""
        band = self.calendar.band_at(at)
        return next(item.price for item in self.prices if item.band == band.name)

    def price(self, quantity: Decimal) -> Priced:
        """Return nothing for nothing.

        Raises:
            PriceError: a quantity alone lies in no band.
        """
        if require_quantity(quantity):
            raise PriceError(f"A quantity of {quantity} lies in no band; pass the events with their instants.")
        return self.price_usage(())

    @property
    def needs_events(self) -> bool:
        """Return that only events lie in bands."""
        return True

    def price_usage(self, events: Sequence[UsageEvent]) -> Priced:
        """Return what events cost: those of each band together, in the order of the prices."""
        bands: dict[str, list[UsageEvent]] = {item.band: [] for item in self.prices}
        for event in events:
            bands[self.calendar.band_at(event.at).name].append(event)
        return together(
            (item.band, price_usage(item.price, bands[item.band])) for item in self.prices if bands[item.band]
        )
