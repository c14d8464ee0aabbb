"""Commission: what an agent earns on invoices, what a referrer earns on that, and when both are paid out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import groupby, pairwise

from billhook.core import exact
from billhook.core.cadence import Cadence
from billhook.core.contract_steps import Deducted, PaidShare
from billhook.core.derivation import Derivation, Percent, Rounded, Step, run
from billhook.core.errors import Refusal
from billhook.core.money import Money, sum_money
from billhook.core.rounding import Rounding, to_places


class CommissionError(Refusal):
    """A percentage below zero, exceptions for the same days, or more paid than the invoice comes to."""


class AgentKind(StrEnum):
    """Which of a product's percentages an agent earns."""

    STANDARD = "standard"
    MASTER = "master"
    """The master percentage of a product where it has one, else the standard one."""


class EarnedOn(StrEnum):
    """When a commission is earned."""

    PAYMENT = "payment"
    """As the customer pays, in the paid share of the invoice: the default."""
    INVOICE = "invoice"
    """In full once the invoice is issued."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedPercent:
    """A percentage that an agent earns for a time.

    Args:
        percent: at least zero.
        valid_from: the first day.
        valid_until: the first day without it; None without end.
    """

    percent: Decimal
    valid_from: date
    valid_until: date | None = None

    def __post_init__(self) -> None:
        """Refuse a float, a percentage below zero, and a time without days."""
        _require_percent(self.percent)
        if self.valid_until is not None and self.valid_until <= self.valid_from:
            raise CommissionError(
                f"{self.percent} % from {self.valid_from} to before {self.valid_until} is never earned; swap the dates."
            )

    def holds(self, on: date) -> bool:
        """Return whether it is earned on a day."""
        return self.valid_from <= on and (self.valid_until is None or on < self.valid_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommissionRates:
    """What an agent may earn on a product: a dated exception before the master percentage before the standard one.

    Args:
        standard: percentage of every agent.
        master: percentage of master agents; None where the product has none.
        exceptions: of this agent for this product, each for days of its own.
    """

    standard: Decimal
    master: Decimal | None = None
    exceptions: tuple[DatedPercent, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a float, a percentage below zero, and exceptions that share a day."""
        for percent in (self.standard, self.master):
            _require_percent(exact.ZERO if percent is None else percent)
        for earlier, later in pairwise(sorted(self.exceptions, key=lambda item: item.valid_from)):
            if earlier.holds(later.valid_from):
                raise CommissionError(f"Two exceptions hold on {later.valid_from}; end the first one by that day.")

    def percent(self, kind: AgentKind, on: date) -> Decimal:
        """Return the percentage that an agent of a kind earns on a day, such as the invoice's date."""
        dated = next((item.percent for item in self.exceptions if item.holds(on)), None)
        if dated is not None:
            return dated
        return self.master if kind is AgentKind.MASTER and self.master is not None else self.standard


@dataclass(frozen=True, slots=True)
class CommissionedLine:
    """A line of an invoice, before tax and with its discounts, and the percentage that the agent earns on it."""

    amount: Money
    percent: Decimal

    def __post_init__(self) -> None:
        """Refuse a float and a percentage below zero."""
        _require_percent(self.percent)


def commission(
    lines: Sequence[CommissionedLine],
    *,
    total: Money,
    paid: Money,
    earned: Money | None = None,
    earned_on: EarnedOn = EarnedOn.PAYMENT,
) -> Derivation:
    """Return what an agent earns on an invoice now, with its steps; below zero where a payment was taken back.

    The commission on all that is paid so far is rounded once, and what was earned before is taken off, so that the
    commissions on the payments of an invoice sum to the commission on the whole.

    Args:
        lines: on which the agent earns.
        total: of the invoice, with tax; below zero for a credit note. One of nothing counts as paid.
        paid: of the total so far, less what was refunded.
        earned: on this invoice before; None for nothing.
        earned_on: whether the commission waits for payment.

    Raises:
        CommissionError: what is paid has another sign than the total, or is more.
        MixedCurrenciesError: the amounts are in several currencies.
    """
    _require_within(total, paid)
    gross = [
        Percent(percent=percent, base=Fraction(sum_money((line.amount for line in found), total.currency).amount))
        for percent, found in groupby(sorted(lines, key=lambda line: line.percent), key=lambda line: line.percent)
    ]
    waits = earned_on is EarnedOn.PAYMENT and total.amount != 0
    share = (PaidShare(paid=paid.amount, total=total.amount),) if waits else ()
    return _earned((*gross, *share), earned or Money.zero(total.currency), total)


