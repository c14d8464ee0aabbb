"""Claw-back: what a customer who leaves early gives back of the discounts that the term had earned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from billhook.core import exact
from billhook.core.cadence import Cadence
from billhook.core.derivation import AtLeast, AtMost, Derivation, Fee, Percent, Rounded, Share, Step, run
from billhook.core.errors import Refusal
from billhook.core.money import Money
from billhook.core.period import Period
from billhook.core.rounding import Rounding, to_places

_HUNDRED = Decimal(100)


class ClawBackError(Refusal):
    """A discount out of range, or an end before the term."""


class ClawBackBy(StrEnum):
    """What is given back."""

    ALL = "all"
    """Every discount that was given for the term."""
    UNSERVED = "unserved"
    """Its share for the days that are not served: the default."""
    RERATED = "rerated"
    """What is more than the shorter term that was served would have earned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TermDiscount:
    """What a term earns that is served in full: a percentage off the list price."""

    term: Cadence
    percent: Decimal

    def __post_init__(self) -> None:
        """Refuse a float, and a percentage out of range."""
        if not 0 < exact.require(self.percent, "term discount") <= _HUNDRED:
            raise ClawBackError(f"A term discount of {self.percent} % is none; give above 0, at most 100.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What was billed for a term so far: at list prices, and the discount that was given for the term."""

    list_price: Money
    discount: Money

    def __post_init__(self) -> None:
        """Refuse a discount below zero, or above the list price."""
        if not Money.zero(self.list_price.currency) <= self.discount <= self.list_price:
            raise ClawBackError(f"{self.discount} was not taken off {self.list_price}; pass what was billed.")


def earned(ladder: Sequence[TermDiscount], served: Period) -> Decimal:
    """Return the greatest percentage that a time of service has earned, 0 for none."""
    reached = [item.percent for item in ladder if item.term.nth(served.start, 1) <= served.end]
    return max(reached, default=exact.ZERO)


def claw_back(
    by: ClawBackBy,
    given: Given,
    *,
    term: Period,
    ended_on: date,
    ladder: Sequence[TermDiscount] = (),
    cap: Money | None = None,
) -> Derivation:
    """Return what is charged for leaving a term early, with its steps; zero once the term is over.

    Args:
        by: what is given back.
        given: for the term so far.
        term: that was agreed.
        ended_on: the first day without service.
        ladder: what shorter terms earn, for `rerated`.
        cap: the most that it may come to.

    Raises:
        ClawBackError: the end lies before the term, or the cap below zero.
    """
    if ended_on < term.start:
        raise ClawBackError(f"The term starts on {term.start}, after {ended_on}; withdraw the order.")
    if cap is not None and cap < Money.zero(given.discount.currency):
        raise ClawBackError(f"A cap of {cap} is below zero; give at least 0.")
    unserved = term.clip(ended_on, None)
    places = given.discount.currency.digits
    capped = () if cap is None else (AtMost(amount=cap.amount),)
    ending = (*capped, Rounded(places=places, mode=Rounding.HALF_UP))
    steps = (*_steps(by, given, term, unserved, ladder), *ending) if unserved else ()
    return Derivation(steps, Money(to_places(run(steps), places), given.discount.currency))


def _steps(
    by: ClawBackBy, given: Given, term: Period, unserved: Period, ladder: Sequence[TermDiscount]
) -> tuple[Step, ...]:
    amount = given.discount.amount
    if by is ClawBackBy.UNSERVED:
        return (Share(amount=Fraction(amount), part=Fraction(unserved.days), whole=Fraction(term.days)),)
    discounts = Fee(name="term discounts given", amount=amount)
    if by is ClawBackBy.ALL:
        return (discounts,)
    percent = earned(ladder, Period(term.start, unserved.start))
    kept = Percent(percent=percent.copy_negate(), base=Fraction(given.list_price.amount))
    return (discounts, kept, AtLeast(amount=exact.ZERO))
