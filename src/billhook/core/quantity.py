"""Quantities: a figure in a unit, and the increments in which a duration is billed."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import ceil

from billhook.core import exact
from billhook.core.errors import Refusal
from billhook.core.rounding import Rounding, to_places

QUANTITY_DECIMALS = 12

# One unit in the base unit of what it measures; data by SI (kB) and by IEC (KiB).
_UNITS = {
    "second": ("time", 1),
    "minute": ("time", 60),
    "hour": ("time", 3600),
    "byte": ("data", 1),
    "kB": ("data", 10**3),
    "MB": ("data", 10**6),
    "GB": ("data", 10**9),
    "TB": ("data", 10**12),
    "KiB": ("data", 2**10),
    "MiB": ("data", 2**20),
    "GiB": ("data", 2**30),
    "TiB": ("data", 2**40),
}


class UnitError(Refusal):
    """A quantity was to be expressed in a unit of something else."""


class IncrementError(Refusal):
    """An increment of no length, or a duration below zero."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A figure in a unit, such as 100 minutes."""

    value: Decimal
    unit: str

    def __post_init__(self) -> None:
        """Refuse a float."""
        exact.require(self.value, "quantity")

    def to(self, unit: str, *, places: int = QUANTITY_DECIMALS, mode: Rounding = Rounding.HALF_UP) -> "Quantity":
        """Return it in another unit of the same measure, rounded once to a number of decimals.

        Raises:
            UnitError: the units measure different things, or are unknown.
        """
        if unit == self.unit:
            return self
        (measure, size), (other_measure, other_size) = _unit(self.unit), _unit(unit)
        if measure != other_measure:
            raise UnitError(f"{self.unit} measures {measure} and {unit} {other_measure}; choose a unit of {measure}.")
        value = to_places(Fraction(self.value) * size / other_size, places, mode)
        return Quantity(Decimal(exact.plain(value)), unit)

    def __str__(self) -> str:
        """Return figure and unit."""
        return f"{exact.plain(self.value)} {self.unit}"


class IncrementBase(StrEnum):
    """What is counted in next increments."""

    REST = "rest"
    """What follows the first increment: 61 s at 45/30 is 75 s. The default."""
    WHOLE = "whole"
    """The whole duration once it exceeds the first increment: 61 s at 45/30 is 90 s."""


@dataclass(frozen=True, slots=True)
class Increments:
    """How a duration is counted: the first increment whole, then each started next one."""

    first: int = 1
    following: int = 1
    base: IncrementBase = IncrementBase.REST

    def __post_init__(self) -> None:
        """Refuse increments of no length."""
        if self.first < 1 or self.following < 1:
            raise IncrementError(f"Increments of {self.first}/{self.following} have no length; give at least 1/1.")

    def count(self, seconds: int, *, minimum: int = 0) -> int:
        """Return the seconds that are billed for a duration; nothing for none.

        Raises:
            IncrementError: the duration is below zero.
        """
        if seconds < 0:
            raise IncrementError(f"A duration of {seconds} s is below zero; correct the record.")
        if not seconds:
            return 0
        lasting = max(seconds, minimum)
        if lasting <= self.first:
            return self.first
        if self.base is IncrementBase.WHOLE:
            return ceil(Fraction(lasting, self.following)) * self.following
        return self.first + ceil(Fraction(lasting - self.first, self.following)) * self.following


def _unit(name: str) -> tuple[str, int]:
    if name not in _UNITS:
        raise UnitError(f"The unit {name!r} is unknown; choose one of {', '.join(_UNITS)}.")
    return _UNITS[name]


def seconds_written(text: str, pattern: str) -> int:
    """Return the seconds of a duration written by a pattern, such as `_HHHH:MM:SS`.

    The places of the runs of H, M and S in the pattern say which characters of the text are hours, minutes and
    seconds; other characters have no meaning.

    Raises:
        UnitError: the pattern has no such run, or a place of the text holds no figure.
    """
    found = 0
    for letter, size in (("H", 3600), ("M", 60), ("S", 1)):
        first, last = pattern.find(letter), pattern.rfind(letter)
        written = text[first : last + 1].strip() if first >= 0 else "0"
        if not (written.isascii() and written.isdigit()):
            raise UnitError(f"The duration {text!r} has no figure where {pattern!r} has {letter}; correct the pattern.")
        found += int(written) * size
    return found
