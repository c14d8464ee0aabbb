"""The journal: postings that sum to zero in every currency."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from billhook.core.errors import Refusal
from billhook.core.money import Money


class UnbalancedEntryError(Refusal):
    """The postings of an entry do not sum to zero in a currency, or there are none."""


class Account(StrEnum):
    """The accounts that every company has; revenue and tax may be split over more."""

    RECEIVABLE = "receivable"
    CUSTOMER_CREDIT = "customer_credit"
    CASH = "cash"
    REVENUE = "revenue"
    TAX = "tax"
    BAD_DEBT = "bad_debt"
    DEPOSITS = "deposits"
    """What customers are owed back: a liability."""
    DEPOSIT_INTEREST = "deposit_interest"
    WITHHELD_TAX = "withheld_tax"
    """What customers withheld and certified: a claim on the tax office."""
    SPLIT_TAX = "split_tax"
    """Tax that customers pay to the state themselves: it offsets the tax account."""


class EntryKind(StrEnum):
    """What happened to the document."""

    INVOICE_ISSUED = "invoice_issued"
    PAYMENT_RECEIVED = "payment_received"
    ALLOCATION = "allocation"
    REFUND = "refund"
    WRITE_OFF = "write_off"
    DEPOSIT = "deposit"
    WITHHOLDING = "withholding"
    SPLIT_PAYMENT = "split_payment"


@dataclass(frozen=True, slots=True)
class Posting:
    """An amount on an account: a debit above zero, a credit below."""

    account: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one happening posts for one document; its postings sum to zero in each currency."""

    kind: str
    document: str
    postings: tuple[Posting, ...]

    def __post_init__(self) -> None:
        """Refuse an entry without postings, and one whose debits are not its credits."""
        if not self.postings:
            raise UnbalancedEntryError(f"The entry for {self.document} posts nothing; leave it out.")
        for rest in balances(self.postings).values():
            if rest:
                raise UnbalancedEntryError(f"The postings of {self.document} are off by {rest}; mend them to sum to 0.")


def balances(postings: Iterable[Posting]) -> dict[str, Money]:
    """Return the sum of postings for each currency code."""
    sums: dict[str, Money] = {}
    for posting in postings:
        code = posting.amount.currency.code
        sums[code] = sums[code] + posting.amount if code in sums else posting.amount
    return sums


def invoice_issued(
    *, document: str, total: Money, revenue: Mapping[str, Money], tax: Mapping[str, Money]
) -> Entry | None:
    """Debit the receivable with the total, credit revenue with the net and tax with the tax; None for a sum of nothing.

    A credit note is an invoice below zero: its signs are the other way round.

    Args:
        document: the invoice's number.
        total: with tax.
        revenue: net amount by revenue account.
        tax: amount by tax account.
    """
    credits_ = [*revenue.items(), *tax.items()]
    return _entry(
        EntryKind.INVOICE_ISSUED,
        document,
        [Posting(Account.RECEIVABLE, total), *(Posting(account, -amount) for account, amount in credits_)],
    )


def payment_received(*, document: str, amount: Money, account: str = Account.CASH) -> Entry | None:
    """Debit cash, or a clearing account, and credit the customer."""
    return _move(EntryKind.PAYMENT_RECEIVED, document, amount, debit=account, credit=Account.CUSTOMER_CREDIT)


def allocation(*, document: str, amount: Money) -> Entry | None:
    """Settle a receivable from the customer's credit; an amount below zero undoes that."""
    return _move(EntryKind.ALLOCATION, document, amount, debit=Account.CUSTOMER_CREDIT, credit=Account.RECEIVABLE)


def refund(*, document: str, amount: Money, account: str = Account.CASH) -> Entry | None:
    """Pay the customer's credit back."""
    return _move(EntryKind.REFUND, document, amount, debit=Account.CUSTOMER_CREDIT, credit=account)


def write_off(*, document: str, amount: Money) -> Entry | None:
    """Give a receivable up as bad debt."""
    return _move(EntryKind.WRITE_OFF, document, amount, debit=Account.BAD_DEBT, credit=Account.RECEIVABLE)


def deposit_received(*, document: str, amount: Money, account: str = Account.CASH) -> Entry | None:
    """Debit cash and owe the customer a deposit; no tax, no revenue."""
    return _move(EntryKind.DEPOSIT, document, amount, debit=account, credit=Account.DEPOSITS)


def deposit_interest(*, document: str, amount: Money) -> Entry | None:
    """Charge interest to the company and credit it to the customer."""
    return _move(EntryKind.DEPOSIT, document, amount, debit=Account.DEPOSIT_INTEREST, credit=Account.CUSTOMER_CREDIT)


def deposit_applied(*, document: str, amount: Money) -> Entry | None:
    """Turn a deposit into the customer's credit, which an allocation then takes."""
    return _move(EntryKind.DEPOSIT, document, amount, debit=Account.DEPOSITS, credit=Account.CUSTOMER_CREDIT)


def deposit_refunded(*, document: str, amount: Money, account: str = Account.CASH) -> Entry | None:
    """Pay a deposit back."""
    return _move(EntryKind.DEPOSIT, document, amount, debit=Account.DEPOSITS, credit=account)


def tax_withheld(*, document: str, amount: Money) -> Entry | None:
    """Settle a receivable with what the customer withheld and certified; the tax office owes it now."""
    return _move(EntryKind.WITHHOLDING, document, amount, debit=Account.WITHHELD_TAX, credit=Account.RECEIVABLE)


def tax_split_off(*, document: str, tax: Money) -> Entry | None:
    """Take tax off a receivable that the customer pays to the state; on the tax account it stays posted."""
    return _move(EntryKind.SPLIT_PAYMENT, document, tax, debit=Account.SPLIT_TAX, credit=Account.RECEIVABLE)


def split_payment_received(
    *, document: str, amount: Money, tax: Money, tax_account: str, account: str = Account.CASH
) -> Entry | None:
    """Debit the bank with a payment, its tax on the account that is kept for it, and credit the customer."""
    postings = [
        Posting(account, amount - tax),
        Posting(tax_account, tax),
        Posting(Account.CUSTOMER_CREDIT, -amount),
    ]
    return _entry(EntryKind.PAYMENT_RECEIVED, document, postings)


def _move(kind: EntryKind, document: str, amount: Money, *, debit: str, credit: str) -> Entry | None:
    return _entry(kind, document, [Posting(debit, amount), Posting(credit, -amount)])


def _entry(kind: EntryKind, document: str, postings: Iterable[Posting]) -> Entry | None:
    moved = tuple(posting for posting in postings if posting.amount)
    return Entry(kind=kind, document=document, postings=moved) if moved else None
