"""Many rows at once: COPY into a temporary table on Django's own connection, then INSERT … SELECT under the policy.

COPY FROM is refused under row-level security; the temporary table has none, and the rows stay in the transaction
of their events and jobs.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models
from psycopg import sql


def insert_rows(model: type[models.Model], fields: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Insert rows of one table and return how many.

    Args:
        model: the table.
        fields: names of the model's concrete fields, in the order of each row; all others take their database default.
        rows: values as psycopg adapts them (JSON as `Jsonb`).

    Raises:
        django.db.IntegrityError: a constraint refuses a row; none is stored.
        django.db.ProgrammingError: a row belongs to another company.
    """
    columns = [model._meta.get_field(name).column for name in fields]  # type: ignore[union-attr]
    table, staging = model._meta.db_table, f"staging_{model._meta.db_table}"
    names = sql.SQL(", ").join([sql.Identifier(str(column)) for column in columns])
    # The driver's own cursor can copy; its errors are to be Django's, as everywhere else.
    with connection.cursor() as cursor, connection.wrap_database_errors:
        raw = cursor.connection.cursor()
        raw.execute(
            sql.SQL("create temporary table {} on commit drop as select {} from {} with no data").format(
                sql.Identifier(staging), names, sql.Identifier(table)
            )
        )
        with raw.copy(sql.SQL("copy {} ({}) from stdin").format(sql.Identifier(staging), names)) as copy:
            for row in rows:
                copy.write_row(row)
        raw.execute(
            sql.SQL("insert into {} ({}) select {} from {}").format(
                sql.Identifier(table), names, names, sql.Identifier(staging)
            )
        )
        inserted: int = raw.rowcount
        raw.execute(sql.SQL("drop table {}").format(sql.Identifier(staging)))
    return inserted


def reserve_ids(model: type[models.Model], count: int) -> list[int]:
    """Reserve primary keys of one table, ascending, so that children can name their parents before either is stored."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select nextval(pg_get_serial_sequence(%s, 'id')) from generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return [row[0] for row in cursor.fetchall()]
