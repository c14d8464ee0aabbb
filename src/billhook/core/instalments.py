"""Instalments: an invoice that is paid in parts, each with its due date; neither lines nor tax change."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from billhook.core import exact
from billhook.core.cadence import Cadence
from billhook.core.derivation import Derivation, Rounded, Share, Spread
from billhook.core.errors import Refusal
from billhook.core.money import Money, allocate, sum_money
from billhook.core.rounding import Rounding, to_places
from billhook.core.settlement import Claim


class InstalmentError(Refusal):
    """A plan without parts, or an amount that gives some of them nothing."""


class Remainder(StrEnum):
    """Which instalment takes what is left once all are rounded down."""

    FIRST = "first"
    """The first: the default."""
    LAST = "last"
    """The last."""
    SPREAD = "spread"
    """Each one step of the minor unit, by largest remainder, earlier ones first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalmentPlan:
    """How an amount is split.

    Args:
        weights: what each part is in proportion to the others, each above zero.
        cadence: how far apart the due dates are.
        remainder: who takes what is left of rounding.
    """

    weights: tuple[Decimal, ...]
    cadence: Cadence
    remainder: Remainder = Remainder.FIRST

    def __post_init__(self) -> None:
        """Refuse no part, and a part of nothing."""
        if not self.weights or any(exact.require(weight, "weight") <= 0 for weight in self.weights):
            raise InstalmentError(f"Instalments by {self.weights} are none or nothing; give weights above zero.")


def equal(count: int, cadence: Cadence, *, remainder: Remainder = Remainder.FIRST) -> InstalmentPlan:
    """Return a plan of equal parts.

    Raises:
        InstalmentError: there is no part.
    """
    return InstalmentPlan(weights=(exact.ONE,) * count, cadence=cadence, remainder=remainder)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instalment:
    """One part, numbered from 1, and the last day on which it is paid in time."""

    number: int
    due_on: date
    derivation: Derivation

    @property
    def amount(self) -> Money:
        """Return what is to be paid."""
        return self.derivation.result


def split(total: Money, plan: InstalmentPlan, *, first_due: date) -> tuple[Instalment, ...]:
    """Return the instalments of an amount due, which sum to it.

    Args:
        total: in whole minor units, above zero.
        plan: how it is split.
        first_due: due date of the first one; the others follow at the plan's cadence.

    Raises:
        InstalmentError: the amount is not above zero, has a part of a minor unit, or gives an instalment nothing.
    """
    if total.amount <= 0 or total.rounded() != total:
        raise InstalmentError(f"{total} cannot be paid in instalments; give an amount due above zero.")
    found = tuple(
        Instalment(number=place + 1, due_on=plan.cadence.nth(first_due, place), derivation=derivation)
        for place, derivation in enumerate(_shares(total, plan))
    )
    if any(part.amount.amount <= 0 for part in found):
        raise InstalmentError(f"{total} gives some of {len(found)} instalments nothing; agree on fewer.")
    return found


def due_by(instalments: Sequence[Instalment], on: date) -> Money:
    """Return how much must have been paid once a day is over.

    Args:
        instalments: of one invoice, at least one.
        on: the day.
    """
    unit = instalments[0].amount.currency
    return sum_money((part.amount for part in instalments if part.due_on <= on), unit)


def claims(invoice: str, instalments: Sequence[Instalment], *, paid: Money) -> tuple[Claim, ...]:
    """Return what is open of each instalment, the first ones paid first, each to be settled and aged on its own.

    Args:
        invoice: names the invoice; an instalment is named by it and its number.
        instalments: of the invoice, in order.
        paid: of the invoice so far; what is more than all of them is credit.
    """
    found, left = [], paid
    for part in instalments:
        settled = min(left, part.amount)
        left -= settled
        if settled < part.amount:
            found.append(Claim(key=f"{invoice}/{part.number}", due_on=part.due_on, open=part.amount - settled))
    return tuple(found)


def _shares(total: Money, plan: InstalmentPlan) -> list[Derivation]:
    places, count = total.currency.digits, len(plan.weights)
    whole = sum(map(Fraction, plan.weights), Fraction(0))
    shares = [Share(amount=Fraction(total.amount), part=Fraction(weight), whole=whole) for weight in plan.weights]
    floors = [Money(to_places(share.apply(Fraction(0)), places, Rounding.DOWN), total.currency) for share in shares]
    found = []
    for share, floor, amount in zip(shares, floors, _amounts(total, floors, plan), strict=True):
        more = amount - floor
        spread = (Spread(amount=more.amount, pieces=count),) if more else ()
        found.append(Derivation((share, Rounded(places=places, mode=Rounding.DOWN), *spread), amount))
    return found


def _amounts(total: Money, floors: list[Money], plan: InstalmentPlan) -> Sequence[Money]:
    """Return the parts to which each is rounded down, and what is left where the plan puts it."""
    if plan.remainder is Remainder.SPREAD:
        return allocate(total, plan.weights)
    rest = total - sum_money(floors, total.currency)
    place = 0 if plan.remainder is Remainder.FIRST else len(floors) - 1
    return [floor + rest if index == place else floor for index, floor in enumerate(floors)]
