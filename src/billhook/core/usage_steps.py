"""The steps of usage: started blocks of tiers, spans of calls, allowances, events, formulas."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar

from billhook.core.expression import Figure, evaluate
from billhook.core.wording import bounds, show


@dataclass(frozen=True, slots=True, kw_only=True)
class TierBlocks:
    """Started blocks of a tier: adds their number times the price of one."""

    tag: ClassVar[str] = "tier_blocks"
    quantity: Decimal
    size: Decimal
    blocks: int
    block_price: Decimal
    above: Decimal | None = None
    up_to: Decimal | None = None

    def apply(self, running: Fraction) -> Fraction:
        """Return the running amount with the blocks added."""
        return running + self.blocks * Fraction(self.block_price)

    def words(self) -> str:
        """Return the step in words."""
        return (
            f"{show(self.quantity)} make {self.blocks} started blocks of {show(self.size)} "
            f"at {show(self.block_price)} each{bounds(self.above, self.up_to)}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProratedUnits:
    """The part of units that falls to a period: adds the prorated share times the unit price of their tier."""

    tag: ClassVar[str] = "prorated_units"
    units: Decimal
    share: Fraction
    unit_price: Decimal
    above: Decimal | None = None
    up_to: Decimal | None = None

    def apply(self, running: Fraction) -> Fraction:
        """Return the running amount with the share added."""
        return running + self.share * Fraction(self.unit_price)

    def words(self) -> str:
        """Return the step in words."""
        return (
            f"{show(self.units)} units that count as {show(self.share)} in the period at {show(self.unit_price)} each"
            f"{bounds(self.above, self.up_to)}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """Events that cost the same each: adds their number times that."""

    tag: ClassVar[str] = "events"
    name: str
    count: int
    each: Decimal

    def apply(self, running: Fraction) -> Fraction:
        """Return the running amount with the events added."""
        return running + self.count * Fraction(self.each)

    def words(self) -> str:
        """Return the step in words."""
        return f"{self.count} {self.name} of {show(self.each)} each"


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """A multiplier: multiplies the running amount."""

    tag: ClassVar[str] = "times"
    factor: Decimal

    def apply(self, running: Fraction) -> Fraction:
        """Return the running amount multiplied."""
        return running * Fraction(self.factor)

    def words(self) -> str:
        """Return the step in words."""
        return f"times {show(self.factor)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanOfCall:
    """The part of a call or session in one band: adds what is billed of it at a price for each `per` of its units."""

    tag: ClassVar[str] = "span_of_call"
    band: str
    measured: int
    billed: int
    price: Decimal
    per: int

    def apply(self, running: Fraction) -> Fraction:
        """Return the running amount with the span added."""
        return running + Fraction(self.price) * self.billed / self.per

    def words(self) -> str:
        """Return the step in words."""
        band = f" in {self.band}" if self.band else ""
        return f"{self.measured} s{band} count as {self.billed} s at {show(self.price)} for {self.per} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Included:
    """Units that an allowance covers: they cost nothing, and are named so that they can be followed."""

    tag: ClassVar[str] = "included"
    allowance: str
    units: Decimal

    def apply(self, running: Fraction) -> Fraction:
        """Return the running amount as it is."""
        return running

    def words(self) -> str:
        """Return the step in words."""
        return f"{show(self.units)} included in {self.allowance}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """A formula over named figures: adds what it comes to."""

    tag: ClassVar[str] = "evaluated"
    expression: str
    figures: tuple[Figure, ...]

    def apply(self, running: Fraction) -> Fraction:
        """Return the running amount with the formula's value added."""
        return running + evaluate(self.expression, self.figures)

    def words(self) -> str:
        """Return the step in words."""
        where = ", ".join(f"{figure.name} is {show(figure.value)}" for figure in self.figures)
        return f"{self.expression} where {where}" if where else self.expression


UsageStep = TierBlocks | ProratedUnits | Events | Times | SpanOfCall | Included | Evaluated
