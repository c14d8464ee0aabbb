"""Credit notes: several on one invoice round their tax by running total, so that they sum to the invoice."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from billhook.core import exact
from billhook.core.errors import Refusal
from billhook.core.money import Money
from billhook.core.rounding import to_places


class CreditNoteError(Refusal):
    """More is to be credited than was invoiced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoiced:
    """What an invoice says at one rate: net, tax, and what earlier credit notes gave back of both."""

    net: Money
    tax: Money
    credited_net: Money
    credited_tax: Money


@dataclass(frozen=True, slots=True)
class CreditNote:
    """What a note gives back, above zero."""

    net: Money
    tax: Money

    @property
    def total(self) -> Money:
        """Return net and tax."""
        return self.net + self.tax


def credit_note(invoiced: Invoiced, net: Money) -> CreditNote:
    """Return a credit note for a net amount; the tax of all notes so far is the invoice's in proportion, rounded.

    Raises:
        CreditNoteError: it is not above zero, or more than the invoice has left.
    """
    so_far = invoiced.credited_net + net
    if net.amount <= 0 or so_far > invoiced.net:
        left = invoiced.net - invoiced.credited_net
        raise CreditNoteError(f"{net} cannot be credited; the invoice has {left} left, net.")
    exactly = Fraction(invoiced.tax.amount) * Fraction(so_far.amount) / Fraction(invoiced.net.amount)
    tax = to_places(exactly, net.currency.digits)
    return CreditNote(net, Money(exact.subtract(tax, invoiced.credited_tax.amount), net.currency))


def running_tax(net: Money, percent: Decimal, *, credited_net: Money, credited_tax: Money) -> Money:
    """Return the tax of a credit at a rate, rounded by the running total of all credits at that rate."""
    whole = exact.multiply(exact.add(credited_net.amount, net.amount), exact.multiply(percent, Decimal("0.01")))
    return Money(exact.subtract(to_places(whole, net.currency.digits), credited_tax.amount), net.currency)
