"""Derivations: how an amount came about, as data that reads as one sentence and can be computed again."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar

from billhook.core import exact
from billhook.core.billing_steps import NoMoreThan, Unused
from billhook.core.contract_steps import Averaged, Converted, Deducted, PaidShare, Uplifted
from billhook.core.money import Money
from billhook.core.rounding import Rounding, to_places
from billhook.core.usage_steps import Evaluated, Events, Included, ProratedUnits, SpanOfCall, TierBlocks, Times
from billhook.core.wording import bounds as _bounds
from billhook.core.wording import show as _show

_WORDS_OF_MEASURE = frozenset({"second", "minute", "hour", "byte"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """Units of one price: adds quantity times unit price; `above` and `up_to` are the bounds of their tier."""

    tag: ClassVar[str] = "units"
    quantity: Decimal
    unit_price: Decimal
    above: Decimal | None = None
    up_to: Decimal | None = None

    def apply(self, running: Fraction) -> Fraction:
        """Return the running amount with these units added."""
        return running + Fraction(self.quantity) * Fraction(self.unit_price)

    def words(self) -> str:
        """Return the step in words."""
        return f"{_show(self.quantity)} at {_show(self.unit_price)} each{_bounds(self.above, self.up_to)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """Started blocks of a package: adds their number times the price of one."""

    tag: ClassVar[str] = "blocks"
    quantity: Decimal
    free: Decimal
    size: Decimal
    blocks: int
    block_price: Decimal

    def apply(self, running: Fraction) -> Fraction:
        """Return the running amount with the blocks added."""
        return running + self.blocks * Fraction(self.block_price)

    def words(self) -> str:
        """Return the step in words."""
        free = f" after {_show(self.free)} free" if self.free else ""
        return (
            f"{_show(self.quantity)}{free} make {self.blocks} started blocks of {_show(self.size)} "
            f"at {_show(self.block_price)} each"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """An amount that does not depend on the quantity: adds it."""

    tag: ClassVar[str] = "fee"
    name: str
    amount: Decimal

    def apply(self, running: Fraction) -> Fraction:
        """Return the running amount with the fee added."""
        return running + Fraction(self.amount)

    def words(self) -> str:
        """Return the step in words."""
        return f"{self.name} {_show(self.amount)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Usage records that are rated already: adds their exact sum."""

    tag: ClassVar[str] = "records"
    records: int
    quantity: Decimal
    unit: str
    amount: Decimal

    def apply(self, running: Fraction) -> Fraction:
        """Return the running amount with the sum of the records added."""
        return running + Fraction(self.amount)

    def words(self) -> str:
        """Return the step in words."""
        measure = f", {_measure(self.quantity, self.unit)} in all" if self.unit else ""
        return f"{self.records} usage records{measure}, rated at {_show(self.amount)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """A call: adds the billed seconds at a price for each `per` seconds."""

    tag: ClassVar[str] = "duration"
    prefix: str
    seconds: int
    billed_seconds: int
    first: int
    following: int
    price: Decimal
    per: int

    def apply(self, running: Fraction) -> Fraction:
        """Return the running amount with the call added."""
        return running + Fraction(self.price) * self.billed_seconds / self.per

    def words(self) -> str:
        """Return the step in words."""
        return (
            f"{self.seconds} s to prefix {self.prefix or '(any)'} count as {self.billed_seconds} s in increments of "
            f"{self.first}/{self.following} s, at {_show(self.price)} for {self.per} s"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Prorated:
    """The part of a cycle that is charged: multiplies by used over whole; `basis` says what is counted."""

    tag: ClassVar[str] = "prorated"
    used: int
    whole: int
    basis: str

    def apply(self, running: Fraction) -> Fraction:
        """Return the used part of the running amount."""
        return running * Fraction(self.used, self.whole)

    def words(self) -> str:
        """Return the step in words."""
        return f"for {self.used} of {self.whole} {self.basis}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Percent:
    """A percentage of a base: adds it."""

    tag: ClassVar[str] = "percent"
    percent: Decimal
    base: Fraction

    def apply(self, running: Fraction) -> Fraction:
        """Return the running amount with the percentage of the base added."""
        return running + self.base * Fraction(self.percent) / 100

    def words(self) -> str:
        """Return the step in words."""
        return f"{_show(self.percent)} % of {_show(self.base)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A part of an amount in proportion: adds amount times part over whole."""

    tag: ClassVar[str] = "share"
    amount: Fraction
    part: Fraction
    whole: Fraction

    def apply(self, running: Fraction) -> Fraction:
        """Return the running amount with the share added."""
        return running + self.amount * self.part / self.whole

    def words(self) -> str:
        """Return the step in words."""
        if self.part == self.whole:
            return _show(self.amount)
        return f"the share of {_show(self.amount)} that {_show(self.part)} has in {_show(self.whole)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """Simple interest by day: adds balance times annual percent times days over 365."""

    tag: ClassVar[str] = "interest"
    balance: Decimal
    annual_percent: Decimal
    days: int

    def apply(self, running: Fraction) -> Fraction:
        """Return the running amount with the interest added."""
        return running + Fraction(self.balance) * Fraction(self.annual_percent) * self.days / 36500

    def words(self) -> str:
        """Return the step in words."""
        return f"{_show(self.balance)} at {_show(self.annual_percent)} % a year for {self.days} of 365 days"


@dataclass(frozen=True, slots=True, kw_only=True)
class AtLeast:
    """A minimum: raises a smaller amount to it."""

    tag: ClassVar[str] = "at_least"
    amount: Decimal

    def apply(self, running: Fraction) -> Fraction:
        """Return the running amount, or the minimum where that is more."""
        return max(running, Fraction(self.amount))

    def words(self) -> str:
        """Return the step in words."""
        return f"at least {_show(self.amount)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AtMost:
    """A cap: lowers a greater amount to it."""

    tag: ClassVar[str] = "at_most"
    amount: Decimal

    def apply(self, running: Fraction) -> Fraction:
        """Return the running amount, or the cap where that is less."""
        return min(running, Fraction(self.amount))

    def words(self) -> str:
        """Return the step in words."""
        return f"at most {_show(self.amount)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Less:
    """What was charged before: takes it off."""

    tag: ClassVar[str] = "less"
    amount: Decimal

    def apply(self, running: Fraction) -> Fraction:
        """Return the running amount without what was charged before."""
        return running - Fraction(self.amount)

    def words(self) -> str:
        """Return the step in words."""
        return f"less {_show(self.amount)} charged before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounded:
    """The one rounding of an amount."""

    tag: ClassVar[str] = "rounded"
    places: int
    mode: Rounding

    def apply(self, running: Fraction) -> Fraction:
        """Return the rounded amount."""
        return Fraction(to_places(running, self.places, self.mode))

    def words(self) -> str:
        """Return the step in words."""
        return f"rounded to {self.places} decimals ({self.mode.replace('_', ' ')})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """What an amount takes so that the pieces rounded together sum to their rounded whole: adds it."""

    tag: ClassVar[str] = "spread"
    amount: Decimal
    pieces: int

    def apply(self, running: Fraction) -> Fraction:
        """Return the amount with its share of the rounding difference."""
        return running + Fraction(self.amount)

    def words(self) -> str:
        """Return the step in words."""
        return f"{_show(self.amount)} so that {self.pieces} pieces sum to their rounded whole"


Step = (
    Units
    | Blocks
    | Fee
    | Records
    | Duration
    | Prorated
    | Percent
    | Share
    | Interest
    | AtLeast
    | AtMost
    | Less
    | Rounded
    | Spread
    | Unused
    | NoMoreThan
    | TierBlocks
    | ProratedUnits
    | Events
    | Times
    | SpanOfCall
    | Included
    | Evaluated
    | Uplifted
    | Averaged
    | Converted
    | Deducted
    | PaidShare
)


@dataclass(frozen=True, slots=True)
class Derivation:
    """The steps that lead to an amount, in order, from nothing."""

    steps: tuple[Step, ...]
    result: Money


def recompute(derivation: Derivation) -> Money:
    """Compute the amount again from its steps alone."""
    return Money(exact.from_fraction(run(derivation.steps)), derivation.result.currency)


def run(steps: Iterable[Step]) -> Fraction:
    """Return the exact amount to which steps lead, from nothing."""
    running = Fraction(0)
    for step in steps:
        running = step.apply(running)
    return running


def sentence(derivation: Derivation) -> str:
    """Return the derivation as one plain sentence."""
    words = ", ".join(step.words() for step in derivation.steps) or "nothing is charged"
    return f"{words[0].upper()}{words[1:]}: {derivation.result}."


def _measure(quantity: Decimal, unit: str) -> str:
    plural = "s" if unit in _WORDS_OF_MEASURE and quantity != 1 else ""
    return f"{_show(quantity)} {unit}{plural}"
