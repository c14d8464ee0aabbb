"""Cancellation fees: what it costs to leave before the term ends."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import ClassVar

from billhook.core import exact
from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.derivation import AtLeast, AtMost, Derivation, Fee, Percent, Rounded, Step, Units, run
from billhook.core.errors import Refusal
from billhook.core.money import Money
from billhook.core.period import Period
from billhook.core.proration import Basis, prorate
from billhook.core.rounding import Rounding, to_places

_DAYS_A_MONTH = 30
_MONTHS = {CadenceUnit.MONTH: 1, CadenceUnit.YEAR: 12}


class CancellationError(Refusal):
    """A fee below zero, or a term that has no rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatFee:
    """A sum, whatever remains."""

    tag: ClassVar[str] = "flat"
    amount: Money

    def __post_init__(self) -> None:
        """Refuse a fee below zero."""
        _require(self.amount.amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentOfRest:
    """A percentage of what the rest of the term would have cost; 100 for a buy-out."""

    tag: ClassVar[str] = "percent_of_rest"
    percent: Decimal

    def __post_init__(self) -> None:
        """Refuse a float and a percentage below zero."""
        _require(self.percent)


@dataclass(frozen=True, slots=True, kw_only=True)
class PerRestingPeriod:
    """A sum for each whole period that remains, and each unit."""

    tag: ClassVar[str] = "per_period"
    amount: Money

    def __post_init__(self) -> None:
        """Refuse a fee below zero."""
        _require(self.amount.amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecliningFee:
    """A sum that falls by a step for each whole period of the term that was served, down to nothing."""

    tag: ClassVar[str] = "declining"
    amount: Money
    step: Decimal

    def __post_init__(self) -> None:
        """Refuse a fee or a step below zero."""
        _require(self.amount.amount)
        _require(self.step)


CancellationFee = FlatFee | PercentOfRest | PerRestingPeriod | DecliningFee


class RestCount(StrEnum):
    """How the rest of a term is counted where a fee is a percentage of its price."""

    PERIODS = "periods"
    """Each whole period is one, a partial one by its days: the default."""
    MONTHS_OF_30 = "months_of_30"
    """Every 30 days are a month, as some contracts define it: 92 days are 92/30 months."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """What was agreed: from when to when, in which periods, at which price for one unit, and how a rest counts."""

    period: Period
    cadence: Cadence
    price: Money
    quantity: Decimal = exact.ONE
    rest: RestCount = RestCount.PERIODS

    def __post_init__(self) -> None:
        """Refuse months of 30 days where the periods are no months."""
        if self.rest is RestCount.MONTHS_OF_30 and self.cadence.unit not in _MONTHS:
            raise CancellationError(
                f"A cadence of {self.cadence} counts no months; count the rest of the term in periods."
            )


def cancellation_fee(fee: CancellationFee, term: Term, cancelled_on: date, *, cap: Money | None = None) -> Derivation:
    """Return the fee for leaving a term on a day, with its steps; zero once the term is over.

    Args:
        fee: of the contract.
        term: that is left.
        cancelled_on: the first day without service.
        cap: the most that it may come to.

    Raises:
        CancellationError: the day lies before the term.
    """
    if cancelled_on < term.period.start:
        raise CancellationError(f"The term starts on {term.period.start}, after {cancelled_on}; withdraw the order.")
    rest = term.period.clip(cancelled_on, None)
    places = term.price.currency.digits
    ending = (*_most(cap), Rounded(places=places, mode=Rounding.HALF_UP))
    steps = (*_steps(fee, term, rest), *ending) if rest else ()
    return Derivation(steps, Money(to_places(run(steps), places), term.price.currency))


def _steps(fee: CancellationFee, term: Term, rest: Period) -> tuple[Step, ...]:
    if isinstance(fee, FlatFee):
        return (Fee(name="a cancellation fee of", amount=fee.amount.amount),)
    if isinstance(fee, PercentOfRest):
        return (Percent(percent=fee.percent, base=rest_price(term, rest.start)),)
    if isinstance(fee, PerRestingPeriod):
        count = exact.multiply(Decimal(whole_periods(term.cadence, rest)), term.quantity)
        return (Units(quantity=count, unit_price=fee.amount.amount),)
    served = whole_periods(term.cadence, Period(term.period.start, rest.start))
    taken = Units(quantity=Decimal(served), unit_price=fee.step.copy_negate())
    return (Fee(name="a cancellation fee of", amount=fee.amount.amount), taken, AtLeast(amount=exact.ZERO))


def rest_price(term: Term, start: date) -> Fraction:
    """Return what a term would have cost from a day to its end, a partial period by days."""
    each = Fraction(term.price.amount) * Fraction(term.quantity)
    if term.rest is RestCount.MONTHS_OF_30:
        days = (term.period.end - start).days
        return each * days / (_DAYS_A_MONTH * _MONTHS[term.cadence.unit] * term.cadence.count)
    rest = Fraction(0)
    for whole in term.cadence.periods(term.period.start, start, term.period.end):
        used = whole.clip(start, term.period.end)
        rest += prorate(used, cycle=whole, basis=Basis.DAYS).fraction * each if used else 0
    return rest


def whole_periods(cadence: Cadence, period: Period) -> int:
    """Return how many whole periods of a cadence lie in a period, counted from its start."""
    return cadence.index(period.start, period.end)


def _most(cap: Money | None) -> tuple[Step, ...]:
    return () if cap is None else (AtMost(amount=cap.amount),)


def _require(figure: Decimal) -> None:
    if exact.require(figure, "cancellation fee") < 0:
        raise CancellationError(f"A cancellation fee of {figure} is below zero; give at least 0.")
