"""Reads of the tree of customers, each in a number of statements that does not depend on how many there are."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from django.db import connection

from billhook.customers.models import Customer

DEEPEST = 20
"""How many customers may stand one under the other, the top one included."""

# The limit of distance ends a walk even where a tree were no tree.
UPWARDS = """
with recursive above as (
    select id as base, id, parent_id, invoiced_separately, 0 as distance from customers_customer where id = any(%s)
    union all
    select above.base, up.id, up.parent_id, up.invoiced_separately, above.distance + 1
    from customers_customer up join above on up.id = above.parent_id where above.distance < 100
)
select base, id, distance, invoiced_separately or parent_id is null from above order by base, distance
"""
DOWNWARDS = """
with recursive below as (
    select id as base, id, 0 as distance from customers_customer where id = any(%s)
    union all
    select below.base, down.id, below.distance + 1
    from customers_customer down join below on down.parent_id = below.id
    where below.distance < 100 and (not %s or not down.invoiced_separately)
)
select base, id, distance from below where distance > 0 order by base, distance, id
"""


def _rows(statement: str, customers: Sequence[Customer], *more: bool) -> list[tuple[int, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [[customer.pk for customer in customers], *more])
        return list(cursor.fetchall())


def _below(customers: Sequence[Customer], *, rolled_up: bool = False) -> list[tuple[int, ...]]:
    """Return base, primary key and distance of all below, or of those alone who are billed on the base's invoice."""
    return _rows(DOWNWARDS, customers, rolled_up)


def _above(customer: Customer) -> list[int]:
    """Return the primary keys of the customers above one, the nearest first."""
    return [pk for _, pk, distance, _ in _rows(UPWARDS, [customer]) if distance]


def ancestors(customer: Customer) -> list[Customer]:
    """Return the customers above one, the nearest first."""
    rows = _above(customer)
    found = Customer.objects.in_bulk(rows)
    return [found[pk] for pk in rows]


def stands_under(customer: Customer, other: Customer) -> bool:
    """Return whether a customer stands under another at any depth."""
    return other.pk in _above(customer)


def descendants(customer: Customer) -> list[Customer]:
    """Return the customers below one at any depth, nearer ones first."""
    rows = _below([customer])
    found = Customer.objects.in_bulk([pk for _, pk, _ in rows])
    return [found[pk] for _, pk, _ in rows]


def levels_above(customer: Customer) -> int:
    """Return how many customers stand above one."""
    return len(_above(customer))


def levels_below(customer: Customer) -> int:
    """Return how many customers at most stand one under the other below one."""
    return max((distance for _, _, distance in _below([customer])), default=0)


def invoiced_ancestors(customers: Sequence[Customer]) -> Mapping[int, Customer]:
    """Return on whose invoice each of some customers is billed, by the primary key of the customer.

    It is its own where it is invoiced separately or at the top, else that of the nearest customer above who is.
    """
    nearest: dict[int, int] = {}
    for base, pk, _, invoiced in _rows(UPWARDS, customers):
        if invoiced:
            nearest.setdefault(base, pk)
    found = Customer.objects.select_related("account_type").in_bulk(set(nearest.values()))
    return {base: found[pk] for base, pk in nearest.items()}


def invoiced_ancestor(customer: Customer) -> Customer:
    """Return on whose invoice a customer is billed: the customer itself, or the nearest one above who is invoiced."""
    return invoiced_ancestors([customer])[customer.pk]


def children_rolled_up(customers: Sequence[Customer]) -> Mapping[int, list[Customer]]:
    """Return the customers below each of some who are billed on its invoice, nearer ones first, whatever their status.

    Keyed by the primary key of each customer asked for; one that is itself billed on another's invoice has an empty
    list, its children are in that other's.
    """
    billed = [customer for customer in customers if customer.invoiced_separately or customer.parent_id is None]
    rows = _below(billed, rolled_up=True)
    found = Customer.objects.select_related("account_type").in_bulk([pk for _, pk, _ in rows])
    below: dict[int, list[Customer]] = defaultdict(list, {customer.pk: [] for customer in customers})
    for base, pk, _ in rows:
        below[base].append(found[pk])
    return dict(below)