def referral(percent: Decimal, agents: Money, *, earned: Money | None = None) -> Derivation:
    """Return what a referrer earns now, with its steps: a percentage of what the referred agent earned.

    Args:
        percent: of the referral, at least zero.
        agents: what the agent earned so far, in all.
        earned: by the referrer on this before; None for nothing.

    Raises:
        CommissionError: the percentage is below zero.
        MixedCurrenciesError: the amounts are in two currencies.
    """
    _require_percent(percent)
    return _earned(
        (Percent(percent=percent, base=Fraction(agents.amount)),), earned or Money.zero(agents.currency), agents
    )


def _earned(steps: tuple[Step, ...], before: Money, whole: Money) -> Derivation:
    """Return steps rounded to the currency of a whole, less what was earned before."""
    unit = (whole - before).currency
    taken = (Deducted(name="what was earned before", amount=before.amount),) if before else ()
    found = (*steps, Rounded(places=unit.digits, mode=Rounding.HALF_UP), *taken)
    return Derivation(found, Money(to_places(run(found), unit.digits), unit))


@dataclass(frozen=True, slots=True)
class Earning:
    """What an agent earned on a day, and was not paid yet."""

    on: date
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutTerms:
    """When an agent is paid: on each date of a cadence, for the days before it.

    Args:
        cadence: how often.
        first_on: the first payout; later ones are counted from it.
        minimums: by currency, the least that is paid out; what is less waits for the next payout.
    """

    cadence: Cadence
    first_on: date
    minimums: tuple[Money, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a minimum below zero, and two in one currency."""
        if any(least.amount < 0 for least in self.minimums):
            raise CommissionError("A minimum payout is below zero; give at least 0.")
        if len({least.currency for least in self.minimums}) < len(self.minimums):
            raise CommissionError("A currency has two minimum payouts; keep one of them.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """What an agent is paid by currency, what waits, and the day of the next payout."""

    paid: tuple[Money, ...]
    waiting: tuple[Money, ...]
    next_on: date


def payout(terms: PayoutTerms, earnings: Iterable[Earning], on: date) -> Payout:
    """Return what an agent is paid on a day: all that was earned before the last payout date; nothing before the first.

    Args:
        terms: of the agent.
        earnings: that were not paid yet, in any currencies; those below zero are set off.
        on: the day; where payout dates were missed, their earnings are paid together.
    """
    if on < terms.first_on:
        return Payout(paid=(), waiting=_by_currency(earnings), next_on=terms.first_on)
    period = terms.cadence.containing(terms.first_on, on)
    known = list(earnings)
    least = {amount.currency: amount.amount for amount in terms.minimums}
    ready = _by_currency(item for item in known if item.on < period.start)
    paid = tuple(found for found in ready if found.amount > 0 and found.amount >= least.get(found.currency, exact.ZERO))
    unpaid = [Earning(on, -amount) for amount in paid]
    return Payout(paid=paid, waiting=_by_currency([*known, *unpaid]), next_on=period.end)


def _by_currency(earnings: Iterable[Earning]) -> tuple[Money, ...]:
    """Return the sums above or below zero of earnings, one a currency, by its code."""
    known = list(earnings)
    units = sorted({item.amount.currency for item in known}, key=str)
    sums = (sum_money((item.amount for item in known if item.amount.currency == unit), unit) for unit in units)
    return tuple(found for found in sums if found)


def _require_percent(percent: Decimal) -> None:
    if exact.require(percent, "percentage") < 0:
        raise CommissionError(f"A commission of {percent} % is below zero; give at least 0.")


def _require_within(total: Money, paid: Money) -> None:
    left = Fraction((total - paid).amount)
    sound = 0 <= left / Fraction(total.amount) <= 1 if total else not paid
    if not sound:
        raise CommissionError(
            f"{paid} of {total} is no share of the invoice; pass what is paid of it, without what is customer credit."
        )
