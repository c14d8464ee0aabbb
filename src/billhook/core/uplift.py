"""Uplifts: what a price comes to after anniversaries of its contract, by a percentage or by a dated index."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import ClassVar

from billhook.core import exact
from billhook.core.contract import anniversaries
from billhook.core.contract_steps import Uplifted
from billhook.core.derivation import Derivation, Fee, Rounded, Step, run
from billhook.core.errors import Refusal
from billhook.core.money import Money
from billhook.core.period import Period
from billhook.core.rounding import Rounding, to_places

_MOST_DECIMALS = 12
_LEAST_PERCENT = Decimal(-100)


class UpliftError(Refusal):
    """An uplift that leaves nothing, or an index without a figure for the day."""


class UpliftBase(StrEnum):
    """On what an uplift stands."""

    COMPOUNDING = "compounding"
    """On the price after the uplift before: the default."""
    FIRST_PRICE = "first_price"
    """On the first price each time, so that uplifts add up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFigure:
    """The figure of an index from a day on."""

    valid_from: date
    figure: Decimal

    def __post_init__(self) -> None:
        """Refuse a float and a figure that is not above zero."""
        if exact.require(self.figure, "index figure") <= 0:
            raise UpliftError(f"An index of {self.figure} gives no proportion; give a figure above zero.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceIndex:
    """A dated index, such as consumer prices; each figure holds until the next one."""

    key: str
    figures: tuple[IndexFigure, ...]

    def __post_init__(self) -> None:
        """Refuse two figures for one day, and put them in order."""
        ordered = tuple(sorted(self.figures, key=lambda item: item.valid_from))
        if any(earlier.valid_from == later.valid_from for earlier, later in pairwise(ordered)):
            raise UpliftError(f"{self.key} has two figures from the same day; keep one of them.")
        object.__setattr__(self, "figures", ordered)

    def on(self, day: date) -> Decimal:
        """Return the figure of a day.

        Raises:
            UpliftError: the first figure is of a later day.
        """
        found = [item.figure for item in self.figures if item.valid_from <= day]
        if not found:
            raise UpliftError(f"{self.key} has no figure for {day}; enter one that is valid from that day.")
        return found[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentUplift:
    """The same percentage on each anniversary; below zero for a price that falls."""

    tag: ClassVar[str] = "percent"
    percent: Decimal
    base: UpliftBase = UpliftBase.COMPOUNDING

    def __post_init__(self) -> None:
        """Refuse a float, and a percentage that leaves nothing."""
        if exact.require(self.percent, "uplift") <= _LEAST_PERCENT:
            raise UpliftError(f"An uplift of {self.percent} % leaves no price; give one above -100.")


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexUplift:
    """What an index rose since the anniversary before.

    Args:
        index: whose figures of the start and of each anniversary count.
        base: on what the rise stands.
        may_fall: whether the price falls with the index; else such a year leaves it as it is.
        at_most: the greatest percentage a year, None for any.
    """

    tag: ClassVar[str] = "index"
    index: PriceIndex
    base: UpliftBase = UpliftBase.COMPOUNDING
    may_fall: bool = False
    at_most: Decimal | None = None

    def __post_init__(self) -> None:
        """Refuse a float, and a cap below zero."""
        if self.at_most is not None and exact.require(self.at_most, "cap") < 0:
            raise UpliftError(f"An uplift of at most {self.at_most} % a year is none; give at least 0.")


Uplift = PercentUplift | IndexUplift


def uplifted(price: Money, uplift: Uplift, *, start: date, on: date, places: int | None = None) -> Derivation:
    """Return what a price comes to on a day, rounded once, with the uplift of each anniversary as a step.

    Args:
        price: the first one, not below zero.
        uplift: of the contract.
        start: of the contract, from which anniversaries count.
        on: the day; an anniversary has its uplift already.
        places: decimals that the price keeps, at most 12; None for those of its currency.

    Raises:
        UpliftError: the price is below zero, falls below it, or the day lies before the start, or the index has no
            figure.
    """
    digits = price.currency.digits if places is None else places
    if price.amount < 0 or on < start or not 0 <= digits <= _MOST_DECIMALS:
        raise UpliftError(f"{price} to {digits} decimals from {start} has no uplift on {on}; mend price or dates.")
    first = Fee(name="the first price", amount=price.amount)
    steps: tuple[Step, ...] = (first, *_steps(price, uplift, start, on))
    steps = (*steps, Rounded(places=digits, mode=Rounding.HALF_UP))
    if run(steps) < 0:
        raise UpliftError(f"{price} falls below zero by {on}; let the falling price compound, or end it sooner.")
    return Derivation(steps, Money(to_places(run(steps), digits), price.currency))


def uplifted_over(
    price: Money, uplift: Uplift, period: Period, *, start: date, places: int | None = None
) -> tuple[tuple[Period, Derivation], ...]:
    """Return a period cut at the anniversaries of a contract, each part with the price in force."""
    parts = period.split(*anniversaries(start, period.end))
    return tuple((part, uplifted(price, uplift, start=start, on=part.start, places=places)) for part in parts)


def _steps(price: Money, uplift: Uplift, start: date, on: date) -> Iterator[Uplifted]:
    base = Fraction(price.amount) if uplift.base is UpliftBase.FIRST_PRICE else None
    for earlier, anniversary in pairwise((start, *anniversaries(start, on))):
        rate, reason = _rate(uplift, earlier, anniversary)
        yield Uplifted(on=anniversary, rate=rate, reason=reason, base=base)


def _rate(uplift: Uplift, earlier: date, anniversary: date) -> tuple[Fraction, str]:
    if isinstance(uplift, PercentUplift):
        return Fraction(uplift.percent) / 100, "as agreed"
    before, now = uplift.index.on(earlier), uplift.index.on(anniversary)
    rate = Fraction(now) / Fraction(before) - 1
    if not uplift.may_fall:
        rate = max(rate, Fraction(0))
    if uplift.at_most is not None:
        rate = min(rate, Fraction(uplift.at_most) / 100)
    return rate, f"{uplift.index.key} from {before} to {now}"
