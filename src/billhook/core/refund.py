"""Refunds: which part of a payment is paid back, and which invoices it opens again."""

from collections.abc import Sequence
from dataclasses import dataclass

from billhook.core.errors import Refusal
from billhook.core.money import Money, sum_money
from billhook.core.settlement import Allocation


class RefundError(Refusal):
    """A refund of nothing, or of more than was paid."""


@dataclass(frozen=True, slots=True)
class Refund:
    """What a refund takes of the unallocated part of a payment, and the allocations that it undoes, in order."""

    unallocated: Money
    undone: tuple[Allocation, ...]


def refund(
    amount: Money, *, paid: Money, allocations: Sequence[Allocation], chosen: Sequence[str] | None = None
) -> Refund:
    """Return what a refund undoes: the unallocated part first, then allocations, newest first.

    Args:
        amount: that is paid back, above zero.
        paid: the payment, less what was refunded before.
        allocations: of the payment that still stand, oldest first.
        chosen: keys of the allocations that are undone first, before the unallocated part; such as the invoice that
            the refund is for.

    Raises:
        RefundError: it pays back nothing, or more than was paid.
    """
    allocated = sum_money((item.amount for item in allocations), paid.currency)
    if amount.amount <= 0 or amount > paid or allocated > paid:
        raise RefundError(f"{amount} cannot be refunded of {paid}; give an amount above zero, at most what was paid.")
    undone, left = _undo(amount, [item for item in allocations if item.key in (chosen or ())])
    unallocated = min(left, paid - allocated)
    newest_first = [item for item in reversed(allocations) if item.key not in (chosen or ())]
    more, _ = _undo(left - unallocated, newest_first)
    return Refund(unallocated, (*undone, *more))


def chargeback(allocations: Sequence[Allocation]) -> tuple[Allocation, ...]:
    """Return the allocations that a chargeback undoes: all of the payment; its invoices are open again."""
    return tuple(reversed(allocations))


def _undo(amount: Money, allocations: Sequence[Allocation]) -> tuple[list[Allocation], Money]:
    undone, left = [], amount
    for item in allocations:
        part = min(left, item.amount)
        if part:
            undone.append(Allocation(item.key, part))
            left -= part
    return undone, left
