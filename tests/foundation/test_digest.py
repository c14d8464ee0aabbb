"""Equal happenings make equal digests, whatever the ids, the order and the hour; any other amount makes another."""

from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from tests.builders import (
    CLERK,
    FIRST_DAY,
    OPENING,
    activate_plugins,
    make_catalog,
    make_company,
    make_source,
    set_policies,
    sign_up_customer,
)

from billhook.catalog.operations.products import create_product
from billhook.catalog.operations.taxes import set_tax_rate
from billhook.core.journal import payment_received
from billhook.core.money import Money
from billhook.foundation import digest as digests
from billhook.foundation.bulk import reserve_ids
from billhook.foundation.digest import add_to_digest, book_columns, digest, digest_parts, natural_key, rows_of
from billhook.foundation.models import Company
from billhook.foundation.scope import Book, company_scope, scoped_models
from billhook.ledger.bulk import ToPost, post

# Tables that are no books, each with its reason.
NO_BOOKS = {
    "foundation_eventseal": "seals follow the order and hour of recording, which do not count",
    "foundation_keptanswer": "answers are kept for a day and then forgotten",
}


@pytest.fixture(autouse=True)
def _in_a_transaction(db):
    return db


@contextmanager
def told(folder, *, products=("alpha", "beta"), ids=0, **catalog):
    """Tell a small story in a company that is gone afterwards; surrogate ids go on counting."""
    with transaction.atomic():
        company = make_company()
        with company_scope(company):
            for model in scoped_models() if ids else ():
                reserve_ids(model, ids)
            for code in products:
                create_product(code=code, name=code, kind="one_time", actor=CLERK, at=OPENING)
            make_catalog(**catalog)
            activate_plugins(folder)
            make_source()
            set_policies()
            for number in ("1001", "1002"):
                sign_up_customer(number)
            entry = payment_received(document="P-1", amount=Money.of(Decimal(5), "EUR"))
            post([ToPost(entry, "1001", FIRST_DAY)], at=OPENING)
        yield company
        transaction.set_rollback(True)


def told_digest(folder, **how):
    with told(folder, **how) as company:
        return digest(company)


def test_ids_and_recording_times_do_not_count(tmp_path):
    assert told_digest(tmp_path) == told_digest(tmp_path, ids=17)


def test_the_order_of_recording_does_not_count(tmp_path):
    assert told_digest(tmp_path) == told_digest(tmp_path, products=("beta", "alpha"))


def test_where_plugins_write_does_not_count(tmp_path):
    assert told_digest(tmp_path / "here") == told_digest(tmp_path / "there")


@pytest.mark.parametrize("how", [{"fee": "20.01"}, {"price_per_minute": "0.06"}, {"products": ("alpha", "gamma")}])
def test_another_amount_is_another_digest(tmp_path, how):
    assert told_digest(tmp_path) != told_digest(tmp_path, **how)


CHANGES = [
    ("customers_customer", "name = name || '.' where number = '1001'"),
    ("customers_customer", "next_invoice_on = next_invoice_on + 1 where number = '1001'"),
    ("orders_orderlineversion", "quantity = 2"),
    ("catalog_rate", "price_per_minute = price_per_minute + 0.000000000001 where prefix = '31'"),
    ("orders_usageidentifier", "valid_from = valid_from + interval '1 microsecond' where value = 'KN1001'"),
    ("customers_paymentinstrument", "position = 2"),
    ("foundation_numberseries", "next_number = next_number + 1"),
    ("dunning_dunningstep", "actions = '[]' where position = 1"),
]


@pytest.mark.parametrize(("table", "change"), CHANGES)
def test_every_changed_column_counts(tmp_path, table, change):
    with told(tmp_path) as company:
        before = digest_parts(company)
        with company_scope(company), connection.cursor() as cursor:
            cursor.execute(f"update {table} set {change}")  # noqa: S608 - our own words
            assert cursor.rowcount
        after = digest_parts(company)
    assert {name for name in before if before[name] != after[name]} >= {table}


