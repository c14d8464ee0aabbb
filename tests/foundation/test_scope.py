"""One company never reads, changes, removes or adds a row of another, whatever is asked and however."""

import pytest
from django.db import Error, connection, connections, transaction
from psycopg import sql
from tests.builders import CLERK, OPENING, make_books, make_company, run_bills

from billhook.customers.events import AccountTypeCreated
from billhook.customers.models import AccountType, Customer
from billhook.customers.operations.account_types import create_account_type
from billhook.foundation.events import emit
from billhook.foundation.models import EventRecord, NumberSeries
from billhook.foundation.scope import (
    OutsideScopeError,
    ScopedModel,
    all_companies,
    company_scope,
    current_company,
    current_company_id,
    scoped_models,
)

FORBIDDEN = [
    "truncate foundation_event",
    "alter table foundation_event disable row level security",
    "alter table foundation_event disable trigger all",
    "drop policy company_reads on foundation_event",
    "drop table foundation_event",
    "create table public.mine (id int)",
    "create schema mine",
    "create policy everything on foundation_event using (true)",
    "set session_replication_role = replica",
    "alter role billhook_app bypassrls",
    "create or replace function billhook_refuse_change() returns trigger language plpgsql as 'begin return new; end'",
]


def make_kind(code):
    return create_account_type(code=code, name=code, actor=CLERK, at=OPENING)


def make_kind_and_fail(company):
    with company_scope(company):
        make_kind("lost")
        raise ZeroDivisionError


def rows(statement, arguments=()):
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        return cursor.fetchall()


def changed(statement, arguments=()):
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        return cursor.rowcount


@pytest.fixture
def two(db):
    return make_company("kestrel"), make_company("merlin")


@pytest.fixture
def two_books(committed, tmp_path):
    """Two companies whose every kind of row exists, as far as a first run makes it."""
    found = [make_books(tmp_path / code, code=code) for code in ("kestrel", "merlin")]
    for company in found:
        run_bills(company)
    return found


@pytest.mark.parametrize("model", scoped_models(), ids=lambda model: model._meta.db_table)
def test_no_table_answers_outside_a_scope(model):
    with pytest.raises(OutsideScopeError, match=r"company_scope\(company\)"):
        model.objects.count()


def test_related_rows_are_refused_outside_a_scope_too(two):
    with company_scope(two[0]):
        kind = make_kind("business")
    with pytest.raises(OutsideScopeError):
        list(kind.customer_set.all())
    with pytest.raises(OutsideScopeError):
        AccountType(code="x", name="x", currency="EUR")
    with pytest.raises(OutsideScopeError):
        emit(AccountTypeCreated(code="x"), actor=CLERK, at=OPENING)
    with pytest.raises(OutsideScopeError):
        current_company()


def test_each_company_sees_its_own(two):
    for company in two:
        with company_scope(company):
            make_kind(f"of-{company.code}")
    for company in two:
        with company_scope(company):
            assert [kind.code for kind in AccountType.objects.all()] == [f"of-{company.code}"]
            assert rows("select code from customers_accounttype") == [(f"of-{company.code}",)]


def test_scopes_nest_and_restore(two):
    kestrel, merlin = two
    with company_scope(kestrel):
        make_kind("outer")
        with company_scope(merlin):
            assert current_company_id() == merlin.pk
            make_kind("inner")
            with company_scope(kestrel, tree=True):
                assert rows("select code from customers_accounttype") == [("outer",)]
            assert rows("select code from customers_accounttype") == [("inner",)]
        assert current_company_id() == kestrel.pk
        assert rows("select code from customers_accounttype") == [("outer",)]
        make_kind("after")


def test_a_failing_inner_scope_restores_and_leaves_nothing(two):
    kestrel, merlin = two
    with company_scope(kestrel):
        make_kind("kept")
        with pytest.raises(ZeroDivisionError):
            make_kind_and_fail(merlin)
        with pytest.raises(ZeroDivisionError):
            make_kind_and_fail(kestrel)
        assert rows("select code from customers_accounttype") == [("kept",)]
    with company_scope(merlin):
        assert not AccountType.objects.exists()


def test_a_scope_inside_a_larger_transaction_closes_behind_itself(two):
    with company_scope(two[0]):
        make_kind("business")
    assert rows("select code from customers_accounttype") == []
    with pytest.raises(Error, match="row-level security"), transaction.atomic():
        changed(
            "insert into foundation_numberseries (company_id, code, pattern, next_number) values (%s, 'x', 'x', 1)",
            [two[0].pk],
        )


@pytest.mark.usefixtures("db")
def test_the_tree_is_read_but_only_the_one_company_written():
    parent = make_company("kestrel")
    child = make_company("reseller", parent=parent)
    grandchild = make_company("shop", parent=child)
    for company in (parent, child, grandchild):
        with company_scope(company):
            make_kind(f"of-{company.code}")
    with company_scope(parent, tree=True):
        assert {kind.code for kind in AccountType.objects.all()} == {"of-kestrel", "of-reseller", "of-shop"}
        assert AccountType.objects.update(name="changed") == 1
        assert changed("delete from customers_accounttype where company_id <> %s", [parent.pk]) == 0
        with pytest.raises(Error, match="row-level security"), transaction.atomic():
            NumberSeries.objects.create(company=child, code="x", pattern="{number}")
    with company_scope(child, tree=True):
        assert {kind.code for kind in AccountType.objects.all()} == {"of-reseller", "of-shop"}
    with company_scope(parent):
        assert [kind.code for kind in AccountType.objects.all()] == ["of-kestrel"]


