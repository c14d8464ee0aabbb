"""Write-off: small balances that are given up once they are old enough to cost more than they bring."""

from dataclasses import dataclass
from datetime import date

from billhook.core.ageing import days_since_due
from billhook.core.errors import Refusal
from billhook.core.money import Money


class WriteOffError(Refusal):
    """A limit of nothing, two limits in one currency, or days below zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOffPolicy:
    """Which balances are given up.

    Args:
        limits: one a currency; what is open on an invoice must be less. Without one, nothing is given up in it.
        after_days: since the due date.
    """

    limits: tuple[Money, ...]
    after_days: int

    def __post_init__(self) -> None:
        """Refuse limits that are not above zero or two in one currency, and days below zero."""
        if self.after_days < 0:
            raise WriteOffError(f"A balance is not given up {self.after_days} days after it is due; give at least 0.")
        for limit in self.limits:
            if limit.amount <= 0:
                raise WriteOffError(f"No balance is under {limit}; give a limit above zero.")
        if len({limit.currency for limit in self.limits}) < len(self.limits):
            raise WriteOffError("A currency has two write-off limits; keep one of them.")

    def gives_up(self, balance: Money, *, due_on: date, on: date) -> bool:
        """Return whether what is open on an invoice is given up on a day; what is owed to a customer never is."""
        limit = next((limit for limit in self.limits if limit.currency == balance.currency), None)
        if limit is None or days_since_due(due_on, on) < self.after_days:
            return False
        return 0 < balance.amount < limit.amount
