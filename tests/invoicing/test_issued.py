"""An issued invoice adds up, is posted, never changes, and its document says what is stored."""

from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from pypdf import PdfReader
from tests.billing.playing import (
    APRIL,
    MARCH,
    approve,
    at,
    bill_date,
    calls_of,
    execute,
    happened,
    load,
    open_books,
    preview,
)
from tests.builders import CLERK, OPENED, OPENING

from billhook.catalog.operations.taxes import set_tax_rate
from billhook.core.money import Money
from billhook.customers.models import Customer, PaymentInstrument
from billhook.customers.operations.addresses import NewAddress, add_address
from billhook.foundation.draining import JobsFailedError, drain
from billhook.foundation.models import Company
from billhook.foundation.scope import company_scope
from billhook.invoicing.documents import document_of
from billhook.invoicing.events import InvoiceIssued, InvoiceRendered, InvoiceSettled
from billhook.invoicing.models import Invoice, InvoiceBalance, InvoiceFile, InvoiceLine, InvoiceTax
from billhook.invoicing.operations.render import render_invoice
from billhook.invoicing.operations.settle import MoreThanOpenError, settle_invoice
from billhook.invoicing.queries import pdf_path
from billhook.ledger.models import Posting
from billhook.ledger.queries import account_balance
from billhook.orders.models import OrderLineVersion
from billhook.payments.models import Payment
from billhook.plugins.renderer_typst.plugin import TypstRenderer
from billhook.reports.verify import verify


def set_tax(company: Company, percent: str) -> None:
    """Put a tax on everything of the category standard."""
    with company_scope(company):
        set_tax_rate(
            tax_category="standard",
            code="vat",
            name="VAT",
            percent=Decimal(percent),
            valid_from=OPENED,
            actor=CLERK,
            at=at(3, 1),
        )


def set_fee(company: Company, amount: str) -> None:
    """Give the monthly fee another price."""
    with company_scope(company):
        fee = OrderLineVersion.objects.get(line__kind="recurring")
        fee.price, fee.own_price = None, {"model": "flat", "parameters": {"amount": amount}}
        fee.save()


@pytest.mark.parametrize("model", [Invoice, InvoiceLine, InvoiceTax])
@pytest.mark.parametrize("change", ["update {} set company_id = company_id", "delete from {}"])
def test_an_issued_invoice_never_changes(company: Company, model: type[Invoice], change: str) -> None:
    set_tax(company, "21")
    bill_date(company, MARCH)
    with company_scope(company):
        assert model.objects.exists()
        with pytest.raises(IntegrityError, match="written once and never changed"), transaction.atomic():
            execute(change.format(model._meta.db_table))


@pytest.mark.parametrize(
    ("percent", "fee", "tax"),
    [("21", "20.00", "4.20"), ("21", "19.99", "4.20"), ("5.5", "0.10", "0.01"), ("0", "20", "0")],
)
def test_taxes_add_up_and_are_posted(company: Company, percent: str, fee: str, tax: str) -> None:
    set_tax(company, percent)
    set_fee(company, fee)
    bill_date(company, MARCH)
    with company_scope(company):
        invoice = Invoice.objects.get()
        assert (invoice.net, invoice.tax, invoice.total) == (Decimal(fee), Decimal(tax), Decimal(fee) + Decimal(tax))
        (line,) = invoice.taxes.all()
        assert (line.percent, line.base, line.amount) == (Decimal(percent), Decimal(fee), Decimal(tax))
        assert account_balance("revenue") == {"EUR": -Decimal(fee)}
        assert account_balance("tax:vat").get("EUR", Decimal(0)) == -Decimal(tax)
        issued = Posting.objects.filter(entry__document=invoice.number)
        assert sum(posting.amount for posting in issued) == 0
    assert verify(company) == []


def test_tax_is_taken_once_on_the_sum_of_a_rate(company: Company, tmp_path: Path) -> None:
    set_tax(company, "21")
    set_fee(company, "20.03")
    bill_date(company, MARCH)
    load(company, calls_of(tmp_path / "Master.csv", "KN1001", [36]))
    bill_date(company, APRIL)
    with company_scope(company):
        invoice = Invoice.objects.get(issued_on=APRIL)
        assert (invoice.net, invoice.tax) == (Decimal("20.06"), Decimal("4.21"))
    assert verify(company) == []


def test_an_invoice_of_nothing_is_settled_at_once_and_nobody_is_charged(company: Company) -> None:
    set_fee(company, "0.00")
    bill_date(company, MARCH)
    with company_scope(company):
        balance = InvoiceBalance.objects.get()
        assert (balance.state, balance.open_amount, balance.settled_at) == ("settled", 0, at(3, 1))
        assert not Payment.objects.exists()
        assert not Posting.objects.exists()
    assert [event.number for event in happened(company, InvoiceSettled)] == ["INV-2026-00001"]
    assert verify(company) == []


