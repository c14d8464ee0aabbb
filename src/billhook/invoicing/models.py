"""Invoices with their lines and taxes, which never change, and the balances that do."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from billhook.customers.models import Customer
from billhook.foundation.scope import Book, ScopedModel


class Invoice(ScopedModel):
    """A claim on a customer, with everything it says about buyer and seller as it was on the day it was issued.

    One below zero is a credit note: its gross is the customer's credit, and nothing is open on it.
    """

    number = models.CharField(max_length=40)
    kind = models.CharField(max_length=12, default="invoice")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="invoices")
    run = models.CharField(max_length=40, blank=True)
    issued_on = models.DateField()
    issued_at = models.DateTimeField()
    due_on = models.DateField()
    currency = models.CharField(max_length=3)
    net = models.DecimalField(max_digits=20, decimal_places=4)
    tax = models.DecimalField(max_digits=20, decimal_places=4)
    total = models.DecimalField(max_digits=20, decimal_places=4)
    parties = models.JSONField()
    fingerprint = models.CharField(max_length=64)

    append_only = True
    book = Book(key=("number",))

    class Meta:
        """Numbers are unique in a company; net and tax make the total."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "number"], name="invoice_number_once"),
            models.CheckConstraint(condition=Q(total=F("net") + F("tax")), name="invoice_adds_up"),
            models.CheckConstraint(
                condition=Q(kind="invoice", total__gte=0) | Q(kind="credit_note", total__lt=0), name="invoice_kind"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["company", "-issued_on", "-id"], name="invoice_newest"),
            models.Index(fields=["company", "run"], name="invoice_of_run"),
        ]

    def __str__(self) -> str:
        """Return the number."""
        return self.number


class InvoiceLine(ScopedModel):
    """One line: what, for which service period, how many, how much, and the derivation that explains every cent.

    `corrects` is the number of the invoice that a credit gives back from, `tax_day` the day whose tax rate the line
    has where that is not the last day of its period.
    """

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines")
    ordinal = models.PositiveSmallIntegerField()
    line_key = models.CharField(max_length=60)
    kind = models.CharField(max_length=12)
    description = models.CharField(max_length=300)
    product = models.CharField(max_length=60)
    period_start = models.DateField(null=True, blank=True)
    period_end = models.DateField(null=True, blank=True)
    quantity = models.DecimalField(max_digits=24, decimal_places=12)
    unit = models.CharField(max_length=20, blank=True)
    unit_price = models.DecimalField(max_digits=24, decimal_places=12, null=True, blank=True)
    amount = models.DecimalField(max_digits=20, decimal_places=4)
    tax_category = models.CharField(max_length=40)
    revenue_account = models.CharField(max_length=40)
    derivation = models.JSONField()
    corrects = models.CharField(max_length=40, blank=True)
    tax_day = models.DateField(null=True, blank=True)

    append_only = True
    book = Book(key=("invoice", "ordinal"))

    class Meta:
        """In the order in which they are printed."""

        ordering: ClassVar = ["ordinal"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "invoice", "ordinal"], name="invoice_line_once")
        ]
        indexes: ClassVar = [models.Index(fields=["company", "line_key"], name="invoice_line_of_version")]

    def __str__(self) -> str:
        """Return the description."""
        return self.description


class InvoiceTax(ScopedModel):
    """The tax of an invoice for one category and rate."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="taxes")
    ordinal = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    category = models.CharField(max_length=4)
    percent = models.DecimalField(max_digits=9, decimal_places=4)
    base = models.DecimalField(max_digits=20, decimal_places=4)
    amount = models.DecimalField(max_digits=20, decimal_places=4)
    reason = models.CharField(max_length=200, blank=True)

    append_only = True
    book = Book(key=("invoice", "ordinal"))

    class Meta:
        """In the order in which they are printed."""

        verbose_name_plural = "invoice taxes"
        ordering: ClassVar = ["ordinal"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "invoice", "ordinal"], name="invoice_tax_once")
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class InvoiceBalance(ScopedModel):
    """What is open on an invoice. Derived from allocations and credit notes, and rebuilt from them by `verify`."""

    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, related_name="balance")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="balances")
    currency = models.CharField(max_length=3)
    due_on = models.DateField()
    open_amount = models.DecimalField(max_digits=20, decimal_places=4)
    state = models.CharField(max_length=12)
    settled_at = models.DateTimeField(null=True, blank=True)

    book = Book(key=("invoice",))

    class Meta:
        """The open ones are looked up by customer and by due date."""

        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(open_amount__gte=0), name="invoice_balance_not_below_zero"),
            models.CheckConstraint(condition=Q(state__in=["open", "settled"]), name="invoice_balance_state"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["company", "customer"], condition=Q(state="open"), name="invoice_open_of_customer"),
            models.Index(fields=["company", "due_on"], condition=Q(state="open"), name="invoice_open_by_due"),
        ]

    def __str__(self) -> str:
        """Return the invoice and what is open."""
        return f"{self.invoice}: {self.open_amount} {self.currency}"


class InvoiceFile(ScopedModel):
    """A rendered document of an invoice: where it lies and the hash of its bytes."""

    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, related_name="file")
    path = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    pages = models.PositiveSmallIntegerField()

    book = Book(key=("invoice",))

    class Meta:
        """One document an invoice."""

    def __str__(self) -> str:
        """Return the path."""
        return self.path
