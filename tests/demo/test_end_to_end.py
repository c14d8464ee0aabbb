"""The example's figures, read from the database, the lake, the PDF and the mailbox alone."""

import csv
import email
import email.policy
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import duckdb
import psycopg
import pytest
from psycopg.rows import dict_row
from pypdf import PdfReader

pytestmark = pytest.mark.xdist_group("story")

Row = dict[str, object]
APRIL = "2026-04-01"


class Books:
    """The story's database as the maintenance role sees it, and its home."""

    def __init__(self, environment: dict[str, str]) -> None:
        url = environment.get("DATABASE_URL_MAINTENANCE")
        self.connection = psycopg.connect(url or environment["DATABASE_URL"], row_factory=dict_row)
        if url is None:
            self.connection.execute("set role billhook_maintenance")
        self.home = Path(environment["BILLHOOK_HOME"])

    def rows(self, statement: str, *values: object) -> list[Row]:
        return self.connection.execute(statement, values).fetchall()

    def one(self, statement: str, *values: object) -> Row:
        (row,) = self.rows(statement, *values)
        return row


@pytest.fixture(scope="module")
def books(told_story: dict[str, str]) -> Iterator[Books]:
    found = Books(told_story)
    yield found
    found.connection.close()


def april_invoice(books: Books, customer: str) -> Row:
    return books.one(
        "select invoice.* from invoicing_invoice invoice join customers_customer customer"
        " on customer.id = invoice.customer_id where customer.number = %s and issued_on = %s",
        customer,
        APRIL,
    )


def calls_of(books: Books, account: str) -> list[tuple[str, int]]:
    """Return the destination and billable seconds of an account's answered calls to numbers that a country has.

    Read from the file by Python's csv; a row that stands there twice counts once.
    """
    seen, calls = set(), []
    with (books.home / "demo" / "Master.csv").open(newline="") as file:
        for row in csv.reader(file):
            key = tuple(row)
            called = row[2].lstrip("+").removeprefix("00")
            answered = row[14] == "ANSWERED" and int(row[13]) > 0 and not called.startswith("999")
            if row[0] == account and answered and key not in seen:
                calls.append((row[2], int(row[13])))
            seen.add(key)
    return calls


def test_one_customers_invoice_is_exactly_25(books: Books) -> None:
    invoice = april_invoice(books, "1001")
    assert (invoice["total"], invoice["currency"]) == (Decimal("25.00"), "EUR")
    lines = books.rows(
        "select kind, amount, period_start::text, period_end::text from invoicing_invoiceline"
        " where invoice_id = %s order by ordinal",
        invoice["id"],
    )
    assert [tuple(line.values()) for line in lines] == [
        ("recurring", Decimal("20.00"), "2026-04-01", "2026-05-01"),
        ("usage", Decimal("5.00"), "2026-03-01", "2026-04-01"),
    ]


def test_the_pdf_says_the_same(books: Books) -> None:
    invoice = april_invoice(books, "1001")
    file = books.one("select path, pages from invoicing_invoicefile where invoice_id = %s", invoice["id"])
    reader = PdfReader(books.home / str(file["path"]))
    text = "\n".join(page.extract_text() for page in reader.pages)
    assert len(reader.pages) == file["pages"] == 1
    for words in (str(invoice["number"]), "€25.00", "€20.00", "€5.00", "Harbour Bakery", "Kestrel Networks"):
        assert words in text


def test_the_file_holds_100_minutes_of_the_customer(books: Books) -> None:
    assert sum(seconds for _, seconds in calls_of(books, "KN1001")) == 100 * 60


@pytest.mark.parametrize("customer", [str(number) for number in range(1001, 1011) if number != 1004])
def test_usage_is_the_sum_of_its_calls_each_rounded_once(books: Books, customer: str) -> None:
    exact = sum(
        (Decimal("0.05") * seconds / 60).quantize(Decimal("0.000001"), ROUND_HALF_UP)
        for _, seconds in calls_of(books, f"KN{customer}")
    )
    line = books.one(
        "select amount from invoicing_invoiceline where kind = 'usage' and invoice_id = %s",
        april_invoice(books, customer)["id"],
    )
    assert line["amount"] == exact.quantize(Decimal("0.01"), ROUND_HALF_UP)


def test_every_cent_can_be_followed_to_raw_lines(books: Books) -> None:
    number = april_invoice(books, "1001")["number"]
    charges = books.one(
        "select sum(amount) as amount, sum(records) as records from mediation_charge where document = %s", number
    )
    files = [
        str(books.home / "lake" / "kestrel" / str(row["path"]))
        for row in books.rows("select path from mediation_batchfile where kind = 'records'")
    ]
    records = duckdb.execute(
        "select byte_offset, raw, amount_units from read_parquet($files) where customer = '1001'", {"files": files}
    ).fetchall()
    assert len(records) == charges["records"]
    original = (books.home / "demo" / "Master.csv").read_bytes()
    for offset, raw, _ in records:
        assert original[offset : offset + len(raw.encode())] == raw.encode()
    exact = Decimal(sum(units for *_, units in records)).scaleb(-6)
    assert exact == charges["amount"]
    assert exact.quantize(Decimal("0.01"), ROUND_HALF_UP) == Decimal("5.00")


