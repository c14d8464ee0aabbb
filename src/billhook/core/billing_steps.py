"""The steps of corrections: what is given back of an amount that was billed."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar

from billhook.core.wording import show


@dataclass(frozen=True, slots=True, kw_only=True)
class Unused:
    """The part of a billed amount that was not used: takes amount times unused over whole off."""

    tag: ClassVar[str] = "unused"
    amount: Decimal
    unused: int
    whole: int
    basis: str

    def apply(self, running: Fraction) -> Fraction:
        """Return the running amount less the unused part."""
        return running - Fraction(self.amount) * Fraction(self.unused, self.whole)

    def words(self) -> str:
        """Return the step in words."""
        return f"credit of {show(self.amount)} billed, for {self.unused} unused of {self.whole} {self.basis}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoMoreThan:
    """What is left to give back, or to take off: stops a greater credit or discount there."""

    tag: ClassVar[str] = "no_more_than"
    left: Decimal

    def apply(self, running: Fraction) -> Fraction:
        """Return the running amount, or all that is left where it would take more."""
        return max(running, -Fraction(self.left))

    def words(self) -> str:
        """Return the step in words."""
        return f"no more than the {show(self.left)} that is left"
