"""What was billed is written on the order lines, for many at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import connection


@dataclass(frozen=True, slots=True)
class BilledThrough:
    """A line version and the day up to which, not including, it is billed now."""

    version_id: int
    day: date


def mark_billed_through(billed: Iterable[BilledThrough]) -> int:
    """Move `billed_through` forward, never back, and return how many versions moved; their invoices tell of it."""
    rows = list(billed)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            update orders_orderlineversion version set billed_through = billed.day
            from (select id, max(day) as day from unnest(%s::bigint[], %s::date[]) as given(id, day) group by id) billed
            where version.id = billed.id and (version.billed_through is null or version.billed_through < billed.day)
            """,
            [[row.version_id for row in rows], [row.day for row in rows]],
        )
        return int(cursor.rowcount)
