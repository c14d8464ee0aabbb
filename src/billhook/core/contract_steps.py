"""The steps of contracts and of what is paid over time: uplifts, averages, conversions, what was paid beforehand."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar

from billhook.core.wording import show


@dataclass(frozen=True, slots=True, kw_only=True)
class Uplifted:
    """An uplift on an anniversary: adds a rate of a base, or of the running amount where none is given."""

    tag: ClassVar[str] = "uplifted"
    on: date
    rate: Fraction
    reason: str
    base: Fraction | None = None

    def apply(self, running: Fraction) -> Fraction:
        """Return the running amount with the uplift added."""
        return running + self.rate * (running if self.base is None else self.base)

    def words(self) -> str:
        """Return the step in words."""
        base = "" if self.base is None else f" of {show(self.base)}"
        return f"uplifted on {self.on} by {show(self.rate * 100)} %{base} ({self.reason})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Averaged:
    """An average: divides the running amount by a number of bills."""

    tag: ClassVar[str] = "averaged"
    count: int

    def apply(self, running: Fraction) -> Fraction:
        """Return the running amount divided."""
        return running / self.count

    def words(self) -> str:
        """Return the step in words."""
        return f"over {self.count} bills"


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """A conversion at a dated rate: multiplies by how much of the other currency one unit buys."""

    tag: ClassVar[str] = "converted"
    source: str
    target: str
    rate: Fraction
    on: date

    def apply(self, running: Fraction) -> Fraction:
        """Return the running amount in the other currency."""
        return running * self.rate

    def words(self) -> str:
        """Return the step in words."""
        return f"converted from {self.source} at {show(self.rate)} {self.target} on {self.on}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deducted:
    """What need not be paid any more, by its name: takes it off, also below zero."""

    tag: ClassVar[str] = "deducted"
    name: str
    amount: Decimal

    def apply(self, running: Fraction) -> Fraction:
        """Return the running amount without what is deducted."""
        return running - Fraction(self.amount)

    def words(self) -> str:
        """Return the step in words."""
        return f"less {self.name} {show(self.amount)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidShare:
    """What is paid of an invoice: multiplies by paid over total."""

    tag: ClassVar[str] = "paid_share"
    paid: Decimal
    total: Decimal

    def apply(self, running: Fraction) -> Fraction:
        """Return the paid share of the running amount."""
        return running * Fraction(self.paid) / Fraction(self.total)

    def words(self) -> str:
        """Return the step in words."""
        return f"of which {show(self.paid)} of {show(self.total)} is paid"


ContractStep = Uplifted | Averaged | Converted | Deducted | PaidShare
