"""Rates as they are given, and decks of them as CSV files: layouts, prefix lists, and rows that make no rate."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TextIO

from billhook.catalog.refusals import require_decimals
from billhook.core import exact, ratecard
from billhook.core.errors import Refusal

MOST_IN_A_RANGE = 10_000
LONGEST_PREFIX, LONGEST_DESTINATION, LONGEST_SECONDS = 20, 120, 86_400
LANE_IGNORES = ("minimum_charge", "maximum_charge", "grace_seconds", "slices")
"""What the usage lane does not rate yet; a deck that needs it is refused."""


class NotRatedError(Refusal):
    """Raised when a rate has what the rating of usage would ignore."""

    def __init__(self, prefix: str, name: str) -> None:
        """Name the prefix and what it has."""
        words = name.replace("_", " ")
        super().__init__(f"The rate of {prefix} has {words}, which usage is not rated by: import it without {words}.")


class LayoutError(Refusal):
    """Raised when a file does not have the columns of a layout."""

    def __init__(self, missing: list[str], found: list[str]) -> None:
        """Name the columns that are missing and those that there are."""
        super().__init__(
            f"The file has no column {', '.join(missing)}: choose another layout, or name its columns, which are "
            f"{', '.join(found) or 'none'}."
        )


class RowError(Refusal):
    """Raised when a row of a deck makes no rate; the message says why."""


class InvalidRowsError(Refusal):
    """Raised when a deck with rows that make no rate is to be imported."""

    def __init__(self, invalid: "tuple[InvalidRow, ...]") -> None:
        """Name the first of them, and how many there are."""
        first = "; ".join(f"row {row.row}: {row.reason}" for row in invalid[:3])
        super().__init__(f"{len(invalid)} rows make no rate: mend them first. {first}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRate:
    """One rate of a deck, from its first day up to, not including, its last.

    Args:
        prefix: leading digits of the number.
        destination: its name.
        price_per_minute: in the card's currency, with up to 12 decimals.
        connection_fee: once an answered call.
        first_increment: seconds that count whole.
        next_increment: seconds of each further step.
        minimum_seconds: a shorter call counts as so long.
        valid_from: first day.
        valid_until: day after the last, None without end.
        minimum_charge: not rated yet, as are the next three.
        row: where it stands in its file, for messages; 0 for nowhere.
    """

    prefix: str
    destination: str
    price_per_minute: Decimal
    connection_fee: Decimal = exact.ZERO
    first_increment: int = 1
    next_increment: int = 1
    minimum_seconds: int = 0
    valid_from: date
    valid_until: date | None = None
    minimum_charge: Decimal = exact.ZERO
    maximum_charge: Decimal | None = None
    grace_seconds: int = 0
    slices: tuple[ratecard.RateSlice, ...] = ()
    row: int = 0

    def __post_init__(self) -> None:
        """Refuse what makes no rate, what could not be kept as it is given, and what would not be rated."""
        if not self.prefix:
            raise RowError("There is no prefix: give the leading digits of the number.")
        if len(self.prefix) > LONGEST_PREFIX or len(self.destination) > LONGEST_DESTINATION:
            raise RowError(
                f"The prefix {self.prefix} or its destination is too long: give at most {LONGEST_PREFIX} digits and "
                f"{LONGEST_DESTINATION} letters."
            )
        if max(self.first_increment, self.next_increment, self.minimum_seconds) > LONGEST_SECONDS:
            raise RowError(f"{self.prefix} counts in more than a day: give at most {LONGEST_SECONDS} seconds.")
        for name in LANE_IGNORES:
            if getattr(self, name):
                raise NotRatedError(self.prefix, name.replace("slices", "other_prices_later_in_a_call"))
        require_decimals(self.price_per_minute, f"price of {self.prefix} {self.destination}")
        require_decimals(self.connection_fee, f"connection fee of {self.prefix} {self.destination}")
        ratecard.Rate(
            prefix=self.prefix,
            destination=self.destination,
            price=self.price_per_minute,
            connection_fee=self.connection_fee,
            first_increment=self.first_increment,
            next_increment=self.next_increment,
            minimum_seconds=self.minimum_seconds,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
        )


@dataclass(frozen=True, slots=True)
class InvalidRow:
    """A row that makes no rate: its number, counted from 1 with the header, and why."""

    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class ReadDeck:
    """What a file holds: its rates, and the rows that make none."""

    rates: tuple[NewRate, ...]
    invalid: tuple[InvalidRow, ...] = ()

    def valid_rates(self) -> tuple[NewRate, ...]:
        """Return the rates of a file without faults.

        Raises:
            InvalidRowsError: a row makes no rate.
        """
        if self.invalid:
            raise InvalidRowsError(self.invalid)
        return self.rates


KEPT = (
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
"""What is kept of a rate, as its fields and the columns of its table are named."""
REQUIRED = ("prefix", "destination", "price_per_minute")


def _own_names() -> dict[str, str]:
    return {name: name for name in (*KEPT, "country_code")}


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLayout:
    """How a deck is written as CSV.

    Args:
        separator: between columns.
        decimal_sign: before decimals; the other of comma and point may group thousands.
        date_format: as `strptime` reads it.
        header_row: the row that names the columns, counted from 1; rows above it are passed over.
        columns: the name of the file's column by the field of a rate; a column that is not there takes the default.
            `country_code` is put before every prefix of its row.
        valid_from: first day of rows that give none.
    """

    separator: str = ","
    decimal_sign: str = "."
    date_format: str = "%Y-%m-%d"
    header_row: int = 1
    columns: Mapping[str, str] = field(default_factory=_own_names)
    valid_from: date | None = None


def read_rate_csv(stream: TextIO, layout: RateLayout) -> ReadDeck:
    """Return the rates of a CSV file, and the rows that make none.

    A cell of prefixes may list several and ranges of equal length, such as `31,316-318` or `31; 316`.

    Raises:
        LayoutError: a column without which there is no rate is missing.
    """
    reader = csv.reader(stream, delimiter=layout.separator)
    for _ in range(layout.header_row - 1):
        next(reader, None)
    header = [name.strip() for name in next(reader, [])]
    places = {name: header.index(column) for name, column in layout.columns.items() if column in header}
    missing = [layout.columns.get(name, name) for name in REQUIRED if name not in places]
    if missing:
        raise LayoutError(missing, header)
    rates: list[NewRate] = []
    invalid: list[InvalidRow] = []
    for row, cells in enumerate(reader, start=layout.header_row + 1):
        if not any(cell.strip() for cell in cells):
            continue
        try:
            rates += _rates_of(row, {name: _cell(cells, place) for name, place in places.items()}, layout)
        except Refusal as reason:
            invalid.append(InvalidRow(row, str(reason)))
    return ReadDeck(tuple(rates), tuple(invalid))


def _cell(cells: list[str], place: int) -> str:
    return cells[place].strip() if place < len(cells) else ""


def _rates_of(row: int, cells: Mapping[str, str], layout: RateLayout) -> list[NewRate]:
    """Return the rates of one row, one a prefix."""
    begins = _day(cells.get("valid_from", ""), layout) or layout.valid_from
    if begins is None:
        raise RowError("There is no first day: give one in the row, or one for the whole file.")
    price = _figure(cells["price_per_minute"], "price", layout)
    if price is None:
        raise RowError("There is no price: give one, or 0.")
    fee = _figure(cells.get("connection_fee", ""), "connection fee", layout) or exact.ZERO
    first = _whole(cells.get("first_increment", ""), "first increment", 1)
    following = _whole(cells.get("next_increment", ""), "next increment", 1)
    least = _whole(cells.get("minimum_seconds", ""), "minimum in seconds", 0)
    ends = _day(cells.get("valid_until", ""), layout)
    return [
        NewRate(
            prefix=prefix,
            destination=cells["destination"],
            price_per_minute=price,
            connection_fee=fee,
            first_increment=first,
            next_increment=following,
            minimum_seconds=least,
            valid_from=begins,
            valid_until=ends,
            row=row,
        )
        for prefix in prefixes(cells["prefix"], cells.get("country_code", ""))
    ]


def prefixes(text: str, country_code: str = "") -> Iterator[str]:
    """Yield the prefixes of a list such as `31,316-318`, each behind the country code.

    Raises:
        RowError: the list is empty, a part of it is no digits, or a range does not rise or is too long.
    """
    if text.isascii() and text.isdigit():
        yield country_code + text
        return
    parts = [part.strip() for part in text.replace(";", ",").split(",")]
    for part in [part for part in parts if part] or [""]:
        yield from (country_code + prefix for prefix in _range(part))


def _range(part: str) -> Iterator[str]:
    first, dash, last = (word.strip() for word in part.partition("-"))
    if not (first.isascii() and first.isdigit()):
        raise RowError(f"The prefix {part!r} is no number: give digits only, without + or 00.")
    if not dash:
        yield first
        return
    if not (last.isascii() and last.isdigit()) or len(last) != len(first) or last < first:
        raise RowError(f"The range {part} does not rise between numbers of one length: write it such as 316-318.")
    if int(last) - int(first) >= MOST_IN_A_RANGE:
        raise RowError(f"The range {part} has more than {MOST_IN_A_RANGE} prefixes: give shorter ones.")
    yield from (str(number).zfill(len(first)) for number in range(int(first), int(last) + 1))


def _figure(text: str, what: str, layout: RateLayout) -> Decimal | None:
    """Return a figure, with the decimal sign of the layout, or None."""
    grouping = "." if layout.decimal_sign == "," else ","
    text = text.replace(grouping, "").replace(layout.decimal_sign, ".")
    return exact.number(text, what) if text else None


def _whole(text: str, what: str, default: int) -> int:
    if text and not (text.isascii() and text.isdigit()):
        raise RowError(f"The {what} {text!r} is no whole number: give seconds.")
    return int(text) if text else default


def _day(text: str, layout: RateLayout) -> date | None:
    if not text:
        return None
    try:
        if layout.date_format == "%Y-%m-%d":
            return date.fromisoformat(text)
        return datetime.strptime(text, layout.date_format).date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise RowError(f"{text!r} is no day as {layout.date_format} writes it: mend it, or the layout.") from None
