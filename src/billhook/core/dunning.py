"""Dunning: conditions of its steps (days, number of invoices, balance, or several), and requests by balance."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from billhook.core.ageing import Receivable, days_since_due, is_overdue
from billhook.core.calendar import BusinessCalendar
from billhook.core.errors import Refusal
from billhook.core.money import Currency, Money, sum_money


class DunningError(Refusal):
    """A condition that nothing meets, or everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """What is overdue of a customer: since how many days the oldest, how many invoices, and how much by currency."""

    days: int
    invoices: int
    balances: tuple[Money, ...]


def overdue(
    receivables: Iterable[Receivable],
    on: date,
    *,
    ignored: Sequence[Money] = (),
    calendar: BusinessCalendar | None = None,
) -> Overdue:
    """Return what is overdue on a day.

    Args:
        receivables: what is open of a customer.
        on: the day.
        ignored: by currency, the balance below which an invoice does not count.
        calendar: given, only its business days count.
    """
    least = {amount.currency: amount for amount in ignored}
    late = [item for item in receivables if is_overdue(item.due_on, on) and item.open.amount > 0]
    late = [item for item in late if item.open.currency not in least or item.open >= least[item.open.currency]]
    currencies = sorted({item.open.currency for item in late}, key=str)
    balances = [sum_money((item.open for item in late if item.open.currency == unit), unit) for unit in currencies]
    days = max((days_since_due(item.due_on, on, calendar) for item in late), default=0)
    return Overdue(days=days, invoices=len(late), balances=tuple(balances))


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """When a dunning step is reached: everything that it names holds; a balance in any of its currencies suffices."""

    days: int | None = None
    invoices: int | None = None
    balances: tuple[Money, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a condition that names nothing, or figures below zero."""
        figures = [figure for figure in (self.days, self.invoices) if figure is not None]
        if not figures and not self.balances:
            raise DunningError("The condition names nothing; give days, a number of invoices, or a balance.")
        if any(figure < 0 for figure in figures) or any(amount.amount <= 0 for amount in self.balances):
            raise DunningError(f"The condition {self} holds for everyone; give figures above zero.")

    def holds(self, found: Overdue) -> bool:
        """Return whether what is overdue meets the condition."""
        if not found.invoices:
            return False
        in_days = self.days is None or found.days >= self.days
        in_number = self.invoices is None or found.invoices >= self.invoices
        return in_days and in_number and self._balance_holds(found)

    def _balance_holds(self, found: Overdue) -> bool:
        least = {amount.currency: amount for amount in self.balances}
        return not least or any(
            amount.currency in least and amount >= least[amount.currency] for amount in found.balances
        )


def highest(conditions: Sequence[Condition], found: Overdue) -> int:
    """Return the position of the last condition that holds, from 1; 0 where none does."""
    return max((place for place, condition in enumerate(conditions, start=1) if condition.holds(found)), default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPolicy:
    """Asks for all that is overdue at once, once it is enough, again and again: an option beside steps by days.

    Args:
        thresholds: by currency, the overdue balance from which it is asked for; in others nothing is asked for.
        days_between: whole days without a request between two rounds: with 2, a round on the 7th precedes the 10th.
        most: requests for each currency.
    """

    thresholds: tuple[Money, ...]
    days_between: int
    most: int

    def __post_init__(self) -> None:
        """Refuse thresholds that everyone reaches, two in one currency, days below zero, and no requests."""
        if not self.thresholds or any(least.amount <= 0 for least in self.thresholds):
            raise DunningError("Requests need thresholds above zero; give one for each currency.")
        if len({least.currency for least in self.thresholds}) < len(self.thresholds):
            raise DunningError("A currency has two thresholds; keep one of them.")
        if self.days_between < 0 or self.most < 1:
            raise DunningError(
                f"{self.most} requests with {self.days_between} days between are none; give at least 1 and 0 days."
            )

    def reached(self, balance: Money) -> bool:
        """Return whether an overdue balance is enough to ask for it."""
        return any(least.currency == balance.currency and balance >= least for least in self.thresholds)


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """What a customer is asked for in one currency, and how often it was asked, this time included."""

    amount: Money
    number: int


def requests(
    policy: RequestPolicy, found: Overdue, on: date, *, made: Mapping[Currency, int], last_on: date | None
) -> tuple[PaymentRequest, ...]:
    """Return the requests of a day, one a currency; none while the last round of any currency is too recent.

    Args:
        policy: of the company.
        found: what is overdue of the customer on that day.
        on: the day.
        made: by currency, the requests made so far; they count anew once nothing is overdue.
        last_on: the day of the last round; None before the first.
    """
    if last_on is not None and (on - last_on).days <= policy.days_between:
        return ()
    return tuple(
        PaymentRequest(balance, made.get(balance.currency, 0) + 1)
        for balance in found.balances
        if policy.reached(balance) and made.get(balance.currency, 0) < policy.most
    )
