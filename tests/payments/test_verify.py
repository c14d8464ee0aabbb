"""The audit of the books finds nothing in sound ones, and every fault that somebody with all rights plants."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connections
from tests.billing.playing import APRIL, MARCH, at, bill_date, calls_of, load, open_books
from tests.builders import CLERK, OPENED
from tests.database import fresh_database
from tests.processes import connected_to

from billhook.catalog.operations.taxes import set_tax_rate
from billhook.customers.models import PaymentInstrument
from billhook.customers.queries import by_number
from billhook.foundation.models import Company
from billhook.foundation.scope import company_scope
from billhook.mediation.lake import lake, originals
from billhook.payments.operations.receive import record_payment
from billhook.reports.verify import verify


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """Return committed books with tax, usage, a part payment, an open invoice and credit; undo what is planted."""
    folder = tmp_path_factory.mktemp("books")
    with (
        pytest.MonkeyPatch.context() as patch,
        fresh_database(folder / "home") as environment,
        connected_to(environment),
    ):
        company = open_books(folder, patch, customers=2)
        write_books(company, folder)
        yield company


def write_books(company: Company, folder: Path) -> None:
    """Bill March, paid by card, and April, of which one customer pays a part and the other too much."""
    with company_scope(company):
        set_tax_rate(
            tax_category="standard",
            code="vat",
            name="VAT",
            percent=Decimal(21),
            valid_from=OPENED,
            actor=CLERK,
            at=at(3, 1),
        )
    bill_date(company, MARCH)
    load(company, calls_of(folder / "Master.csv", "KN1001", [61, 3599]))
    with company_scope(company):
        PaymentInstrument.objects.update(status="removed")
    bill_date(company, APRIL)
    for number, amount in (("1001", "5.00"), ("1002", "50.00")):
        with company_scope(company):
            record_payment(customer=by_number(number), amount=Decimal(amount), method="cash", actor=CLERK, at=at(4, 2))


def as_owner(table: str, set_clause: str, where: str) -> None:
    """Change a table as its owner, who can switch its triggers off."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"alter table {table} disable trigger user")
        cursor.execute(f"update {table} set {set_clause} {where}")  # noqa: S608 - the test's own words
        cursor.execute(f"alter table {table} enable trigger user")


def test_sound_books_have_no_fault(books: Company) -> None:
    assert verify(books) == []


OPEN = "where state = 'open'"
ONE_POSTING = "where id = (select min(id) from ledger_posting)"


@pytest.mark.parametrize(
    ("table", "set_clause", "undo", "where", "fault"),
    [
        ("ledger_posting", "amount = amount + 1", "amount = amount - 1", ONE_POSTING, "does not balance"),
        (
            "ledger_account",
            "code = 'other'",
            "code = 'receivable'",
            "where code in ('receivable', 'other')",
            "receivable",
        ),
        (
            "ledger_account",
            "code = 'x'",
            "code = 'customer_credit'",
            "where code in ('customer_credit', 'x')",
            "credit",
        ),
        (
            "invoicing_invoiceline",
            "amount = amount + 1",
            "amount = amount - 1",
            "where ordinal = 1",
            "its derivation 20",
        ),
        (
            "invoicing_invoice",
            "net = net + 1, total = total + 1",
            "net = net - 1, total = total - 1",
            "",
            "lines of INV-2026-00001",
        ),
        ("invoicing_invoicetax", "amount = amount + 1", "amount = amount - 1", "", "taxes of INV-2026-00001"),
        (
            "invoicing_invoicebalance",
            "open_amount = open_amount + 1",
            "open_amount = open_amount - 1",
            OPEN,
            "allocations leave",
        ),
        ("invoicing_invoicebalance", "state = 'settled'", "state = 'open'", "where open_amount > 0", "is settled, but"),
        ("payments_allocation", "amount = amount - 1", "amount = amount + 1", "", "allocations leave"),
        ("payments_payment", "unallocated = unallocated + 1", "unallocated = unallocated - 1", "", "of credit"),
        (
            "foundation_numberseries",
            "next_number = next_number + 1",
            "next_number = next_number - 1",
            "where code = 'invoice'",
            "given out 5 numbers, but there are 4",
        ),
        ("mediation_charge", "document = 'INV-X'", "document = 'INV-2026-00003'", "", "INV-X, which does not exist"),
        ("mediation_charge", "records = records + 1", "records = records - 1", "", "charges hold"),
        ("mediation_charge", "quantity = quantity + 1", "quantity = quantity - 1", "", "charges hold"),
        (
            "mediation_batchfile",
            "sha256 = reverse(sha256)",
            "sha256 = reverse(sha256)",
            "",
            "not the one that was written",
        ),
    ],
)
def test_a_planted_fault_is_found(
    books: Company, table: str, set_clause: str, undo: str, where: str, fault: str
) -> None:
    as_owner(table, set_clause, where)
    try:
        found = verify(books)
    finally:
        as_owner(table, undo, where)
    assert any(fault in sentence for sentence in found), found
    assert verify(books) == []


@pytest.mark.parametrize("content", [b"somebody wrote here", None], ids=["changed", "missing"])
@pytest.mark.parametrize("folder", [lake, originals])
def test_a_file_that_is_changed_or_missing_is_found(books: Company, folder: object, content: bytes | None) -> None:
    path = next(path for path in sorted(folder(books).rglob("*")) if path.is_file())
    kept = path.read_bytes()
    path.unlink() if content is None else path.write_bytes(content)
    try:
        found = verify(books)
    finally:
        path.write_bytes(kept)
    assert len(found) == 1
    assert "restore it from a backup" in found[0]
    assert verify(books) == []
