"""What was billed: the parts of a line that stand on earlier invoices, and the credit for days that are not used."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from billhook.core.billing_steps import NoMoreThan, Unused
from billhook.core.derivation import Derivation, Rounded, Step, run
from billhook.core.errors import Refusal
from billhook.core.money import Money, sum_money
from billhook.core.period import Period
from billhook.core.proration import Basis, Proportion, prorate
from billhook.core.rounding import Rounding, to_places


class BilledPartError(Refusal):
    """A part that was billed contradicts the credits that were given for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditedPart:
    """Days of a billed part that an earlier document gave back, and how much for them; at least zero."""

    period: Period
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledPart:
    """What one line of an earlier invoice billed for a service period.

    Args:
        period: the days that were billed.
        amount: what they cost, as rounded on the invoice, less its discounts.
        credited: what was given back of it, in any order.
        document: the invoice, which a credit names.
        tax_day: whose tax rate the invoice used; None for the last day of the period.
    """

    period: Period
    amount: Money
    credited: tuple[CreditedPart, ...] = ()
    document: str = ""
    tax_day: date | None = None

    def __post_init__(self) -> None:
        """Refuse a part below zero or without days, and credits for other days or for more than was billed."""
        if self.period.is_empty or self.amount.amount < 0:
            raise BilledPartError(
                f"{self.amount} for {self.period} was not billed; pass parts of at least a day and 0."
            )
        for item in self.credited:
            if item.amount.amount < 0 or not self.period.covers(item.period):
                raise BilledPartError(f"{item.amount} was credited for {item.period}, outside {self.period}; mend it.")
        if self.left.amount < 0:
            raise BilledPartError(f"More was credited than the {self.amount} billed for {self.period}; mend the parts.")

    @property
    def left(self) -> Money:
        """Return how much of it no credit has given back yet."""
        return self.amount - sum_money((item.amount for item in self.credited), self.amount.currency)

    def unused(self, active: Sequence[Period]) -> tuple[Period, ...]:
        """Return its days that are not active, without those that were credited."""
        return self.period.subtract([*active, *(item.period for item in self.credited)])


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenBack:
    """Which share of a billed part a credit gives back.

    Args:
        period: the days that were billed.
        billed: what they cost.
        before: how much of it earlier credits gave back; at least zero.
        after: how much with this one; all that was billed where no day is left to be credited.
    """

    period: Period
    billed: Money
    before: Money
    after: Money


@dataclass(frozen=True, slots=True)
class Credit:
    """What is given back for unused days of a billed part: an amount below zero, why, and which share it is."""

    part: BilledPart
    period: Period
    derivation: Derivation
    share: GivenBack

    @property
    def amount(self) -> Money:
        """Return the amount, below zero."""
        return self.derivation.result


def credits_for(
    part: BilledPart, active: Sequence[Period], *, basis: Basis = Basis.DAYS, zone: str = "UTC"
) -> tuple[Credit, ...]:
    """Return the credits for the days of a billed part that are not active any more; all together at most what is left.

    Each is own amount times unused over own length, on the basis of the price, rounded once; the used part is the
    rest. A price that is not prorated gives back a part only as a whole.

    Args:
        part: what was billed.
        active: the days that stay billed.
        basis: how the price is prorated.
        zone: whose days have how many seconds.
    """
    left, found = part.left, []
    days_left = sum(days.days for days in part.unused(()))
    for days in part.unused(active):
        share = _share(part, days, basis, zone)
        if share is None or not left:
            continue
        derivation = _derivation(part.amount, share, left)
        before = part.amount - left
        left += derivation.result
        days_left -= days.days
        after = part.amount - left if days_left else part.amount
        given = GivenBack(period=part.period, billed=part.amount, before=before, after=after)
        found.append(Credit(part, days, derivation, given))
    return tuple(found)


def _share(part: BilledPart, days: Period, basis: Basis, zone: str) -> Proportion | None:
    if basis is Basis.NONE and days != part.period:
        return None
    return prorate(days, cycle=part.period, basis=basis, zone=zone)


def _derivation(amount: Money, share: Proportion, left: Money) -> Derivation:
    places = amount.currency.digits
    steps: tuple[Step, ...] = (
        Unused(amount=amount.amount, unused=share.used, whole=share.whole, basis=share.basis),
        Rounded(places=places, mode=Rounding.HALF_UP),
    )
    if run(steps) < -Fraction(left.amount):
        steps = (*steps, NoMoreThan(left=left.amount))
    return Derivation(steps, Money(to_places(run(steps), places), amount.currency))
