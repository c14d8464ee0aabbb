"""Deposits and advances: what a customer pays beforehand; a deposit is owed back, an advance pays the final invoice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from billhook.core import exact
from billhook.core.contract_steps import Deducted
from billhook.core.derivation import Derivation, Fee, Interest, Rounded, Step, run
from billhook.core.errors import Refusal
from billhook.core.money import Money, sum_money
from billhook.core.period import Period
from billhook.core.rounding import Rounding, to_places


class DepositError(Refusal):
    """A deposit that falls below zero, a rate below zero or twice, or an advance of nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """What came into a deposit on a day, or left it where it is below zero."""

    on: date
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """Money that is the customer's and secures what is owed: a liability, on which there is no tax.

    Args:
        key: names the deposit.
        movements: in any order, at least the payment.
    """

    key: str
    movements: tuple[Movement, ...]

    def __post_init__(self) -> None:
        """Refuse a deposit without payment, and one that falls below zero; put the movements in order."""
        if not self.movements:
            raise DepositError(f"{self.key} was never paid; pass its payment.")
        ordered = tuple(sorted(self.movements, key=lambda item: item.on))
        object.__setattr__(self, "movements", ordered)
        for item in ordered:
            if self.balance(item.on).amount < 0:
                raise DepositError(f"{self.key} falls to {self.balance(item.on)} on {item.on}; take out less.")

    def balance(self, on: date) -> Money:
        """Return what is held at the end of a day."""
        unit = self.movements[0].amount.currency
        return sum_money((item.amount for item in self.movements if item.on <= on), unit)

    def after(self, on: date, amount: Money) -> "Deposit":
        """Return the deposit with one more movement.

        Raises:
            DepositError: it falls below zero.
        """
        return Deposit(key=self.key, movements=(*self.movements, Movement(on=on, amount=amount)))


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositRate:
    """The interest that deposits bear from a day on, a year."""

    valid_from: date
    annual_percent: Decimal

    def __post_init__(self) -> None:
        """Refuse a float and a rate below zero."""
        if exact.require(self.annual_percent, "deposit rate") < 0:
            raise DepositError(f"A deposit rate of {self.annual_percent} % is below zero; give at least 0.")


def interest(deposit: Deposit, period: Period, rates: Sequence[DepositRate]) -> Derivation:
    """Return the simple interest of a deposit for some days, rounded once: money bears from the day it is held.

    Interest is not added to what bears interest; the day on which money leaves bears none.

    Args:
        deposit: with its movements.
        period: such as a year, or up to the day of the refund.
        rates: dated; before the first one there is no interest.

    Raises:
        DepositError: two rates hold from one day.
    """
    ordered = sorted(rates, key=lambda rate: rate.valid_from)
    for earlier, later in pairwise(ordered):
        if earlier.valid_from == later.valid_from:
            raise DepositError(f"Two deposit rates hold from {later.valid_from}; keep one of them.")
    unit = deposit.movements[0].amount.currency
    steps = (*_steps(deposit, period, ordered), Rounded(places=unit.digits, mode=Rounding.HALF_UP))
    return Derivation(steps, Money(to_places(run(steps), unit.digits), unit))


def _steps(deposit: Deposit, period: Period, rates: Sequence[DepositRate]) -> Iterable[Step]:
    """Yield the interest of each stretch of days with one balance and one rate."""
    cuts = [*(item.on for item in deposit.movements), *(rate.valid_from for rate in rates)]
    for days in period.split(*cuts):
        balance = deposit.balance(days.start)
        percent = [rate.annual_percent for rate in rates if rate.valid_from <= days.start][-1:]
        if balance and percent and days.days:
            yield Interest(balance=balance.amount, annual_percent=percent[0], days=days.days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """What was paid on an invoice before it was issued, tax included."""

    document: str
    amount: Money

    def __post_init__(self) -> None:
        """Refuse an advance that is not above zero."""
        if self.amount.amount <= 0:
            raise DepositError(f"{self.document} advances {self.amount}; give an amount above zero.")


def after_advances(total: Money, advances: Sequence[Advance]) -> Derivation:
    """Return what is due of an invoice after its advances (BT-115); below zero it is the customer's.

    Advances touch neither net nor tax, whatever the total is.

    Args:
        total: of the invoice, with tax.
        advances: each document once.

    Raises:
        DepositError: an advance is deducted twice.
        MixedCurrenciesError: one is in another currency.
    """
    if len({item.document for item in advances}) < len(advances):
        raise DepositError("An advance is deducted twice; pass each document once.")
    due = total - sum_money((item.amount for item in advances), total.currency)
    taken = [Deducted(name=f"the advance {item.document} of", amount=item.amount.amount) for item in advances]
    return Derivation((Fee(name="the total", amount=total.amount), *taken), due)
