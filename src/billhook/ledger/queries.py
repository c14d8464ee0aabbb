"""Reads of the ledger."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum

from billhook.ledger.models import Posting


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """The sum of the postings on an account in one currency: debits positive."""

    code: str
    name: str
    currency: str
    balance: Decimal


def trial_balance() -> list[AccountBalance]:
    """Return the balance of every account, which sum to zero in each currency."""
    rows = Posting.objects.values("account__code", "account__name", "currency").annotate(total=Sum("amount"))
    return [
        AccountBalance(
            code=row["account__code"], name=row["account__name"], currency=row["currency"], balance=row["total"]
        )
        for row in rows.order_by("account__code", "currency")
    ]


def unbalanced_entries() -> list[str]:
    """Return the documents of entries that do not sum to zero in a currency; there are none in sound books."""
    rows = Posting.objects.values("entry__document", "entry__kind", "currency").annotate(total=Sum("amount"))
    return [f"{row['entry__kind']} {row['entry__document']}" for row in rows.exclude(total=0)]


def account_balance(code: str, *, customer: str = "") -> Mapping[str, Decimal]:
    """Return the balance of one account, a currency, of one customer or of all."""
    rows = Posting.objects.filter(account__code=code)
    if customer:
        rows = rows.filter(entry__customer=customer)
    return dict(rows.values("currency").annotate(total=Sum("amount")).values_list("currency", "total"))
