"""Split payment: tax of an invoice that the customer pays to the state, or to an account that is kept for it."""

from dataclasses import dataclass
from enum import StrEnum

from billhook.core import journal
from billhook.core.contract_steps import Deducted
from billhook.core.derivation import Derivation, Fee
from billhook.core.errors import Refusal
from billhook.core.journal import Entry
from billhook.core.money import Money


class SplitPaymentError(Refusal):
    """A payment with more tax than it comes to."""


class SplitPayment(StrEnum):
    """How tax is paid apart from the rest."""

    NOT_RECEIVABLE = "not_receivable"
    """The customer pays it to the state, as Italian authorities do: it is posted, but not receivable."""
    MARKED = "marked"
    """All is receivable, and the invoice is marked so that the bank puts the tax on an account of its own (Poland)."""

    @property
    def mark(self) -> str:
        """Return what the document says: EsigibilitaIVA of FatturaPA, or the words of the Polish VAT act, 106e."""
        return "S" if self is SplitPayment.NOT_RECEIVABLE else "mechanizm podzielonej płatności"


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitPaymentRule:
    """When tax is paid apart: always, or where a total is above a sum, such as 15000 PLN."""

    kind: SplitPayment
    above: Money | None = None

    def applies(self, total: Money) -> bool:
        """Return whether it applies to an invoice of a total with tax; of a credit note, its size counts."""
        return self.above is None or abs(total) > self.above


def receivable(kind: SplitPayment, *, total: Money, tax: Money) -> Derivation:
    """Return what the customer owes the seller of an invoice, with its steps.

    Args:
        kind: how tax is paid.
        total: with tax; below zero for a credit note.
        tax: in the total.
    """
    whole = Fee(name="the total", amount=total.amount)
    if kind is SplitPayment.MARKED:
        return Derivation((whole,), total)
    paid = Deducted(name="tax that the customer pays to the state", amount=tax.amount)
    return Derivation((whole, paid), total - tax)


def issued(kind: SplitPayment, *, document: str, tax: Money) -> Entry | None:
    """Return what is posted besides the invoice: tax that is not receivable is taken off the receivable again."""
    return journal.tax_split_off(document=document, tax=tax) if kind is SplitPayment.NOT_RECEIVABLE else None


def received(*, document: str, amount: Money, tax: Money, tax_account: str) -> Entry | None:
    """Return what a payment posts that the bank has split.

    Args:
        document: the payment.
        amount: all of it.
        tax: the part that lies on the account for tax.
        tax_account: names that account.

    Raises:
        SplitPaymentError: the tax is below zero, or more than the payment.
    """
    if not Money.zero(amount.currency) <= tax <= amount:
        raise SplitPaymentError(f"{tax} of tax is no part of a payment of {amount}; mend the payment.")
    return journal.split_payment_received(document=document, amount=amount, tax=tax, tax_account=tax_account)
