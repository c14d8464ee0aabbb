"""Penalties: what being late costs: a fee, a percentage, or interest by the day; never on penalties."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar

from billhook.core import exact
from billhook.core.derivation import AtLeast, AtMost, Derivation, Fee, Interest, Less, Percent, Rounded, Step, run
from billhook.core.errors import Refusal
from billhook.core.money import MixedCurrenciesError, Money
from billhook.core.rounding import Rounding, to_places


class PenaltyError(Refusal):
    """A penalty below zero, or more penalties than the balance holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatPenalty:
    """A fee."""

    tag: ClassVar[str] = "flat"
    amount: Money

    def __post_init__(self) -> None:
        """Refuse a fee below zero."""
        if self.amount.amount < 0:
            raise PenaltyError(f"A penalty of {self.amount} is below zero; give at least 0.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentPenalty:
    """A percentage of the overdue balance."""

    tag: ClassVar[str] = "percent"
    percent: Decimal

    def __post_init__(self) -> None:
        """Refuse a float and a percentage below zero."""
        _require_rate(self.percent)


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestPenalty:
    """Simple interest by the day from the day after due: balance times rate times days over 365."""

    tag: ClassVar[str] = "interest"
    annual_percent: Decimal

    def __post_init__(self) -> None:
        """Refuse a float and a rate below zero."""
        _require_rate(self.annual_percent)


Penalty = FlatPenalty | PercentPenalty | InterestPenalty


@dataclass(frozen=True, slots=True)
class PenaltyCharge:
    """What is charged now, and why; zero where nothing is."""

    amount: Money
    derivation: Derivation


def assess(
    penalty: Penalty, *, balance: Money, penalties: Money, days: int, charged: Money, cap: Money | None = None
) -> PenaltyCharge:
    """Return the penalty on an overdue balance, rounded once to its currency.

    Args:
        penalty: a fee, a percentage, or interest.
        balance: open and overdue.
        penalties: the part of the balance that is penalties, on which none is charged.
        days: since the due date; below 1 nothing is late yet.
        charged: by this penalty for this balance before; interest and percentage are charged on top of it, up to
            the cap, never twice. A fee is charged each time.
        cap: the most that this penalty may come to in all.

    Raises:
        PenaltyError: the penalties are more than the balance.
        MixedCurrenciesError: the amounts are in several currencies.
    """
    base = balance - penalties
    if base.amount < 0:
        raise PenaltyError(f"{penalties} of penalties lie in a balance of {balance}; pass those that are open.")
    _require_same_currency(penalty, base, charged, cap)
    steps = _steps(penalty, base, days, charged.amount, cap) if days > 0 and base else ()
    amount = Money(to_places(run(steps), base.currency.digits), base.currency)
    return PenaltyCharge(amount, Derivation(steps, amount))


def _steps(penalty: Penalty, base: Money, days: int, charged: Decimal, cap: Money | None) -> tuple[Step, ...]:
    """Return the steps to what is charged now: all that is due, up to the cap, less what was charged before."""
    before = (Fee(name="charged before", amount=charged),) if charged and isinstance(penalty, FlatPenalty) else ()
    return (
        *before,
        _step(penalty, base.amount, days),
        *((AtMost(amount=cap.amount),) if cap is not None else ()),
        Rounded(places=base.currency.digits, mode=Rounding.HALF_UP),
        *((Less(amount=charged), AtLeast(amount=exact.ZERO)) if charged else ()),
    )


def _step(penalty: Penalty, base: Decimal, days: int) -> Step:
    if isinstance(penalty, FlatPenalty):
        return Fee(name="a late fee of", amount=penalty.amount.amount)
    if isinstance(penalty, PercentPenalty):
        return Percent(percent=penalty.percent, base=Fraction(base))
    return Interest(balance=base, annual_percent=penalty.annual_percent, days=days)


def _require_same_currency(penalty: Penalty, base: Money, charged: Money, cap: Money | None) -> None:
    fee = penalty.amount if isinstance(penalty, FlatPenalty) else None
    for amount in (charged, cap, fee):
        if amount is not None and amount.currency != base.currency:
            raise MixedCurrenciesError(f"{amount} is not in the currency of the balance {base}; charge it in that one.")


def _require_rate(percent: Decimal) -> None:
    if exact.require(percent, "percentage") < 0:
        raise PenaltyError(f"A penalty of {percent} % is below zero; give at least 0.")