@pytest.mark.usefixtures("committed")
def test_nothing_is_left_of_a_scope_that_fails():
    company = make_company()
    with company_scope(company):
        before = EventRecord.objects.count()
    with pytest.raises(ZeroDivisionError):
        make_kind_and_fail(company)
    with company_scope(company):
        assert not AccountType.objects.exists()
        assert EventRecord.objects.count() == before


@pytest.mark.usefixtures("committed")
def test_the_connection_sees_nothing_afterwards_and_does_not_stumble():
    company = make_company()
    for _ in range(2):
        with company_scope(company):
            make_kind(f"kind-{AccountType.objects.count()}")
        assert rows("select current_setting('app.company', true)") == [("",)]
        assert rows("select * from customers_accounttype") == []
        assert changed("update customers_accounttype set name = 'mine'") == 0
        with pytest.raises(Error, match="row-level security"):
            changed(
                "insert into customers_accounttype (company_id, code, name, currency, language, cycle_unit,"
                " cycle_count) values (%s, 'x', 'x', 'EUR', 'en', 'month', 1)",
                [company.pk],
            )


@pytest.mark.usefixtures("committed")
def test_everything_is_read_as_maintenance():
    for code in ("kestrel", "merlin"):
        with company_scope(make_company(code)):
            make_kind(f"of-{code}")
    with all_companies():
        assert {kind.code for kind in AccountType.objects.all()} == {"of-kestrel", "of-merlin"}
        assert AccountType.objects.all().db == "maintenance"
        with pytest.raises(OutsideScopeError):
            current_company_id()
    with pytest.raises(OutsideScopeError):
        AccountType.objects.count()


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_app_cannot_take_its_own_guards_away(statement):
    with pytest.raises(Error, match=r"permission denied|must be (owner|able|superuser)"), transaction.atomic():
        changed(statement)


@pytest.mark.usefixtures("two")
def test_switching_row_security_off_shows_an_error_not_the_rows():
    changed("set local row_security = off")
    with pytest.raises(Error, match="row-level security"), transaction.atomic():
        rows("select * from foundation_event")


def columns(model):
    return [field.column for field in model._meta.concrete_fields if not field.primary_key]


def attempts(model: type[ScopedModel], ours: int, theirs: int):
    """Yield what somebody in the scope of `ours` might try on the rows of `theirs`, and how many rows it may reach."""
    table = sql.Identifier(model._meta.db_table)
    yield sql.SQL("select * from {} where company_id = {}").format(table, theirs)
    yield sql.SQL("select * from {} where company_id <> {} for update").format(table, ours)
    yield sql.SQL("update {} set company_id = {} where company_id = {}").format(table, ours, theirs)
    yield sql.SQL("update {} set id = id where company_id <> {}").format(table, ours)
    yield sql.SQL("delete from {} where company_id = {}").format(table, theirs)
    yield sql.SQL("delete from {} where company_id <> {}").format(table, ours)


def smuggle(model: type[ScopedModel], theirs: int):
    """Return a copy of our rows as if they were the other company's."""
    names = columns(model)
    values = [sql.Literal(theirs) if name == "company_id" else sql.Identifier(name) for name in names]
    return sql.SQL("insert into {table} ({names}) select {values} from {table}").format(
        table=sql.Identifier(model._meta.db_table),
        names=sql.SQL(", ").join(map(sql.Identifier, names)),
        values=sql.SQL(", ").join(values),
    )


def test_no_statement_reaches_another_company(two_books):
    kestrel, merlin = two_books
    filled = 0
    for model in scoped_models():
        with company_scope(kestrel):
            for statement in attempts(model, kestrel.pk, merlin.pk):
                assert changed(statement) == 0, statement.as_string(connections["default"].connection)
            if not model.objects.exists():
                continue
            filled += 1
            with pytest.raises(Error, match="row-level security"), transaction.atomic():
                changed(smuggle(model, merlin.pk))
            if not model.append_only:
                give_away = sql.SQL("update {} set company_id = {}").format(
                    sql.Identifier(model._meta.db_table), merlin.pk
                )
                with pytest.raises(Error, match="row-level security"), transaction.atomic():
                    changed(give_away)
    assert filled > 20


def test_without_a_scope_every_table_is_empty(two_books):
    for model in scoped_models():
        assert changed(sql.SQL("select * from {}").format(sql.Identifier(model._meta.db_table))) == 0
        assert changed(sql.SQL("delete from {}").format(sql.Identifier(model._meta.db_table))) == 0
    with all_companies():
        assert Customer.objects.count() == len(two_books)
