"""The price models that are made of other prices: chain, capped, filtered, timeline, time of day."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import Field, ValidationInfo, field_validator

from billhook.catalog.hooks import PRICE_MODEL, filled
from billhook.core.bands import BandCalendar, TimeBand
from billhook.core.money import Currency
from billhook.core.price import PriceError, PriceModel
from billhook.core.price.chain import Chain, Link, Maximum, Minimum, Multiplier, Surcharge
from billhook.core.price.filtered import Filtered, FilteredPrice, PropertyFilter
from billhook.core.price.time_of_day import BandPrice, TimeOfDay
from billhook.core.price.timeline import PriceVersion, Timeline
from billhook.hooks import contract, registry
from billhook.plugins.price_models.parameters import CorePrice, Part, PriceParameters

EVERY_DAY = tuple(range(8))


class NotADateError(PriceError):
    """Raised when a number, or an instant, stands where a date or a time of day belongs."""

    def __init__(self, name: str, value: object) -> None:
        """Name the parameter and what it is."""
        super().__init__(f"{name} is {value!r}: give a date such as 2026-03-01, or a local time such as 08:00.")


class NestedPrice(contract.Parameters):
    """A price within a price: the code of a price model, and the parameters that this one checks."""

    model: str
    parameters: dict[str, Any]

    @field_validator("parameters")
    @classmethod
    def _checked(cls, parameters: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        if "model" not in info.data:
            return parameters
        checked = registry.find(PRICE_MODEL.name, info.data["model"]).Parameters(**parameters)
        return checked.model_dump(mode="json")

    def build(self, currency: Currency) -> PriceModel:
        """Return the price in a currency."""
        return filled(self.model, self.parameters).build(currency)


class LinkKind(StrEnum):
    """What a link of a chain does with the amount before it."""

    MULTIPLIER = "multiplier"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    SURCHARGE = "surcharge"


class LinkParameters(Part):
    """One link: what it does, its factor or amount, and for a surcharge what the invoice calls it."""

    kind: LinkKind
    figure: Decimal
    name: str = "a surcharge"


_LINKS: Mapping[LinkKind, Callable[[LinkParameters], Link]] = {
    LinkKind.MULTIPLIER: lambda asked: Multiplier(factor=asked.figure),
    LinkKind.MINIMUM: lambda asked: Minimum(amount=asked.figure),
    LinkKind.MAXIMUM: lambda asked: Maximum(amount=asked.figure),
    LinkKind.SURCHARGE: lambda asked: Surcharge(name=asked.name, amount=asked.figure),
}


class ChainParameters(PriceParameters):
    """A price, and the links through which its amount passes, in order."""

    price: NestedPrice
    links: tuple[LinkParameters, ...] = Field(min_length=1)


class ChainPrice(CorePrice[ChainParameters]):
    """Another price whose amount is multiplied, raised, lowered or added to."""

    code: ClassVar[str] = "chain"
    title: ClassVar[str] = "Chain"
    Parameters: ClassVar[type[contract.Parameters]] = ChainParameters

    def build(self, currency: Currency) -> Chain:
        """Return the price in a currency."""
        links = tuple(_LINKS[link.kind](link) for link in self.parameters.links)
        return Chain(first=self.parameters.price.build(currency), links=links)


class CappedParameters(PriceParameters):
    """A price, and the most and, where given, the least that a period comes to."""

    price: NestedPrice
    maximum: Decimal
    minimum: Decimal | None = None


class CappedPrice(CorePrice[CappedParameters]):
    """Another price that never costs more than a maximum, nor less than a minimum."""

    code: ClassVar[str] = "capped"
    title: ClassVar[str] = "Capped"
    Parameters: ClassVar[type[contract.Parameters]] = CappedParameters

    def build(self, currency: Currency) -> Chain:
        """Return the price in a currency."""
        asked = self.parameters
        floor = () if asked.minimum is None else (Minimum(amount=asked.minimum),)
        return Chain(first=asked.price.build(currency), links=(*floor, Maximum(amount=asked.maximum)))


class FilteredPriceParameters(Part):
    """A price, and by property the values that an event must have one of."""

    filters: dict[str, tuple[str, ...]]
    price: NestedPrice


class FilteredParameters(PriceParameters):
    """The prices of events with certain properties, and the price of all others."""

    default: NestedPrice
    prices: tuple[FilteredPriceParameters, ...]


class FilteredPrices(CorePrice[FilteredParameters]):
    """The properties of an event choose its price: the one with the most filters that it passes."""

    code: ClassVar[str] = "filtered"
    title: ClassVar[str] = "Filtered"
    Parameters: ClassVar[type[contract.Parameters]] = FilteredParameters

    def build(self, currency: Currency) -> Filtered:
        """Return the price in a currency."""
        prices = tuple(
            FilteredPrice(
                filters=tuple(PropertyFilter(name=name, values=found) for name, found in sorted(asked.filters.items())),
                price=asked.price.build(currency),
            )
            for asked in self.parameters.prices
        )
        return Filtered(default=self.parameters.default.build(currency), prices=prices)


class VersionParameters(Part):
    """A price and the first day on which it holds."""

    valid_from: date
    price: NestedPrice

    @field_validator("valid_from", mode="before")
    @classmethod
    def _date(cls, value: object, info: ValidationInfo) -> object:
        return _dated(value, date, info)


class TimelineParameters(PriceParameters):
    """The versions of a price; each holds until the next one starts."""

    versions: tuple[VersionParameters, ...]


class TimelinePrice(CorePrice[TimelineParameters]):
    """Other prices, each from a date on."""

    code: ClassVar[str] = "timeline"
    title: ClassVar[str] = "Timeline"
    Parameters: ClassVar[type[contract.Parameters]] = TimelineParameters

    def build(self, currency: Currency) -> Timeline:
        """Return the price in a currency."""
        versions = tuple(
            PriceVersion(valid_from=asked.valid_from, price=asked.price.build(currency))
            for asked in self.parameters.versions
        )
        return Timeline(versions=versions)


class BandParameters(Part):
    """A part of the day: local times, the end not included (none: midnight), on days 0 for Monday to 7 for holidays."""

    name: str
    start: time = time.min
    end: time | None = None
    days: tuple[int, ...] = EVERY_DAY

    @field_validator("start", "end", mode="before")
    @classmethod
    def _time(cls, value: object, info: ValidationInfo) -> object:
        return value if value is None else _dated(value, time, info)

    @field_validator("start", "end")
    @classmethod
    def _local(cls, value: time | None, info: ValidationInfo) -> time | None:
        if value is not None and value.tzinfo is not None:
            raise NotADateError(info.field_name or "time", value.isoformat())
        return value


class TimeOfDayParameters(PriceParameters):
    """The bands, which cover every day once, the holidays, the zone whose clock counts, and the price of each band."""

    bands: tuple[BandParameters, ...]
    prices: dict[str, NestedPrice]
    holidays: tuple[date, ...] = ()
    zone: str = "UTC"

    @field_validator("holidays", mode="before")
    @classmethod
    def _dates(cls, value: object, info: ValidationInfo) -> object:
        return [_dated(day, date, info) for day in value] if isinstance(value, list | tuple) else value


class TimeOfDayPrice(CorePrice[TimeOfDayParameters]):
    """The weekday, hour and holiday at which an event starts choose its price."""

    code: ClassVar[str] = "time_of_day"
    title: ClassVar[str] = "Time of day"
    Parameters: ClassVar[type[contract.Parameters]] = TimeOfDayParameters

    def build(self, currency: Currency) -> TimeOfDay:
        """Return the price in a currency."""
        asked = self.parameters
        bands = tuple(
            TimeBand(name=band.name, start=band.start, end=band.end, days=frozenset(band.days)) for band in asked.bands
        )
        calendar = BandCalendar(bands=bands, holidays=frozenset(asked.holidays), zone=asked.zone)
        prices = tuple(
            BandPrice(band=band, price=price.build(currency)) for band, price in sorted(asked.prices.items())
        )
        return TimeOfDay(calendar=calendar, prices=prices)


def _dated(value: object, kind: type[date | time], info: ValidationInfo) -> object:
    """Return text, a date or a time as it is; a number is none of them."""
    if isinstance(value, datetime) or not isinstance(value, str | kind):
        raise NotADateError(info.field_name or "date", value)
    return value
