"""Withholding: tax that the customer keeps back and pays for the seller; a certificate settles that part."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from billhook.core import exact, journal
from billhook.core.derivation import Derivation, Percent, Rounded, Step, run
from billhook.core.errors import Refusal
from billhook.core.journal import Entry
from billhook.core.money import Money, sum_money
from billhook.core.rounding import Rounding, to_places
from billhook.core.settlement import Allocation, Claim

_HUNDRED = Decimal(100)


class WithholdingError(Refusal):
    """A rate out of range, a certificate of nothing, or more expected than is open."""


class WithheldOn(StrEnum):
    """Of what a percentage is withheld."""

    NET = "net"
    """The amount without tax: the default."""
    TAX = "tax"
    """The tax."""
    GROSS = "gross"
    """Both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithholdingRule:
    """What a customer withholds of an invoice.

    Args:
        code: names the tax.
        percent: above 0, at most 100.
        on: of what.
        at_least: what that must come to, else nothing is withheld; None for any.
    """

    code: str
    percent: Decimal
    on: WithheldOn = WithheldOn.NET
    at_least: Money | None = None

    def __post_init__(self) -> None:
        """Refuse a float, and a percentage out of range."""
        if not 0 < exact.require(self.percent, f"rate of {self.code}") <= _HUNDRED:
            raise WithholdingError(f"{self.code} withholds {self.percent} %; give above 0, at most 100.")


def expected(rule: WithholdingRule, *, net: Money, tax: Money) -> Derivation:
    """Return what a customer is to withhold of an invoice, rounded once; below zero of a credit note.

    Args:
        rule: of the customer.
        net: of the invoice, below zero for a credit note.
        tax: of the invoice.
    """
    base = {WithheldOn.NET: net, WithheldOn.TAX: tax, WithheldOn.GROSS: net + tax}[rule.on]
    places = base.currency.digits
    steps: tuple[Step, ...] = ()
    if rule.at_least is None or abs(base) >= rule.at_least:
        percent = Percent(percent=rule.percent, base=Fraction(base.amount))
        steps = (percent, Rounded(places=places, mode=Rounding.HALF_UP))
    return Derivation(steps, Money(to_places(run(steps), places), base.currency))


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A customer's proof of what was withheld and paid to the tax office."""

    number: str
    issued_on: date
    amount: Money

    def __post_init__(self) -> None:
        """Refuse a certificate without number, and one that is not above zero."""
        if not self.number or self.amount.amount <= 0:
            raise WithholdingError(
                f"{self.number!r} certifies {self.amount}; give its number and an amount above zero."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """A claim, and what is expected to be withheld of it and is not certified yet."""

    claim: Claim
    expected: Money

    def __post_init__(self) -> None:
        """Refuse an expectation below zero, or above what is open."""
        if not Money.zero(self.claim.open.currency) <= self.expected <= self.claim.open:
            raise WithholdingError(
                f"{self.expected} cannot be withheld of {self.claim.key} with {self.claim.open} open; expect less."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Certified:
    """What a certificate settles, what is expected and not certified yet, and what it certifies beyond.

    What is beyond is no money: it is neither credit nor settles more than was expected.
    """

    allocations: tuple[Allocation, ...]
    missing: Money
    beyond: Money


def certify(certificate: Certificate, withheld: Sequence[Withheld]) -> Certified:
    """Return what a certificate settles: of each claim what is expected, the oldest due first.

    Raises:
        WithholdingError: a claim occurs twice.
        MixedCurrenciesError: one is in another currency.
    """
    if len({item.claim.key for item in withheld}) < len(withheld):
        raise WithholdingError(f"{certificate.number} is set against a claim twice; pass each open invoice once.")
    rest, found = certificate.amount, []
    for item in sorted(withheld, key=lambda item: (item.claim.due_on, item.claim.key)):
        settled = min(rest, item.expected)
        if settled:
            found.append(Allocation(item.claim.key, settled))
            rest -= settled
    wanted = sum_money((item.expected for item in withheld), rest.currency)
    return Certified(allocations=tuple(found), missing=wanted - (certificate.amount - rest), beyond=rest)


def entries(certificate: Certificate, certified: Certified) -> tuple[Entry, ...]:
    """Return what a certificate posts: receivables are settled, and the tax office owes what was withheld."""
    posted = [
        journal.tax_withheld(document=f"{certificate.number}→{item.key}", amount=item.amount)
        for item in certified.allocations
    ]
    return tuple(entry for entry in posted if entry is not None)
