"""Settlement: which invoices a payment settles, and what is left as the customer's credit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from billhook.core.errors import Refusal
from billhook.core.money import Money


class SettlementError(Refusal):
    """A payment or a claim below zero, a claim twice, or a chosen one that is not open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What is open on an invoice, and since when it is due."""

    key: str
    due_on: date
    open: Money


@dataclass(frozen=True, slots=True)
class Allocation:
    """What a payment settles of one claim."""

    key: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Settlement:
    """The allocations in the order in which they were made, and the rest as credit."""

    allocations: tuple[Allocation, ...]
    credit: Money


def settle(amount: Money, claims: Sequence[Claim], *, first: Sequence[str] = ()) -> Settlement:
    """Settle claims with a payment: the chosen ones first, in their order, then the oldest due.

    Args:
        amount: of the payment, not below zero.
        claims: what is open, in the payment's currency and in any order.
        first: keys of claims that are settled before the others.

    Raises:
        SettlementError: an amount is below zero, a claim occurs twice, or a chosen one is not among them.
        MixedCurrenciesError: a claim is in another currency than the payment.
    """
    _require_sound(amount, claims, first)
    rest, allocations = amount, []
    for claim in _in_order(claims, first):
        settled = min(rest, claim.open)
        if settled:
            allocations.append(Allocation(claim.key, settled))
            rest -= settled
    return Settlement(tuple(allocations), rest)


def _in_order(claims: Sequence[Claim], first: Sequence[str]) -> list[Claim]:
    rank = {key: place for place, key in enumerate(first)}
    return sorted(claims, key=lambda claim: (rank.get(claim.key, len(rank)), claim.due_on, claim.key))


def _require_sound(amount: Money, claims: Sequence[Claim], first: Sequence[str]) -> None:
    keys = {claim.key for claim in claims}
    if amount.amount < 0:
        raise SettlementError(f"A payment of {amount} settles nothing; record a refund instead.")
    if len(keys) < len(claims):
        raise SettlementError("A claim occurs twice; pass each open invoice once.")
    for claim in claims:
        if claim.open.amount < 0:
            raise SettlementError(f"{claim.key} has {claim.open} open; a credit note is settled as credit.")
    for key in first:
        if key not in keys:
            raise SettlementError(f"{key} is not open; choose an open invoice, or none to settle the oldest first.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an invoice stands: what it charges, what was credited, paid and refunded of it."""

    charged: Money
    credited: Money
    paid: Money
    refunded: Money

    @property
    def claimed(self) -> Money:
        """Return what it charges after credit notes."""
        return self.charged - self.credited

    @property
    def balance(self) -> Money:
        """Return what is open: below zero where more was paid than is claimed."""
        return self.claimed - self.paid + self.refunded

    @property
    def credit(self) -> Money:
        """Return what was paid beyond what is claimed: the customer's credit."""
        return max(-self.balance, Money.zero(self.charged.currency))
