"""What the database itself holds: row-level security, append-only tables and the rights of the three roles.

The models declare (`ScopedModel`, `append_only`), this module enforces, after every migration and idempotently, and a
structure test compares the declarations with the database's own catalogue.
"""

from django.db import connections, transaction
from psycopg import sql

from billhook.foundation.addresses import APP, MAINTENANCE
from billhook.foundation.scope import ScopedModel, scoped_models

# A bare cast would raise after the first transaction, when the setting is an empty text rather than null.
WRITES = "company_id = nullif(current_setting('app.company', true), '')::bigint"
READS = "company_id = any(nullif(current_setting('app.readable', true), '')::bigint[])"

POLICIES = {
    "reads": f"for select using ({READS})",
    "inserts": f"for insert with check ({WRITES})",
    "updates": f"for update using ({WRITES}) with check ({WRITES})",
    "deletes": f"for delete using ({WRITES})",
}

RIGHTS = f"""
grant usage on schema public to {APP}, {MAINTENANCE};
grant select, insert, update, delete on all tables in schema public to {APP}, {MAINTENANCE};
grant truncate on all tables in schema public to {MAINTENANCE};
grant usage, select, update on all sequences in schema public to {APP}, {MAINTENANCE};
"""

REFUSE_CHANGE = """
create or replace function billhook_refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% rows are written once and never changed: correct them with a new document', tg_table_name
        using errcode = 'restrict_violation';
end $$;
"""


def policy_statements(model: type[ScopedModel]) -> list[sql.Composed]:
    """Return the statements that put one table under row-level security."""
    table = sql.Identifier(model._meta.db_table)
    statements = [sql.SQL("alter table {} enable row level security").format(table)]
    for name, rule in POLICIES.items():
        policy = sql.Identifier(f"company_{name}")
        statements += [
            sql.SQL("drop policy if exists {} on {}").format(policy, table),
            sql.SQL("create policy {} on {} " + rule).format(policy, table),
        ]
    return statements


def append_only_statements(model: type[ScopedModel]) -> list[sql.Composed]:
    """Return the statements that make one table refuse UPDATE, DELETE and TRUNCATE."""
    table = sql.Identifier(model._meta.db_table)
    trigger = sql.SQL(
        "create or replace trigger {} before {} on {} for each {} execute function billhook_refuse_change()"
    )
    return [
        trigger.format(sql.Identifier("refuse_change"), sql.SQL("update or delete"), table, sql.SQL("row")),
        trigger.format(sql.Identifier("refuse_truncate"), sql.SQL("truncate"), table, sql.SQL("statement")),
    ]


def install(*, alias: str = "owner") -> None:
    """Put every company-owned table under its guards, as the owner of the tables.

    In one transaction, so that at no moment a table stands without its policies.
    """
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute(RIGHTS)
        cursor.execute(REFUSE_CHANGE)
        for model in scoped_models():
            statements = policy_statements(model)
            if model.append_only:
                statements += append_only_statements(model)
            for statement in statements:
                cursor.execute(statement)
