"""Allowances: units or money that are included in a cycle, and how usage consumes them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import floor

from billhook.core import exact
from billhook.core.errors import Refusal
from billhook.core.proration import Proportion
from billhook.core.rounding import Rounding, to_places
from billhook.core.usage_steps import Included


class AllowanceError(Refusal):
    """An allowance that includes less than nothing, or usage that is passed twice."""


class Counts(StrEnum):
    """What an allowance counts."""

    UNITS = "units"
    MONEY = "money"
    """Money that pays units at their price."""


class PartialCycle(StrEnum):
    """What an allowance includes in a part of a cycle."""

    PRORATED = "prorated"
    """The part, to the nearest increment: the default."""
    FULL = "full"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What is left of units or money that a cycle includes.

    Args:
        key: names it, once among a customer's.
        left: units or money, at least 0.
        counts: which of them.
        priority: a lower figure is consumed first.
        shared: whether other customers consume it too; own ones come first.
        valid_from: first instant, None without beginning.
        valid_until: instant from which it covers nothing, None without end.
        increment: in which it is consumed; None: that of the price.
        products: whose usage it covers; none named, all of them.
        cycles: how often it was rolled over; rolled-over ones come before fresh ones.
        source: the inclusion that it comes from; empty for one that was given by itself.
        closed: whether its cycle is closed: only late usage takes from it, and no more of it is rolled over.
    """

    key: str
    left: Decimal
    counts: Counts = Counts.UNITS
    priority: int = 0
    shared: bool = False
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    increment: Decimal | None = None
    products: frozenset[str] = frozenset()
    cycles: int = 0
    source: str = ""
    closed: bool = False

    def __post_init__(self) -> None:
        """Refuse floats, less than nothing, increments of no length and instants out of order."""
        if exact.require(self.left, f"allowance {self.key}") < 0:
            raise AllowanceError(f"{self.key} has {self.left} left, less than nothing; give at least 0.")
        if self.increment is not None and exact.require(self.increment, "increment") <= 0:
            raise AllowanceError(f"{self.key} has an increment of {self.increment}; give one above 0.")
        if self.valid_from and self.valid_until and self.valid_until <= self.valid_from:
            raise AllowanceError(f"{self.key} ends at {self.valid_until}, not after its start; swap the instants.")

    def covers(self, use: "Use") -> bool:
        """Return whether it covers usage: the product is one of its own, and the instant one of its days."""
        return (
            (not self.products or use.product in self.products)
            and (self.valid_from is None or self.valid_from <= use.at)
            and (self.valid_until is None or use.at < self.valid_until)
        )

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Return whether it covers any instant from a start up to, not including, an end."""
        return (self.valid_from is None or self.valid_from < end) and (
            self.valid_until is None or start < self.valid_until
        )

    def units_for(self, use: "Use", wanted: Decimal) -> tuple[Decimal, Decimal]:
        """Return the units of some usage that it covers, and the units that it gives up for them.

        Both differ where the last increment is not used up; a rest below one increment is not used.
        """
        increment = Fraction(self.increment or use.increment)
        available = Fraction(self.left)
        if self.counts is Counts.MONEY:
            available = available / Fraction(use.unit_price) if use.unit_price else Fraction(0)
        needed = -(-Fraction(wanted) // increment)
        given = min(needed, floor(available / increment)) * increment
        return min(wanted, exact.from_fraction(given)), exact.from_fraction(given)

    def less(self, use: "Use", units: Decimal) -> "Allowance":
        """Return what is left of it without units that usage took."""
        taken = units if self.counts is Counts.UNITS else exact.multiply(units, use.unit_price or exact.ZERO)
        return replace(self, left=exact.subtract(self.left, taken))


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Usage that allowances may cover.

    Args:
        key: names it, and decides between two of the same instant.
        at: when it happened; earlier usage is covered first, whenever it arrived.
        quantity: units as they are billed, at least 0.
        product: what was used.
        increment: of its price.
        unit_price: of a unit, for allowances that count money; None: money does not cover it.
    """

    key: str
    at: datetime
    quantity: Decimal
    product: str = ""
    increment: Decimal = exact.ONE
    unit_price: Decimal | None = None

    def __post_init__(self) -> None:
        """Refuse floats, quantities below zero and increments of no length."""
        if exact.require(self.quantity, f"usage {self.key}") < 0:
            raise AllowanceError(f"{self.key} uses {self.quantity}, less than nothing; correct the record.")
        if exact.require(self.increment, "increment") <= 0:
            raise AllowanceError(f"{self.key} has an increment of {self.increment}; give one above 0.")
        if self.unit_price is not None and exact.require(self.unit_price, "unit price") < 0:
            raise AllowanceError(f"{self.key} has a unit price of {self.unit_price}; give at least 0.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one allowance covers of some usage: `units` of it, for which it gives up `given`."""

    allowance: str
    units: Decimal
    given: Decimal

    def step(self) -> Included:
        """Return the step that names it."""
        return Included(allowance=self.allowance, units=self.units)


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """Usage, what allowances cover of it, and the rest, which is charged."""

    use: Use
    taken: tuple[Taken, ...]
    rest: Decimal

    @property
    def units(self) -> Decimal:
        """Return the units that are covered."""
        return exact.subtract(self.use.quantity, self.rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumption:
    """What usage has consumed: each use in the order of time, and the allowances as they are left."""

    uses: tuple[Covered, ...]
    left: tuple[Allowance, ...]

    @property
    def covered(self) -> Decimal:
        """Return the units that are covered in all."""
        return exact.total(use.units for use in self.uses)

    @property
    def rest(self) -> Decimal:
        """Return the units that are charged in all."""
        return exact.total(use.rest for use in self.uses)

    def of(self, key: str) -> Allowance:
        """Return an allowance as it is left."""
        return next(allowance for allowance in self.left if allowance.key == key)


def consume(allowances: Iterable[Allowance], uses: Iterable[Use]) -> Consumption:
    """Consume allowances in the order of time, whatever the order in which usage arrived.

    They are taken by priority, own before shared, then the one that expires first (rolled-over before fresh), units
    before money.

    Raises:
        AllowanceError: an allowance or some usage is passed twice.
    """
    left = {allowance.key: allowance for allowance in sorted(allowances, key=consumption_order)}
    in_time = sorted(uses, key=lambda use: (use.at, use.key))
    if len({use.key for use in in_time}) < len(in_time):
        raise AllowanceError("Usage is passed twice; pass each record once.")
    return Consumption(uses=tuple(_covered(left, use) for use in in_time), left=tuple(left.values()))


def consumption_order(allowance: Allowance) -> tuple[int, bool, bool, datetime, int, bool, str]:
    """Return the place of an allowance among others."""
    return (
        allowance.priority,
        allowance.shared,
        allowance.valid_until is None,
        allowance.valid_until or datetime.min.replace(tzinfo=UTC),
        -allowance.cycles,
        allowance.counts is Counts.MONEY,
        allowance.key,
    )


def _covered(left: dict[str, Allowance], use: Use) -> Covered:
    """Cover usage, and lower what is left of the allowances that cover it."""
    rest, taken = use.quantity, list[Taken]()
    for key, allowance in left.items():
        if not rest or not allowance.covers(use):
            continue
        units, given = allowance.units_for(use, rest)
        if units:
            left[key] = allowance.less(use, given)
            rest = exact.subtract(rest, units)
            taken.append(Taken(allowance=key, units=units, given=given))
    return Covered(use=use, taken=tuple(taken), rest=rest)


def for_part(
    allowance: Allowance, part: Proportion, *, policy: PartialCycle = PartialCycle.PRORATED, places: int = 0
) -> Allowance:
    """Return what an allowance includes in a part of a cycle.

    Args:
        allowance: of a whole cycle.
        part: the part that is billed.
        policy: what a part includes.
        places: decimals of units or money to which the part is rounded, half up, where it has no own increment.
    """
    if part.is_whole or policy is PartialCycle.FULL:
        return allowance
    if policy is PartialCycle.NOTHING:
        return replace(allowance, left=exact.ZERO)
    increment = allowance.increment or Decimal(1).scaleb(-places)
    increments = to_places(Fraction(allowance.left) * part.fraction / Fraction(increment), 0, Rounding.HALF_UP)
    return replace(allowance, left=exact.multiply(increments, increment))


def pooled(allowance: Allowance, holders: int) -> Allowance:
    """Return one allowance shared by holders that each bring one.

    Raises:
        AllowanceError: less than no holder.
    """
    if holders < 0:
        raise AllowanceError(f"{allowance.key} has {holders} holders; give at least 0.")
    return replace(allowance, left=exact.multiply(allowance.left, Decimal(holders)), shared=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class RollOver:
    """How much of what is left lives on, and for how many cycles.

    Args:
        cycles: in which it may still be used after its own, at least 1.
        cap: of all that is rolled over together, None for all of it.
    """

    cycles: int = 1
    cap: Decimal | None = None

    def __post_init__(self) -> None:
        """Refuse no cycles, floats and a cap below zero."""
        if self.cycles < 1:
            raise AllowanceError(f"A roll-over of {self.cycles} cycles is none; give at least 1, or no roll-over.")
        if self.cap is not None and exact.require(self.cap, "cap") < 0:
            raise AllowanceError(f"A roll-over is capped at {self.cap}; give at least 0.")


def roll_over(left: Sequence[Allowance], rule: RollOver, *, valid_until: datetime | None) -> tuple[Allowance, ...]:
    """Return what of one plan's allowances lives on in the next cycle; the freshest first fills the cap.

    Args:
        left: as they are left at the end of a cycle.
        rule: cap and cycles.
        valid_until: end of the next cycle.
    """
    room, rolled = rule.cap, []
    for allowance in sorted(left, key=lambda item: (item.cycles, item.key)):
        kept = allowance.left if room is None else min(room, allowance.left)
        if not kept or allowance.cycles >= rule.cycles:
            continue
        key = f"{allowance.key}+1"
        rolled.append(
            replace(
                allowance,
                key=key,
                left=kept,
                cycles=allowance.cycles + 1,
                valid_from=allowance.valid_until,
                valid_until=valid_until,
            )
        )
        room = None if room is None else exact.subtract(room, kept)
    return tuple(rolled)
