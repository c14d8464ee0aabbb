"""Dunning conditions: days overdue, number of overdue invoices, overdue balance, or several together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from billhook.core.ageing import Receivable, days_since_due, is_overdue
from billhook.core.calendar import BusinessCalendar
from billhook.core.errors import Refusal
from billhook.core.money import Money, sum_money


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
