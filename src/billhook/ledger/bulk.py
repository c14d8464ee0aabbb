"""Entries are posted: in bulk, in the transaction of the happening whose event tells of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from billhook.core.journal import Entry as JournalEntry
from billhook.foundation.bulk import insert_rows, reserve_ids
from billhook.foundation.scope import current_company_id
from billhook.ledger.models import Account, Entry, Posting

KINDS = {
    "receivable": "asset",
    "cash": "asset",
    "clearing": "asset",
    "customer_credit": "liability",
    "tax": "liability",
    "bad_debt": "expense",
}


@dataclass(frozen=True, slots=True)
class ToPost:
    """A balanced entry, the customer whose books it touches, and its day."""

    entry: JournalEntry
    customer: str
    on: date


def post(entries: Sequence[ToPost], *, at: datetime) -> int:
    """Post entries, each with its postings, and return how many; a document is posted once for each kind.

    Args:
        entries: balanced by construction; the database checks the sum once more.
        at: the instant of the happening.

    Raises:
        IntegrityError: one of them was posted before.
    """
    if not entries:
        return 0
    company_id = current_company_id()
    accounts = account_ids({posting.account for item in entries for posting in item.entry.postings})
    ids = reserve_ids(Entry, len(entries))
    insert_rows(
        Entry,
        ("id", "company", "kind", "document", "customer", "on", "at"),
        (
            (pk, company_id, str(item.entry.kind), item.entry.document, item.customer, item.on, at)
            for pk, item in zip(ids, entries, strict=True)
        ),
    )
    insert_rows(
        Posting,
        ("company", "entry", "ordinal", "account", "currency", "amount"),
        (
            (company_id, pk, ordinal, accounts[posting.account], posting.amount.currency.code, posting.amount.amount)
            for pk, item in zip(ids, entries, strict=True)
            for ordinal, posting in enumerate(item.entry.postings, start=1)
        ),
    )
    return len(entries)


def account_ids(codes: Iterable[str]) -> Mapping[str, int]:
    """Return the primary keys of accounts by code; one that the company does not have yet is opened."""
    wanted = {str(code) for code in codes}
    known = dict(Account.objects.filter(code__in=wanted).values_list("code", "pk"))
    for code in sorted(wanted - known.keys()):
        account, _ = Account.objects.get_or_create(
            code=code, defaults={"name": code.replace("_", " ").replace(":", ": ").capitalize(), "kind": kind_of(code)}
        )
        known[code] = account.pk
    return known


def kind_of(code: str) -> str:
    """Return what kind of account a code is: one that is not among the standard ones is a product's revenue."""
    return KINDS.get(code.partition(":")[0], "revenue")