def test_a_row_more_is_another_digest(tmp_path):
    with told(tmp_path) as company:
        before = digest(company)
        with company_scope(company):
            set_tax_rate(
                tax_category="x", code="x", name="x", percent=Decimal(1), valid_from=FIRST_DAY, actor=CLERK, at=OPENING
            )
        assert digest(company) != before


def test_another_companys_books_do_not_count(tmp_path):
    with told(tmp_path) as company:
        before = digest(company)
        with company_scope(make_company("merlin")):
            make_catalog()
        assert digest(company) == before


def test_extra_lines_count_in_their_order(monkeypatch):
    monkeypatch.setattr(digests, "_extra", {})
    company = make_company()
    plain = digest(company)
    add_to_digest("lake", lambda company: [b"one", company.code.encode()])
    first = digest(company)
    add_to_digest("lake", lambda company: [company.code.encode(), b"one"])
    assert len({plain, first, digest(company)}) == 3


@pytest.mark.parametrize(
    ("one", "same"),
    [
        (Decimal("20.00"), Decimal("20.000000000000")),
        (Decimal(100), Decimal("1E+2")),
        (OPENING, OPENING.astimezone()),
        (b"abc", memoryview(b"abc")),
    ],
)
def test_equal_values_have_one_form(one, same):
    assert digests._plain(one) == digests._plain(same)


def test_different_values_have_different_forms():
    values = [
        Decimal("0.1"),
        Decimal("0.10000000000001"),
        OPENING,
        OPENING + timedelta(microseconds=1),
        date(2026, 3, 1),
    ]
    assert len({str(digests._plain(value)) for value in values}) == len(values)


def test_natural_keys_follow_foreign_keys():
    by_table = {model._meta.db_table: model for model in scoped_models()}
    assert natural_key(by_table["orders_orderlineversion"]) == ["line__order__number", "line__position", "version"]
    assert natural_key(by_table["ledger_posting"]) == ["entry__kind", "entry__document", "ordinal"]


@pytest.mark.parametrize("model", scoped_models(), ids=lambda model: model._meta.db_table)
def test_every_table_is_a_book_or_says_why_not(model):
    if model.book is None:
        assert NO_BOOKS[model._meta.db_table]
        return
    assert model._meta.db_table not in NO_BOOKS
    known = {field.name for field in model._meta.fields}
    assert {*model.book.key, *model.book.without} <= known
    assert not {"id", "company"} & set(model.book.without), "these are left out anyway"
    assert not [path for path in book_columns(model) if path.rpartition("__")[2] == "id"], "a surrogate id would count"


def named_by_others():
    """Return the books that other books name by a foreign key, so that the natural key alone stands for the row."""
    fields = [field for model in scoped_models() if model.book for field in model._meta.fields]
    return sorted(
        {field.related_model for field in fields if field.many_to_one} - {Company}, key=lambda model: model.__name__
    )


@pytest.mark.parametrize("model", named_by_others(), ids=lambda model: model._meta.db_table)
def test_a_natural_key_that_stands_for_a_row_is_unique(model):
    unique = [set(constraint.fields) - {"company"} for constraint in model._meta.total_unique_constraints]
    unique += [{field.name} for field in model._meta.fields if field.unique]
    assert set(model.book.key) - {"company"} in unique


def test_rows_to_compare_by_eye_are_in_the_order_of_their_keys(tmp_path):
    by_table = {model._meta.db_table: model for model in scoped_models()}
    with told(tmp_path) as company, company_scope(company):
        rows = rows_of(by_table["orders_orderline"])
    assert [(row["order__number"], row["position"]) for row in rows] == [
        (order, position) for order in ("O-000001", "O-000002") for position in (1, 2)
    ]


def test_a_model_without_a_book_is_told_apart_by_its_unique_column():
    assert natural_key(type(make_company())) == ["code"]
    assert Book(key=("a",)).without == ()