@pytest.mark.parametrize(
    ("company_days", "customer_days", "due"),
    [(14, None, date(2026, 3, 15)), (30, None, date(2026, 3, 31)), (14, 0, MARCH), (14, 60, date(2026, 4, 30))],
)
def test_the_customers_days_come_before_the_companys(
    company: Company, company_days: int, customer_days: int | None, due: date
) -> None:
    Company.objects.update(due_days=company_days)
    with company_scope(company):
        Customer.objects.update(due_days=customer_days)
    bill_date(company, MARCH)
    with company_scope(company):
        assert Invoice.objects.get().due_on == InvoiceBalance.objects.get().due_on == due
    assert [event.due_on for event in happened(company, InvoiceIssued)] == [due]


@pytest.mark.parametrize("amount", ["20.01", "0", "-1"])
def test_no_more_is_settled_than_is_open(company: Company, amount: str) -> None:
    with company_scope(company):
        PaymentInstrument.objects.update(status="removed")
    bill_date(company, MARCH)
    with company_scope(company):
        balance = InvoiceBalance.objects.get()
        with pytest.raises(MoreThanOpenError, match=r"only 20[.]0000 is open; keep the rest as credit"):
            settle_invoice(balance=balance, amount=Decimal(amount), actor=CLERK, at=at(3, 2))
        with pytest.raises(IntegrityError, match="invoice_balance_not_below_zero"), transaction.atomic():
            InvoiceBalance.objects.update(open_amount=-1)


def test_the_document_says_what_is_stored(company: Company, tmp_path: Path) -> None:
    set_tax(company, "21")
    bill_date(company, MARCH)
    load(company, calls_of(tmp_path / "Master.csv", "KN1001", [6000]))
    bill_date(company, APRIL)
    with company_scope(company):
        invoice = Invoice.objects.get(issued_on=APRIL)
        path = pdf_path(invoice)
        lines = list(invoice.lines.all())
        document = document_of(invoice)
    assert path is not None
    text = "\n".join(page.extract_text() for page in PdfReader(BytesIO(path.read_bytes())).pages)
    for said in (invoice.number, "Harbour Bakery", "Kestrel Networks", "1001", "€30.25", "€5.25", "€25.00"):
        assert said in text, said
    for line in lines:
        assert line.description in text
        assert f"€{Money.of(line.amount, 'EUR').amount:.2f}" in text
    assert (document.net, document.tax, document.total) == (invoice.net, invoice.tax, invoice.total)
    assert [line.amount for line in document.lines] == [line.amount for line in lines]


def test_a_document_stays_as_it_was_issued_whatever_changes_later(company: Company) -> None:
    bill_date(company, MARCH)
    with company_scope(company):
        before = document_of(Invoice.objects.get())
        written = InvoiceFile.objects.get()
        Customer.objects.update(name="Somebody Else", address="Elsewhere")
    Company.objects.update(name="Kestrel Holding")
    with company_scope(company):
        invoice = Invoice.objects.get()
        assert document_of(invoice) == before
        assert render_invoice(invoice=invoice, actor=CLERK, at=at(3, 9)).pk == written.pk
    assert len(happened(company, InvoiceRendered)) == 1


def test_user_text_is_printed_as_it_is(company: Company) -> None:
    name = '#eval("1+1") *bold* $x^2$ <label> \\ // [x] "quoted" @ref {}'
    with company_scope(company):
        Customer.objects.update(name=name)
    bill_date(company, MARCH)
    with company_scope(company):
        path = pdf_path(Invoice.objects.get())
    assert path is not None
    assert name.replace(" ", "") in PdfReader(path).pages[0].extract_text().replace(" ", "").replace("\n", "")


def test_a_document_that_cannot_be_written_stops_no_other_and_is_written_later(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del db
    company = open_books(tmp_path, monkeypatch, customers=3)
    run = preview(company, MARCH)
    real = TypstRenderer.render_pdf

    def failing(self: TypstRenderer, document: object) -> bytes:
        if document.customer_number == "1001":
            message = "no glyphs"
            raise RuntimeError(message)
        return real(self, document)

    with monkeypatch.context() as patch:
        patch.setattr(TypstRenderer, "render_pdf", failing)
        with pytest.raises(JobsFailedError):
            approve(company, run)
    with company_scope(company):
        assert Invoice.objects.count() == 3
        assert list(InvoiceFile.objects.order_by("id").values_list("invoice__customer__number", flat=True)) == [
            "1002",
            "1003",
        ]
        assert Payment.objects.filter(state="received").count() == 3
    drain()
    with company_scope(company):
        assert InvoiceFile.objects.count() == 3
    assert len(happened(company, InvoiceRendered)) == 3


def test_an_invoice_goes_to_the_address_of_its_bill_date(company: Company) -> None:
    with company_scope(company):
        customer = Customer.objects.get()
        new = NewAddress(lines="Mill Lane 2", postcode="1011 AB", city="Amsterdam", country="NL", valid_from=APRIL)
        add_address(customer=customer, new=new, actor=CLERK, at=OPENING)
    bill_date(company, MARCH)
    bill_date(company, APRIL)
    with company_scope(company):
        said = {invoice.issued_on: invoice.parties["buyer"]["address"] for invoice in Invoice.objects.all()}
    assert said == {MARCH: "Quay Street 1", APRIL: "Mill Lane 2\n1011 AB Amsterdam\nNL"}
