"""What was billed is written on the order lines, for many at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection

from billhook.orders.models import OrderLineVersion


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


@dataclass(frozen=True, slots=True)
class Credited:
    """A line version, and the first day of which a document gives something back."""

    version_id: int
    day: date


def mark_credited(credited: Iterable[Credited]) -> int:
    """Write down from which day on line versions are given back, and return how many; their documents tell of it."""
    rows = list(credited)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            update orders_orderlineversion version set credited_from = least(version.credited_from, given.day)
            from (select id, min(day) as day from unnest(%s::bigint[], %s::date[]) as row(id, day) group by id) given
            where version.id = given.id
            """,
            [[row.version_id for row in rows], [row.day for row in rows]],
        )
        return int(cursor.rowcount)


def mark_settled(version_ids: Sequence[int]) -> int:
    """Write down that nothing of some line versions is left to give back, and return of how many."""
    return OrderLineVersion.objects.filter(pk__in=version_ids, credit_due=True).update(credit_due=False)
