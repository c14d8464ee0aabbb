"""Spending: thresholds that issue an invoice at once or raise an alert, and what the period's invoice takes off."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from billhook.core.errors import Refusal
from billhook.core.money import Money


class ThresholdError(Refusal):
    """Thresholds that do not rise, or one of nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Sums of spending at which something happens: fixed ones, then one again and again by a step."""

    fixed: tuple[Fraction, ...]
    recurring: Fraction | None = None

    def __post_init__(self) -> None:
        """Refuse thresholds that do not rise from above zero."""
        rising = all(low < high for low, high in zip((Fraction(0), *self.fixed), self.fixed, strict=False))
        if not rising or (self.recurring is not None and self.recurring <= 0):
            raise ThresholdError(f"The thresholds {self.fixed} do not rise from above zero; give such as 100, 200.")

    def reached(self, spent: Fraction) -> tuple[Fraction, ...]:
        """Return every threshold that a sum has reached, lowest first."""
        found = [bound for bound in self.fixed if bound <= spent]
        step, bound = self.recurring, self.fixed[-1] if self.fixed else Fraction(0)
        if step is not None and len(found) == len(self.fixed):
            found.extend(bound + step * n for n in range(1, int((spent - bound) // step) + 1))
        return tuple(found)

    def crossed(self, before: Fraction, spent: Fraction) -> tuple[Fraction, ...]:
        """Return the thresholds that were not reached before and are now, lowest first."""
        old = set(self.reached(before))
        return tuple(bound for bound in self.reached(spent) if bound not in old)

    def completion(self, spent: Fraction) -> tuple[tuple[Fraction, Fraction], ...]:
        """Return each threshold up to the next one that is not reached, and how far the spending is within it."""
        reached = self.reached(spent)
        bounds = list(self.fixed)
        if self.recurring is not None and len(reached) >= len(self.fixed):
            above = max(len(reached) - len(self.fixed), 0)
            last = self.fixed[-1] if self.fixed else Fraction(0)
            bounds += [last + self.recurring * n for n in range(1, above + 2)]
        pairs = zip([Fraction(0), *bounds], bounds, strict=False)
        return tuple((high, min(max((spent - low) / (high - low), Fraction(0)), Fraction(1))) for low, high in pairs)


def progressive(spent: Sequence[Money], thresholds: Sequence[Money]) -> tuple[Money, ...]:
    """Return what is invoiced at once each time that spending has reached a threshold: all so far, less the invoiced.

    Args:
        spent: the sum of the period after each event, in order.
        thresholds: rising.
    """
    invoiced: list[Money] = []
    passed = 0
    for total in spent:
        reached = sum(bound <= total for bound in thresholds)
        if reached > passed:
            already = sum((amount.amount for amount in invoiced), total.amount * 0)
            invoiced.append(Money(total.amount - already, total.currency))
            passed = reached
    return tuple(invoiced)
