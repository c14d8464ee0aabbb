"""Accounts, entries and postings: double entry, never changed."""

from typing import ClassVar

from django.db import models

from billhook.foundation.scope import Book, ScopedModel


class Account(ScopedModel):
    """A place for amounts: receivable, revenue, tax, cash, customer credit."""

    code = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=12)

    book = Book(key=("code",))

    class Meta:
        """One account a code."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["company", "code"], name="account_once")]

    def __str__(self) -> str:
        """Return code and name."""
        return f"{self.code} {self.name}"


class Entry(ScopedModel):
    """One balanced entry for one document; `document` says which, `kind` what happened to it."""

    kind = models.CharField(max_length=40)
    document = models.CharField(max_length=80)
    customer = models.CharField(max_length=40, blank=True)
    on = models.DateField()
    at = models.DateTimeField()

    append_only = True
    book = Book(key=("kind", "document"))

    class Meta:
        """A document is posted once for each kind of happening."""

        verbose_name_plural = "entries"
        constraints: ClassVar = [models.UniqueConstraint(fields=["company", "kind", "document"], name="entry_once")]
        indexes: ClassVar = [models.Index(fields=["company", "customer"], name="entry_of_customer")]

    def __str__(self) -> str:
        """Return kind and document."""
        return f"{self.kind} {self.document}"


class Posting(ScopedModel):
    """An amount on an account: debits positive, credits negative; the postings of an entry sum to zero a currency."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="postings")
    ordinal = models.PositiveSmallIntegerField()
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="postings")
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=20, decimal_places=4)

    append_only = True
    book = Book(key=("entry", "ordinal"))

    class Meta:
        """In the order of their entry."""

        ordering: ClassVar = ["ordinal"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "entry", "ordinal"], name="posting_once"),
            models.CheckConstraint(condition=~models.Q(amount=0), name="posting_not_zero"),
        ]

    def __str__(self) -> str:
        """Return amount and account."""
        return f"{self.amount} {self.currency} {self.account}"
