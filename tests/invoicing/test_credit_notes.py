"""A credit note gives back at the rate of its invoice, is posted the other way round, is credit and says what it is."""

from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from pypdf import PdfReader
from tests.billing.playing import APRIL, MARCH, MAY, at, bill_date, happened
from tests.builders import CLERK, OPENED
from tests.orders.changing import seat_order

from billhook.catalog.operations.taxes import set_tax_rate
from billhook.core.money import Money
from billhook.customers.queries import by_number
from billhook.foundation.models import Company
from billhook.foundation.scope import company_scope
from billhook.invoicing.documents import document_of
from billhook.invoicing.events import CreditNoteIssued, InvoiceIssued
from billhook.invoicing.models import Invoice, InvoiceBalance, InvoiceLine
from billhook.invoicing.queries import pdf_path
from billhook.ledger.queries import account_balance
from billhook.orders.operations.cancel import cancel_order
from billhook.payments.models import Payment
from billhook.reports.queries import standing_of
from billhook.reports.verify import verify


@pytest.fixture
def noted(company: Company) -> Company:
    """Return a company that has billed March at 21 % and given back the days from 20 March, at 25 % by then."""
    by = {"tax_category": "standard", "code": "vat", "name": "VAT", "actor": CLERK, "at": at(3, 1)}
    with company_scope(company):
        earlier = set_tax_rate(percent=Decimal(21), valid_from=OPENED, **by)
        earlier.valid_until = APRIL
        earlier.save()
        set_tax_rate(percent=Decimal(25), valid_from=APRIL, **by)
    order = seat_order(company)
    bill_date(company, MARCH)
    with company_scope(company):
        cancel_order(order=order, reason="gone", on=date(2026, 3, 20), actor=CLERK, at=at(3, 20))
    bill_date(company, APRIL)
    return company


def test_the_note_has_the_rate_of_what_it_corrects_and_names_it(noted: Company) -> None:
    with company_scope(noted):
        note = Invoice.objects.get(kind="credit_note")
        assert (note.net, note.tax, note.total) == (Decimal("-7.74"), Decimal("-1.63"), Decimal("-9.37"))
        line = note.lines.get()
        assert (line.corrects, line.tax_day) == ("INV-2026-00001", date(2026, 3, 31))
        assert note.taxes.get().percent == 21


def test_the_ledger_turns_round_and_the_gross_is_the_customers_credit(noted: Company) -> None:
    with company_scope(noted):
        assert account_balance("revenue") == {"EUR": Decimal("-12.26")}
        assert account_balance("tax:vat") == {"EUR": Decimal("-2.57")}
        assert account_balance("receivable") == {"EUR": 0}
        assert account_balance("customer_credit") == {"EUR": Decimal("-9.37")}
        assert Payment.objects.get(method="credit_note").unallocated == Decimal("9.37")
        assert InvoiceBalance.objects.get(invoice__kind="credit_note").open_amount == 0
        standing = standing_of(by_number("1001"))
    assert (standing.paid, standing.credit) == (Money.of("24.20", "EUR"), Money.of("9.37", "EUR"))
    assert [event.describe() for event in happened(noted, CreditNoteIssued)] == [
        "Credit note INV-2026-00002 over 9.37 EUR was issued."
    ]
    assert len(happened(noted, InvoiceIssued)) == 1
    assert verify(noted) == []


def test_the_document_says_credit_note_and_which_invoice_it_corrects(noted: Company) -> None:
    with company_scope(noted):
        note = Invoice.objects.get(kind="credit_note")
        document = document_of(note)
        assert (document.kind, document.corrects) == ("credit_note", "INV-2026-00001")
        path = pdf_path(note)
    assert path is not None
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(path.read_bytes())).pages)
    assert "Credit note" in text
    assert "INV-2026-00001" in text
    assert "9.37" in text


def test_a_note_is_not_collected_nor_billed_again(noted: Company) -> None:
    bill_date(noted, MAY)
    with company_scope(noted):
        assert Invoice.objects.count() == 2
        assert InvoiceLine.objects.exclude(corrects="").count() == 1
        assert not Payment.objects.filter(invoice__kind="credit_note").exists()


def test_verify_finds_a_credit_of_more_than_its_invoice_billed(noted: Company) -> None:
    with company_scope(noted):
        line = InvoiceLine.objects.get(corrects="INV-2026-00001")
        invoice, derivation = Invoice.objects.get(number="INV-2026-00001"), line.derivation
        InvoiceLine.objects.create(
            invoice=invoice,
            ordinal=9,
            line_key=line.line_key,
            kind="recurring",
            description="planted",
            product=line.product,
            quantity=1,
            amount=Decimal("-20.00"),
            tax_category="standard",
            revenue_account="revenue",
            derivation=derivation,
            corrects="INV-2026-00001",
        )
    found = verify(noted)
    assert f"Credits give 27.7400 back of {line.line_key} on INV-2026-00001, which billed 20.0000 of it." in found
