"""Rate cards: what a call to a number costs, by the longest prefix that is in force on a day."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from billhook.core import exact
from billhook.core.errors import Refusal
from billhook.core.money import Currency
from billhook.core.period import PeriodError
from billhook.core.price import PriceError, require_currency
from billhook.core.quantity import IncrementBase, Increments

SECONDS_A_MINUTE = 60


class OverlappingRatesError(Refusal):
    """Two rates of one prefix are in force on the same day."""


class NoRateError(Refusal):
    """No prefix of the card matches a number on a day."""


class BeyondMaximum(StrEnum):
    """What happens to a call that reaches the maximum charge."""

    FREE = "free"
    """It goes on free of charge: the default."""
    DISCONNECT = "disconnect"
    """It ends there: no second is counted that the maximum does not pay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateSlice:
    """Another price from some seconds into a call, counted in its own increment."""

    from_seconds: int
    price: Decimal
    unit_seconds: int = SECONDS_A_MINUTE
    increment: int = 1

    def __post_init__(self) -> None:
        """Refuse floats, prices below zero and lengths that are none."""
        if exact.require(self.price, "price") < 0:
            raise PriceError(f"The price from {self.from_seconds} s is {self.price}; give at least 0.")
        if min(self.from_seconds, self.unit_seconds, self.increment) < 1:
            raise PriceError(f"A slice from {self.from_seconds} s has no start or length; give at least 1 s of each.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What calls to a prefix cost, from its first day up to, not including, its last.

    Args:
        prefix: the leading digits of the number; empty matches every number, below every other prefix.
        destination: its name.
        price: for each `unit_seconds` seconds, in the card's currency, not rounded.
        unit_seconds: 60 for a price a minute.
        connection_fee: once an answered call.
        first_increment: seconds that count whole.
        next_increment: seconds of each further step, of which a started one counts.
        minimum_seconds: a shorter call counts as so long.
        minimum_charge: an answered call costs at least this, fee included.
        valid_from: first day, None without beginning.
        valid_until: day after the last, None without end.
        version: names the price version, for what is derived from it.
        origin_prefix: the leading digits of the caller's number, for decks over two numbers; empty matches every one.
        grace_seconds: a call of at most so long costs nothing at all.
        maximum_charge: an answered call costs at most this, fee included; None for any amount.
        beyond_maximum: what happens to a call that reaches it.
        slices: other prices from some seconds into the call, in order.
    """

    prefix: str
    destination: str = ""
    price: Decimal
    unit_seconds: int = SECONDS_A_MINUTE
    connection_fee: Decimal = exact.ZERO
    first_increment: int = 1
    next_increment: int = 1
    increment_base: IncrementBase = IncrementBase.REST
    minimum_seconds: int = 0
    minimum_charge: Decimal = exact.ZERO
    valid_from: date | None = None
    valid_until: date | None = None
    version: str = ""
    origin_prefix: str = ""
    grace_seconds: int = 0
    maximum_charge: Decimal | None = None
    beyond_maximum: BeyondMaximum = BeyondMaximum.FREE
    slices: tuple[RateSlice, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a prefix that is no digits, floats, prices below zero, increments of no length, dates out of order."""
        for prefix in filter(None, (self.prefix, self.origin_prefix)):
            if not (prefix.isascii() and prefix.isdigit()):
                raise PriceError(f"The prefix {prefix!r} is no number; give digits only, without + or 00.")
        for what, figure in (
            ("price", self.price),
            ("connection fee", self.connection_fee),
            ("minimum charge", self.minimum_charge),
            ("maximum charge", exact.ZERO if self.maximum_charge is None else self.maximum_charge),
        ):
            if exact.require(figure, what) < 0:
                raise PriceError(f"The {what} of {self.label} is {figure}; give at least 0.")
        if self.unit_seconds < 1 or min(self.minimum_seconds, self.grace_seconds) < 0:
            raise PriceError(f"{self.label} counts {self.unit_seconds} s units from {self.minimum_seconds} s; mend it.")
        _ = self.increments
        self._refuse_limits_and_slices()
        if self.valid_from and self.valid_until and self.valid_until <= self.valid_from:
            raise PeriodError(f"{self.label} ends on {self.valid_until}, not after its start; swap the dates.")

    def _refuse_limits_and_slices(self) -> None:
        if self.maximum_charge is not None and self.maximum_charge < self.minimum_charge:
            raise PriceError(f"{self.label}: the minimum charge lies above the maximum {self.maximum_charge}; mend it.")
        if any(later.from_seconds <= earlier.from_seconds for earlier, later in pairwise(self.slices)):
            raise PriceError(f"{self.label} has slices that do not rise; give them in order, each start once.")

    @property
    def increments(self) -> Increments:
        """Return how durations are counted."""
        return Increments(self.first_increment, self.next_increment, self.increment_base)

    @property
    def label(self) -> str:
        """Return words that name the row, such as `3120 Netherlands from 2026-01-01`."""
        start = f" from {self.valid_from}" if self.valid_from else ""
        end = f" to before {self.valid_until}" if self.valid_until else ""
        origin = f" (from {self.origin_prefix})" if self.origin_prefix else ""
        return f"{self.prefix or '(any)'}{origin} {self.destination}".rstrip() + start + end

    def in_force(self, day: date) -> bool:
        """Return whether the rate holds on a day."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day < self.valid_until
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RateCard:
    """A deck of rates in one currency; two rates of one prefix (of both, over two numbers) never hold on one day."""

    code: str
    currency: Currency
    rates: tuple[Rate, ...]
    _by_prefix: Mapping[str, tuple[Rate, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse a missing currency and rates that overlap, naming both; index the rest by prefix."""
        require_currency(self.currency)
        rates = defaultdict(list)
        for rate in self.rates:
            rates[rate.prefix].append(rate)
        by_prefix = {prefix: tuple(sorted(same, key=_longest_origin_first)) for prefix, same in rates.items()}
        for same in by_prefix.values():
            self._refuse_overlaps(same)
        object.__setattr__(self, "_by_prefix", by_prefix)

    def find(self, number: str, day: date, *, origin: str = "") -> Rate | None:
        """Return the rate of the longest prefix of a number that is in force on a day, or None.

        Over two numbers, of the rates that match both the longest prefix of the number called wins, then the longest
        of the caller's.

        Args:
            number: digits with country code, without + or 00.
            day: the local day on which the call started.
            origin: the caller's digits, for decks over two numbers.
        """
        for length in range(len(number), -1, -1):
            for rate in self._by_prefix.get(number[:length], ()):
                if rate.in_force(day) and origin.startswith(rate.origin_prefix):
                    return rate
        return None

    def rate_for(self, number: str, day: date, *, origin: str = "") -> Rate:
        """Return the rate for a number on a day.

        Raises:
            NoRateError: no prefix matches.
        """
        rate = self.find(number, day, origin=origin)
        if rate is None:
            raise NoRateError(f"Rate card {self.code} has no prefix for {number} on {day}; add one and recycle.")
        return rate

    def _refuse_overlaps(self, same: tuple[Rate, ...]) -> None:
        for earlier, later in pairwise(same):
            if earlier.origin_prefix != later.origin_prefix:
                continue
            if earlier.valid_until is None or _first_day(later) < earlier.valid_until:
                raise OverlappingRatesError(
                    f"Rate card {self.code}: {earlier.label} and {later.label} hold on the same day; end the first "
                    "before the second starts."
                )


def _longest_origin_first(rate: Rate) -> tuple[int, str, date]:
    return -len(rate.origin_prefix), rate.origin_prefix, _first_day(rate)


def _first_day(rate: Rate) -> date:
    return rate.valid_from or date.min
