"""Budget billing: the same sum is due for every bill of a year, and the year's end settles what was really billed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from billhook.core import exact
from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.contract_steps import Averaged, Deducted
from billhook.core.derivation import Derivation, Fee, Rounded, run
from billhook.core.errors import Refusal
from billhook.core.money import Money, sum_money
from billhook.core.rounding import Rounding, to_places

_YEAR = Cadence(CadenceUnit.YEAR)


class BudgetError(Refusal):
    """A plan over no bills, a tolerance below zero, or fewer bills than the plan averages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetPlan:
    """How a customer's amounts due are levelled; invoices, tax and revenue stay what they are.

    Args:
        starts_on: from when its years count.
        bills: how many past bills make the level.
        off_percent: the level is set anew where the average differs from it by more than this.
    """

    starts_on: date
    bills: int = 12
    off_percent: Decimal = Decimal(15)

    def __post_init__(self) -> None:
        """Refuse an average over no bills, a float, and a tolerance below zero."""
        if self.bills < 1 or exact.require(self.off_percent, "tolerance") < 0:
            raise BudgetError(f"{self.bills} bills, {self.off_percent} % off, level nothing; give at least 1 and 0 %.")

    def level(self, bills: Sequence[Money]) -> Derivation:
        """Return what is due for each bill: the sum of the last bills over their number, rounded; at least zero.

        Args:
            bills: what was really billed, with tax, oldest first; at least as many as the plan averages.

        Raises:
            BudgetError: there are fewer, or they come to less than nothing.
        """
        if len(bills) < self.bills:
            raise BudgetError(f"There are {len(bills)} of {self.bills} bills; bill as used until then, or average few.")
        last = bills[-self.bills :]
        unit = last[0].currency
        total = sum_money(last, unit)
        if total.amount < 0:
            raise BudgetError(f"The last {self.bills} bills come to {total}; refund it rather than level it.")
        rounded = Rounded(places=unit.digits, mode=Rounding.HALF_UP)
        steps = (Fee(name=f"the last {self.bills} bills", amount=total.amount), Averaged(count=self.bills), rounded)
        return Derivation(steps, Money(to_places(run(steps), unit.digits), unit))

    def reset(self, level: Money, bills: Sequence[Money]) -> Derivation | None:
        """Return the new level, or None where the old one is close enough to the average.

        Raises:
            BudgetError: there are fewer bills than the plan averages.
        """
        found = self.level(bills)
        off = abs(found.result - level)
        return found if Fraction(off.amount) * 100 > Fraction(self.off_percent) * Fraction(level.amount) else None

    def settles(self, bill_date: date, *, next_bill: date) -> bool:
        """Return whether a bill is the last one of a year of the plan, so that it settles the year."""
        return _YEAR.index(self.starts_on, next_bill) > _YEAR.index(self.starts_on, bill_date)


@dataclass(frozen=True, slots=True, kw_only=True)
class Levelled:
    """What is due for a bill, and what was billed beyond all that was due so far: below zero where it is less."""

    derivation: Derivation
    deferred: Money

    @property
    def due(self) -> Money:
        """Return what is to be paid; below zero what the customer gets back."""
        return self.derivation.result


def levelled(actual: Money, *, level: Money, deferred: Money, settles: bool = False) -> Levelled:
    """Return what is due for a bill under a budget.

    Args:
        actual: what the invoice comes to, with tax.
        level: that is due for each bill.
        deferred: what earlier bills of the plan left for later.
        settles: whether it is the bill that settles the year.

    Raises:
        BudgetError: the level is below zero.
    """
    if level.amount < 0:
        raise BudgetError(f"A level of {level} pays the customer; give at least 0.")
    owed = actual + deferred
    if not settles:
        name = Fee(name="the budgeted", amount=level.amount)
        return Levelled(derivation=Derivation((name,), level), deferred=owed - level)
    billed = Fee(name="the bill of", amount=actual.amount)
    before = (Deducted(name="what was paid ahead", amount=-deferred.amount),) if deferred.amount < 0 else ()
    after = (Fee(name="what was deferred", amount=deferred.amount),) if deferred.amount > 0 else ()
    return Levelled(derivation=Derivation((billed, *before, *after), owed), deferred=Money.zero(owed.currency))
