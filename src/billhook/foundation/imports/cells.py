"""Cells of an import file: each is checked as text, and stays text, which the database reads fastest."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from zoneinfo import available_timezones

from billhook.core import money

Reader = Callable[[str], str]
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
EMAIL = re.compile(r"[^@\s<>\"]+@[^@\s<>\"]+\.[^@\s<>\"]+")
CODE = re.compile(r"[A-Za-z0-9_-]+")


class CellError(ValueError):
    """What is wrong with a cell, for the one who has to mend the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of an import file.

    Args:
        name: as it stands in the first line.
        what: a sentence for the documentation.
        read: returns the text that is stored, or raises `CellError`; not asked about an empty cell.
        example: of the example file.
        required: whether a cell may not be empty.
    """

    name: str
    what: str
    read: Reader
    example: str = ""
    required: bool = False


def text(most: int) -> Reader:
    """Read any text of at most some characters."""

    def read(cell: str) -> str:
        if len(cell) > most:
            raise CellError(f"has {len(cell)} characters; at most {most} are kept")
        return cell

    return read


def code(most: int) -> Reader:
    """Read a code of letters, digits, hyphens and underscores."""

    def read(cell: str) -> str:
        if len(cell) > most or not CODE.fullmatch(cell):
            raise CellError(f"is no code; use at most {most} letters, digits, - and _")
        return cell

    return read


def day(cell: str) -> str:
    """Read a date as year-month-day."""
    try:
        date.fromisoformat(cell if DATE.fullmatch(cell) else "")
    except ValueError:
        raise CellError("is no date; write it like 2026-03-31") from None
    return cell


def decimal(digits: int, places: int, *, least: Decimal | None = None) -> Reader:
    """Read an exact figure with a point, of at most some digits before it and decimals after it."""
    shape = re.compile(rf"-?\d{{1,{digits}}}(\.\d{{1,{places}}})?")

    def read(cell: str) -> str:
        try:
            figure = Decimal(cell if shape.fullmatch(cell) else "none")
        except InvalidOperation:
            raise CellError(
                f"is no figure; write it like 1234.50, with a point and at most {places} decimals"
            ) from None
        if least is not None and figure < least:
            raise CellError(f"is below {least}")
        return cell

    return read


def whole(least: int, most: int) -> Reader:
    """Read a whole number between two figures, both included."""

    def read(cell: str) -> str:
        if not (cell.isascii() and cell.isdigit() and least <= int(cell) <= most):
            raise CellError(f"is no whole number from {least} to {most}")
        return cell

    return read


def choice(*allowed: str) -> Reader:
    """Read one of some words."""

    def read(cell: str) -> str:
        if cell not in allowed:
            raise CellError(f"is none of {', '.join(allowed)}")
        return cell

    return read


def email(cell: str) -> str:
    """Read an address of e-mail."""
    if len(cell) > 254 or not EMAIL.fullmatch(cell):  # noqa: PLR2004, the longest that mail allows
        raise CellError("is no e-mail address")
    return cell


def currency(cell: str) -> str:
    """Read the code of a currency of ISO 4217."""
    try:
        money.currency(cell)
    except money.UnknownCurrencyError:
        raise CellError("is no currency; use its code, such as EUR") from None
    return cell


def country(cell: str) -> str:
    """Read a country's two letters."""
    if not (len(cell) == 2 and cell.isascii() and cell.isalpha() and cell.isupper()):  # noqa: PLR2004, ISO 3166-1
        raise CellError("is no country; use two capital letters, such as NL")
    return cell


ZONES = frozenset(available_timezones())


def zone(cell: str) -> str:
    """Read the name of a time zone."""
    if cell not in ZONES:
        raise CellError("is no time zone; use a name such as Europe/Amsterdam")
    return cell
