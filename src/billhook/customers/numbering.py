"""Numbers within a customer: of contacts, notes, tax ids and changes of its cycle."""

from typing import Any

from django.db.models import Max, QuerySet


def next_number(rows: QuerySet[Any], column: str = "number") -> int:
    """Return the number after the last of a customer's rows, 1 where there is none; call it with the customer locked.

    Args:
        rows: all that the customer has of a kind.
        column: the one that numbers them.
    """
    return (rows.aggregate(last=Max(column))["last"] or 0) + 1
