"""Debits equal credits, an entry is posted once, and no statement changes that."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.builders import FIRST_DAY, OPENING, make_company

from billhook.core.journal import allocation, invoice_issued, payment_received
from billhook.core.money import Money
from billhook.foundation.scope import company_scope
from billhook.ledger.bulk import ToPost, account_ids, kind_of, post
from billhook.ledger.models import Account, Entry, Posting
from billhook.ledger.queries import account_balance, trial_balance, unbalanced_entries


@pytest.fixture(autouse=True)
def company(db):
    company = make_company()
    with company_scope(company):
        yield company


def euros(amount):
    return Money.of(Decimal(amount), "EUR")


def invoice(number="INV-1", net="20.00", tax="4.20"):
    entry = invoice_issued(
        document=number,
        total=euros(net) + euros(tax),
        revenue={"revenue": euros(net)},
        tax={"tax:vat": euros(tax)} if Decimal(tax) else {},
    )
    return ToPost(entry, "1001", FIRST_DAY)


def raw(*rows):
    """Insert postings past every check of ours: (entry, ordinal, account, currency, amount)."""
    with connection.cursor() as cursor:
        values = ", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(rows))
        company_id = Entry(kind="", document="", on=FIRST_DAY, at=OPENING).company_id
        cursor.execute(
            "insert into ledger_posting (company_id, entry_id, ordinal, account_id, currency, amount) values " + values,  # noqa: S608
            [value for row in rows for value in (company_id, *row)],
        )


def entry(document="raw"):
    return Entry.objects.create(kind="invoice_issued", document=document, on=FIRST_DAY, at=OPENING).pk


def test_an_entry_is_posted_with_its_postings():
    assert post([invoice()], at=OPENING) == 1
    stored = Entry.objects.get()
    assert (stored.kind, stored.document, stored.customer) == ("invoice_issued", "INV-1", "1001")
    assert (stored.on, stored.at) == (date(2026, 3, 1), OPENING)
    assert [(posting.ordinal, posting.account.code, posting.amount) for posting in stored.postings.all()] == [
        (1, "receivable", Decimal("24.2000")),
        (2, "revenue", Decimal("-20.0000")),
        (3, "tax:vat", Decimal("-4.2000")),
    ]


def test_nothing_to_post_posts_nothing():
    assert post([], at=OPENING) == 0


def test_accounts_are_opened_once_with_their_kind():
    ids = account_ids(["receivable", "tax:vat", "revenue"])
    assert account_ids(["tax:vat", "receivable"]) == {code: ids[code] for code in ("tax:vat", "receivable")}
    assert set(Account.objects.values_list("code", "kind", "name")) == {
        ("receivable", "asset", "Receivable"),
        ("revenue", "revenue", "Revenue"),
        ("tax:vat", "liability", "Tax: vat"),
    }
    assert (kind_of("revenue:voice"), kind_of("bad_debt"), kind_of("customer_credit")) == (
        "revenue",
        "expense",
        "liability",
    )


def test_balances_by_account_and_customer_sum_to_zero():
    other = ToPost(payment_received(document="P-1", amount=euros("5.00")), "1002", FIRST_DAY)
    settle = ToPost(allocation(document="P-1/1", amount=euros("5.00")), "1002", FIRST_DAY)
    post([invoice(), other, settle], at=OPENING)
    assert account_balance("receivable") == {"EUR": Decimal("19.2000")}
    assert account_balance("receivable", customer="1001") == {"EUR": Decimal("24.2000")}
    assert account_balance("nothing") == {}
    assert sum(row.balance for row in trial_balance()) == 0
    assert [row.code for row in trial_balance()] == ["cash", "customer_credit", "receivable", "revenue", "tax:vat"]
    assert unbalanced_entries() == []


@pytest.mark.parametrize("again", [[invoice()], [invoice("INV-2"), invoice()], [invoice("INV-3"), invoice("INV-3")]])
def test_a_document_is_posted_once_for_each_kind(again):
    post([invoice()], at=OPENING)
    with pytest.raises(IntegrityError, match="entry_once"), transaction.atomic():
        post(again, at=OPENING)
    assert Entry.objects.count() == 1
    assert Posting.objects.count() == 3


def test_another_kind_of_happening_may_post_the_same_document():
    post([invoice()], at=OPENING)
    assert post([ToPost(allocation(document="INV-1", amount=euros(1)), "1001", FIRST_DAY)], at=OPENING) == 1


@pytest.mark.parametrize(
    "amounts",
    [
        [("EUR", "10")],
        [("EUR", "10"), ("EUR", "-9.9999")],
        [("EUR", "10"), ("USD", "-10")],
        [("EUR", "10"), ("EUR", "-10"), ("USD", "0.0001")],
    ],
)
def test_the_database_refuses_postings_that_do_not_balance(amounts):
    pk, account = entry(), account_ids(["receivable"])["receivable"]
    rows = [(pk, ordinal, account, code, amount) for ordinal, (code, amount) in enumerate(amounts)]
    with pytest.raises(IntegrityError, match="are off by"), transaction.atomic():
        raw(*rows)
    assert not Posting.objects.exists()


def test_one_faulty_entry_among_many_is_found():
    good, bad, account = entry("good"), entry("bad"), account_ids(["receivable"])["receivable"]
    rows = [(good, 1, account, "EUR", "5"), (good, 2, account, "EUR", "-5"), (bad, 1, account, "EUR", "1")]
    with pytest.raises(IntegrityError, match=f"the postings of entry {bad} are off by 1"), transaction.atomic():
        raw(*rows)


def test_an_entry_that_stands_takes_nothing_more_though_it_balances():
    post([invoice()], at=OPENING)
    stored, account = Entry.objects.get(), account_ids(["receivable"])["receivable"]
    with pytest.raises(IntegrityError, match="takes no more postings"), transaction.atomic():
        raw((stored.pk, 8, account, "EUR", "7"), (stored.pk, 9, account, "EUR", "-7"))
    assert stored.postings.count() == 3


def test_an_entry_that_stands_takes_nothing_more_on_one_side():
    post([invoice()], at=OPENING)
    stored, account = Entry.objects.get(), account_ids(["receivable"])["receivable"]
    with pytest.raises(IntegrityError, match="are off by"), transaction.atomic():
        raw((stored.pk, 9, account, "EUR", "1"))


def test_a_posting_of_nothing_is_refused():
    with pytest.raises(IntegrityError, match="posting_not_zero"), transaction.atomic():
        raw((entry(), 1, account_ids(["cash"])["cash"], "EUR", "0"))


@pytest.mark.parametrize("statement", ["update ledger_{} set id = id", "delete from ledger_{}"])
@pytest.mark.parametrize("table", ["entry", "posting"])
def test_what_is_posted_stays(table, statement):
    post([invoice()], at=OPENING)
    with (
        connection.cursor() as cursor,
        pytest.raises(IntegrityError, match="written once and never changed"),
        transaction.atomic(),
    ):
        cursor.execute(statement.format(table))


def test_each_company_has_a_ledger_of_its_own():
    with company_scope(make_company("merlin")):
        post([invoice()], at=OPENING)
        assert Entry.objects.count() == 1
    assert not Entry.objects.exists()
    assert trial_balance() == []
    assert post([invoice()], at=OPENING) == 1


amounts = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(10**9), places=2)


@settings(max_examples=25)
@given(st.lists(st.tuples(amounts, amounts), min_size=1, max_size=8))
def test_whatever_is_posted_the_books_balance(pairs):
    with transaction.atomic():
        entries = [invoice(f"INV-{number}", str(net), str(tax)) for number, (net, tax) in enumerate(pairs)]
        post(entries, at=OPENING)
        assert sum(row.balance for row in trial_balance()) == 0
        assert account_balance("receivable") == {"EUR": sum(net + tax for net, tax in pairs)}
        assert unbalanced_entries() == []
        transaction.set_rollback(True)
