"""Minimum invoices: bills too small to send wait for the next one, but not for ever."""

from dataclasses import dataclass
from enum import StrEnum

from billhook.core.errors import Refusal
from billhook.core.money import Money


class MinimumInvoiceError(Refusal):
    """A minimum that is none, or cycles below zero."""


class Decision(StrEnum):
    """What becomes of a bill, and why."""

    ENOUGH = "enough"
    """It is issued: it comes to the minimum."""
    FINAL = "final"
    """It is issued, whatever it comes to: none follows that its lines could wait for."""
    WAITED = "waited"
    """It is issued, whatever it comes to: its lines have waited as long as they may."""
    WAIT = "wait"
    """Its lines wait for the next bill."""

    @property
    def issues(self) -> bool:
        """Return whether the bill is issued now."""
        return self is not Decision.WAIT


@dataclass(frozen=True, slots=True, kw_only=True)
class MinimumInvoice:
    """What a bill must come to, and for how many cycles its lines wait at most; None until the final bill."""

    amount: Money
    cycles: int | None = None

    def __post_init__(self) -> None:
        """Refuse a minimum that is not above zero, and cycles below zero."""
        if self.amount.amount <= 0 or (self.cycles is not None and self.cycles < 0):
            raise MinimumInvoiceError(f"{self.amount}, {self.cycles} cycles: give above zero, and at least 0 cycles.")

    def decide(self, total: Money, *, waited: int, is_final: bool = False) -> Decision:
        """Return whether a bill is issued, or its lines wait.

        Args:
            total: with tax, before credit pays any of it; below zero its size counts.
            waited: for how many bills the oldest of its lines have waited.
            is_final: whether it is the customer's last bill.

        Raises:
            MinimumInvoiceError: they waited for fewer bills than none.
        """
        if waited < 0:
            raise MinimumInvoiceError(f"Lines have waited for {waited} bills; give at least 0.")
        if abs(total) >= self.amount:
            return Decision.ENOUGH
        if is_final:
            return Decision.FINAL
        return Decision.WAITED if self.cycles is not None and waited >= self.cycles else Decision.WAIT
