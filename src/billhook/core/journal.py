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


class EntryKind(StrEnum):
    """What happened to the document."""

    INVOICE_ISSUED = "invoice_issued"
    PAYMENT_RECEIVED = "payment_received"
    ALLOCATION = "allocation"
    REFUND = "refund"
    WRITE_OFF = "write_off"


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


def _move(kind: EntryKind, document: str, amount: Money, *, debit: str, credit: str) -> Entry | None:
    return _entry(kind, document, [Posting(debit, amount), Posting(credit, -amount)])


def _entry(kind: EntryKind, document: str, postings: Iterable[Posting]) -> Entry | None:
    moved = tuple(posting for posting in postings if posting.amount)
    return Entry(kind=kind, document=document, postings=moved) if moved else None
