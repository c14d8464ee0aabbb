"""Time of day: the band of an event, by weekday, hour and holiday, picks its price."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from billhook.core.bands import BandCalendar
from billhook.core.money import Currency
from billhook.core.price import Priced, PriceError, PriceModel


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

    def price_at(self, quantity: Decimal, at: datetime) -> Priced:
        """Return what a quantity at an instant costs."""
        return self.at(at).price(quantity)
