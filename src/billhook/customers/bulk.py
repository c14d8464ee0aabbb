"""Happenings to many customers at once."""

from collections.abc import Mapping
from datetime import date

from django.db import connection


def move_next_invoice(dates: Mapping[int, date]) -> int:
    """Move the next bill dates of customers on, never back, and return how many moved; their invoices tell of it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            update customers_customer customer set next_invoice_on = moved.day
            from unnest(%s::bigint[], %s::date[]) as moved(id, day)
            where customer.id = moved.id and customer.next_invoice_on < moved.day
            """,
            [list(dates.keys()), list(dates.values())],
        )
        return int(cursor.rowcount)
