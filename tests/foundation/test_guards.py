"""What the models declare is what the database holds: policies, triggers, rights."""

from decimal import Decimal

import pytest
from django.db import Error, connections, transaction
from psycopg import sql
from tests.builders import FIRST_DAY, OPENING, make_books, run_bills

from billhook.core.journal import payment_received
from billhook.core.money import Money
from billhook.foundation import guards
from billhook.foundation.scope import company_scope, scoped_models
from billhook.ledger.bulk import ToPost, post

WRITES = "(company_id = (NULLIF(current_setting('app.company'::text, true), ''::text))::bigint)"
READS = "(company_id = ANY ((NULLIF(current_setting('app.readable'::text, true), ''::text))::bigint[]))"
POLICIES = {
    ("company_reads", "SELECT", READS, None),
    ("company_inserts", "INSERT", None, WRITES),
    ("company_updates", "UPDATE", WRITES, WRITES),
    ("company_deletes", "DELETE", WRITES, None),
}
OUTSIDE_ON_PURPOSE = {  # a person's and a program's way in: read before any company is chosen
    "foundation_membership",
    "foundation_apikey",
}
TABLES = [model._meta.db_table for model in scoped_models()]
APPEND_ONLY = [model._meta.db_table for model in scoped_models() if model.append_only]


def owner(statement, *arguments):
    with connections["owner"].cursor() as cursor:
        cursor.execute(statement, arguments)
        return cursor.fetchall() if cursor.description else []


def catalogue():
    """Return everything that the guards install, as the database sees it."""
    return (
        owner("select tablename, policyname, cmd, qual, with_check, roles from pg_policies order by 1, 2"),
        owner("select tgrelid::regclass::text, tgname, tgtype, tgenabled from pg_trigger order by 1, 2"),
        owner("select relname, relrowsecurity, relacl::text from pg_class where relkind = 'r' order by 1"),
    )


@pytest.mark.parametrize("table", TABLES)
def test_each_table_has_exactly_the_four_policies(table):
    found = owner("select policyname, cmd, qual, with_check from pg_policies where tablename = %s", table)
    assert set(found) == POLICIES
    assert owner("select relrowsecurity from pg_class where oid = %s::regclass", table) == [(True,)]
    assert owner("select distinct roles::text, permissive from pg_policies where tablename = %s", table) == [
        ("{public}", "PERMISSIVE")
    ]


def test_no_table_of_a_company_lies_outside():
    columns = owner(
        "select table_name from information_schema.columns where table_schema = 'public' and column_name = 'company_id'"
    )
    assert {name for (name,) in columns} == set(TABLES) | OUTSIDE_ON_PURPOSE


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_append_only_tables_have_both_triggers(table):
    triggers = dict(
        owner("select tgname, tgenabled from pg_trigger where tgrelid = %s::regclass and not tgisinternal", table)
    )
    assert triggers["refuse_change"] == triggers["refuse_truncate"] == "O"


def test_no_other_table_is_frozen():
    frozen = owner("select tgrelid::regclass::text from pg_trigger where tgname = 'refuse_change'")
    assert {name for (name,) in frozen} == set(APPEND_ONLY)


def test_what_is_written_once_is_written_once_for_everybody(committed, tmp_path):
    company = make_books(tmp_path)
    run_bills(company)
    entry = payment_received(document="P-1", amount=Money.of(Decimal(5), "EUR"))
    with company_scope(company):
        post([ToPost(entry, "1001", FIRST_DAY)], at=OPENING)
    tried = 0
    for table in APPEND_ONLY:
        (count,) = owner(sql.SQL("select count(*) from {}").format(sql.Identifier(table)))[0]
        for alias in ("default", "maintenance", "owner"):
            for statement in ("update {} set id = id", "delete from {}", "truncate {} cascade"):
                tried += refuses(alias, company, sql.SQL(statement).format(sql.Identifier(table)), rows=count)
        assert owner(sql.SQL("select count(*) from {}").format(sql.Identifier(table))) == [(count,)]
    assert tried > 60


def refuses(alias, company, statement, *, rows):
    """Require that a role cannot change a row: whoever may truncate meets the trigger, the app lacks the right."""
    truncates = "truncate" in statement.as_string(None)
    if not (rows or truncates):
        return 0
    reason = "permission denied" if truncates and alias == "default" else "written once and never changed"
    with company_scope(company), pytest.raises(Error, match=reason), transaction.atomic(using=alias):
        connections[alias].cursor().execute(statement)
    return 1


@pytest.mark.usefixtures("committed")
def test_installing_the_guards_again_changes_nothing():
    before = catalogue()
    guards.install()
    guards.install()
    assert catalogue() == before


@pytest.mark.usefixtures("committed")
def test_installing_the_guards_mends_what_was_taken_away():
    before = catalogue()
    owner("alter table foundation_event disable row level security")
    owner("drop policy company_reads on foundation_event")
    owner("drop trigger refuse_change on foundation_event")
    owner("drop policy company_updates on customers_customer")
    owner("create policy company_updates on customers_customer for update using (true)")
    assert catalogue() != before
    guards.install()
    assert catalogue() == before


@pytest.mark.parametrize("table", TABLES)
def test_the_app_may_read_and_write_but_not_empty_or_own(table):
    rights = owner(
        "select has_table_privilege('billhook_app', %s, 'select, insert, update, delete'),"
        " has_table_privilege('billhook_app', %s, 'truncate'),"
        " has_table_privilege('billhook_app', %s, 'references'),"
        " pg_get_userbyid(relowner) from pg_class where oid = %s::regclass",
        *[table] * 4,
    )
    assert rights == [(True, False, False, "billhook_owner")]


def test_only_maintenance_passes_row_security_by():
    found = owner("select rolname, rolbypassrls, rolsuper from pg_roles where rolname like 'billhook_%%' order by 1")
    assert found == [
        ("billhook_app", False, False),
        ("billhook_maintenance", True, False),
        ("billhook_owner", False, False),
    ]
