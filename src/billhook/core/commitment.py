"""Commitments: the least that a plan comes to in each of its periods, whatever was used."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billhook.core import exact
from billhook.core.cadence import Cadence
from billhook.core.derivation import AtLeast, AtMost, Derivation, Fee, Less, Prorated, Rounded, Step, run
from billhook.core.errors import Refusal
from billhook.core.money import Money
from billhook.core.period import Period
from billhook.core.proration import Basis, Proportion, prorate
from billhook.core.rounding import Rounding, to_places


class CommitmentError(Refusal):
    """A minimum, maximum or commitment that binds nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedFee:
    """What an earlier bill charged for a period, which counts towards its commitment."""

    period: Period
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """What some order lines come to at least in each period, before coupons and tax; the rest is a true-up line.

    Args:
        key: names the commitment.
        description: what the invoice says of the true-up.
        amount: for a whole period.
        cadence: how long a period is.
        anchor: from which the periods count.
        active_from: first day.
        active_until: day after the last, None without end; a partial period is prorated.
        order_lines: whose lines count; none named, all of them.
        trued_up_through: day up to which, not including, it was settled.
        counted: what earlier bills charged for periods that are settled now, such as fees in advance.
        basis: how a partial period is prorated.
        tax_category: of the true-up, that of its price.
    """

    key: str
    description: str
    amount: Money
    cadence: Cadence
    anchor: date
    active_from: date
    active_until: date | None = None
    order_lines: tuple[str, ...] = ()
    trued_up_through: date | None = None
    counted: tuple[CountedFee, ...] = ()
    basis: Basis = Basis.DAYS
    tax_category: str = "standard"
    product: str = ""
    revenue_account: str = "revenue"

    def __post_init__(self) -> None:
        """Refuse an amount that commits to nothing, and an end before the start."""
        if self.amount.amount <= 0:
            raise CommitmentError(f"{self.key} commits to {self.amount}; give an amount above zero.")
        if self.active_until is not None and self.active_until < self.active_from:
            raise CommitmentError(f"{self.key} ends on {self.active_until}, before {self.active_from}; swap the dates.")

    def covers(self, order_line: str) -> bool:
        """Return whether the lines of an order line count towards it."""
        return not self.order_lines or order_line in self.order_lines

    def due(self, as_of: date) -> tuple[tuple[Period, Proportion], ...]:
        """Return the periods that have ended and are not settled, each with the part of a whole one that it is."""
        start = max(self.active_from, self.trued_up_through or self.active_from)
        found = []
        for whole in self.cadence.periods(self.anchor, start, as_of):
            period = whole.clip(start, self.active_until)
            if period is not None and period.end <= as_of:
                found.append((period, prorate(period, cycle=whole, basis=self.basis)))
        return tuple(found)


def true_up(minimum: Money, part: Proportion, fees: Money) -> Derivation:
    """Return what is missing to a minimum in a period, zero where nothing is.

    Args:
        minimum: for a whole period.
        part: of a whole period.
        fees: charged for the period, rounded, before discounts and tax.
    """
    return _derived(minimum, part, fees, "the minimum", AtLeast(amount=exact.ZERO))


def reduction(maximum: Money, part: Proportion, fees: Money) -> Derivation:
    """Return what fees of a period are above a maximum, as an amount below zero; zero where they are not."""
    return _derived(maximum, part, fees, "the maximum", AtMost(amount=exact.ZERO))


def _derived(bound: Money, part: Proportion, fees: Money, name: str, side: Step) -> Derivation:
    prorated = () if part.is_whole else (Prorated(used=part.used, whole=part.whole, basis=part.basis),)
    places = bound.currency.digits
    steps = (
        Fee(name=name, amount=bound.amount),
        *prorated,
        Rounded(places=places, mode=Rounding.HALF_UP),
        Less(amount=_same_currency(fees, bound)),
        side,
    )
    return Derivation(steps, Money(to_places(run(steps), places), bound.currency))


def _same_currency(fees: Money, bound: Money) -> Decimal:
    return (Money.zero(bound.currency) + fees).amount
