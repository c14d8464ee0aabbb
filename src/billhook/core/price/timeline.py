"""Price versions over time, and where the price of a line is looked up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import ClassVar

from billhook.core.money import Currency
from billhook.core.period import Period
from billhook.core.price import Priced, PriceError, PriceModel


class NoPriceInForceError(PriceError):
    """No version of a price is in force on a day, or no source of prices has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceVersion:
    """A price and the first day on which it holds."""

    valid_from: date
    price: PriceModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The versions of one price; each holds until the next one starts.

    Recurring lines ask for the day they started, one-time lines for the day of the order, usage for the day of the
    event.
    """

    tag: ClassVar[str] = "timeline"
    versions: tuple[PriceVersion, ...]

    def __post_init__(self) -> None:
        """Refuse no version, versions that start on the same day, and a second currency."""
        if not self.versions:
            raise PriceError("The price has no version; give at least one.")
        ordered = tuple(sorted(self.versions, key=lambda version: version.valid_from))
        for earlier, later in pairwise(ordered):
            if earlier.valid_from == later.valid_from:
                raise PriceError(f"Two versions of the price start on {later.valid_from}; keep one.")
            if earlier.price.currency != later.price.currency:
                raise PriceError("The versions of the price have two currencies; keep a timeline for each.")
        object.__setattr__(self, "versions", ordered)

    @property
    def currency(self) -> Currency:
        """Return the currency of every version."""
        return self.versions[0].price.currency

    def on(self, day: date) -> PriceModel:
        """Return the price in force on a day.

        Raises:
            NoPriceInForceError: the first version starts later.
        """
        found = [version for version in self.versions if version.valid_from <= day]
        if not found:
            raise NoPriceInForceError(f"No price is in force on {day}; publish one that is valid from that day.")
        return found[-1].price

    def price_on(self, quantity: Decimal, day: date) -> Priced:
        """Return what a quantity costs at the price in force on a day."""
        return self.on(day).price(quantity)

    def split(self, period: Period) -> tuple[tuple[Period, PriceModel], ...]:
        """Cut a period where versions change, each part with the price in force."""
        parts = period.split(*(version.valid_from for version in self.versions))
        return tuple((part, self.on(part.start)) for part in parts)


class PriceSource(StrEnum):
    """Where a price may be set, the first that has one wins."""

    ORDER_LINE = "order_line"
    CUSTOMER = "customer"
    ADD_ON = "add_on"
    PLAN = "plan"
    ACCOUNT_TYPE = "account_type"
    PARENT = "parent"
    """The customer's parent, where its prices are shared."""
    PRODUCT = "product"


def look_up(prices: Mapping[PriceSource, PriceModel]) -> tuple[PriceSource, PriceModel]:
    """Return the price that holds among those that are set, and where it is set.

    Raises:
        NoPriceInForceError: none is set.
    """
    for source in PriceSource:
        if source in prices:
            return source, prices[source]
    raise NoPriceInForceError("No price is set for the product; publish one for the product itself at least.")