def test_mediation_reconciles_to_the_record(books: Books) -> None:
    batch = books.one("select * from mediation_mediationbatch")
    lines = (books.home / "demo" / "Master.csv").read_bytes().count(b"\n")
    ended = ("rated", "metered", "zero_rated", "filtered", "duplicate", "absorbed", "held", "suspended")
    assert batch["raw_records"] == lines == batch["decoded_records"]
    assert sum(int(str(batch[f"{name}_records"])) for name in ended) == lines
    assert batch["duplicate_records"] == 1
    assert batch["suspended_records"] == 1
    assert int(str(batch["zero_rated_records"])) > 0


def test_the_second_drop_of_the_file_loaded_nothing(books: Books) -> None:
    assert books.one("select count(*) from mediation_mediationbatch")["count"] == 1
    ignored = books.rows("select data from foundation_event where name = 'usage.duplicate_file' order by id")
    assert ignored[0]["data"] == {"customer": "", "batch": 1, "file_name": "Master.csv"}


def test_suspense_has_reasons_and_one_record_was_mended(books: Books) -> None:
    rows = books.rows("select reason, status, edits from mediation_suspenserecord order by reason")
    assert [(row["reason"], row["status"]) for row in rows] == [
        ("unknown_customer", "recycled"),
        ("unknown_prefix", "open"),
    ]
    assert rows[0]["edits"] == {"accountcode": "KN1004"}


def test_the_late_customer_went_through_every_step(books: Books) -> None:
    attempts = books.rows(
        "select attempt.state, attempt.code, attempt.at::date::text as day from payments_paymentattempt attempt"
        " join payments_payment payment on payment.id = attempt.payment_id"
        " join invoicing_invoice invoice on invoice.id = payment.invoice_id"
        " where invoice.number = %s order by attempt.ordinal",
        april_invoice(books, "1007")["number"],
    )
    assert [tuple(row.values()) for row in attempts] == [
        ("declined", "insufficient_funds", day) for day in ("2026-04-01", "2026-04-04", "2026-04-09")
    ]
    told = books.rows(
        "select name, data->>'step' as step from foundation_event where customer = '1007' and at > %s"
        " and (name like 'dunning.%%' or name like 'order.%%ed' and name not like 'order.network%%') order by at, id",
        APRIL,
    )
    assert [(row["name"], row["step"]) for row in told] == [
        ("dunning.opened", None),
        ("dunning.step_taken", "Reminder"),
        ("dunning.step_taken", "Final notice"),
        ("order.charge_added", None),
        ("dunning.step_taken", "Suspension"),
        ("order.suspended", None),
        ("dunning.ended", None),
        ("order.resumed", None),
    ]
    customer = books.one("select status from customers_customer where number = '1007'")
    assert customer["status"] == "active"


def test_the_next_run_carries_the_penalty(books: Books) -> None:
    drafts = books.rows(
        "select customer.number, draft.total from billing_rundraft draft"
        " join billing_billingrun run on run.id = draft.run_id"
        " join customers_customer customer on customer.id = draft.customer_id"
        " where run.bill_date = '2026-05-01' order by customer.number"
    )
    # 20.00 and the penalty of 5.00, less 1.33 for the last two days of April, and 0.67 for the second of them, on which
    # the service ran again
    assert {str(row["number"]): row["total"] for row in drafts} == {
        str(number): Decimal("24.34") if number == 1007 else Decimal("20.00") for number in range(1001, 1011)
    }


def test_the_ledger_balances_and_agrees_with_the_invoices(books: Books) -> None:
    assert books.rows("select entry_id from ledger_posting group by entry_id, currency having sum(amount) <> 0") == []
    receivable = books.one(
        "select sum(amount) from ledger_posting join ledger_account account on account.id = account_id"
        " where account.code = 'receivable'"
    )
    open_amount = books.one("select sum(open_amount) from invoicing_invoicebalance")
    assert receivable["sum"] == open_amount["sum"] == 0


def test_invoice_numbers_have_no_gaps(books: Books) -> None:
    numbers = [str(row["number"]) for row in books.rows("select number from invoicing_invoice order by number")]
    assert numbers == [f"INV-2026-{place:05d}" for place in range(1, 21)]


def test_the_mailbox_holds_the_invoice_with_its_pdf(books: Books) -> None:
    number = april_invoice(books, "1001")["number"]
    messages = [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in (books.home / "mailbox" / "kestrel").glob("*.eml")
    ]
    (invoice,) = [message for message in messages if f"Invoice {number} " in message["Subject"]]
    assert "accounts@harbour-bakery.example" in invoice["To"]
    (pdf,) = list(invoice.iter_attachments())
    assert pdf.get_content().startswith(b"%PDF-")
    late = {message["Subject"] for message in messages if "desk@oldmill-garage.example" in message["To"]}
    assert {"Your payment was declined", "Your service is suspended", "Your service is restored"} <= late
