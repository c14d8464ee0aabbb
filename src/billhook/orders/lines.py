"""The versions of an order's lines, as its changes have them: what a rebuild reads and writes."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from billhook.catalog.models import Price
from billhook.core.phases import WITHOUT_END
from billhook.orders.models import Order, OrderChange, OrderLine, OrderLineVersion
from billhook.orders.timeline import Do, Laid, Step, Stretch, Terms, fold, lay

Told = dict[str, Any]
"""A step of a change as it is stored: the line's position, the day, what it does, and quantity or price."""


def told_step(
    line: OrderLine,
    on: date,
    do: Do,
    *,
    quantity: Decimal | None = None,
    price: Price | None = None,
    own_price: Mapping[str, Any] | None = None,
) -> Told:
    """Return a step as a change stores it; a published price by its version, which names it outside the database."""
    step: Told = {"line": line.position, "on": on.isoformat(), "do": do.value}
    if quantity is not None:
        step["quantity"] = format(quantity.normalize(), "f")
    if price is not None:
        step["price"] = price.version
    if own_price is not None:
        step["own_price"] = dict(own_price)
    return step


def canonical(own_price: Mapping[str, Any] | None) -> str:
    """Return a price of a line's own as text by which equal ones are known; empty for none."""
    return "" if own_price is None else json.dumps(own_price, sort_keys=True)


def terms_of(version: OrderLineVersion) -> Terms:
    """Return what a version costs."""
    return Terms(
        quantity=version.quantity.normalize(), price_id=version.price_id, own_price=canonical(version.own_price)
    )


def steps_of(changes: Iterable[OrderChange], lines: Sequence[OrderLine]) -> Mapping[int, list[Step]]:
    """Return the steps of changes by line, those of undone ones left out, in the order in which they were made."""
    told = [step for change in changes if change.state != "undone" for step in change.parameters.get("steps", ())]
    products = {line.position: line.product_id for line in lines}
    wanted = {(products[step["line"]], step["price"]) for step in told if "price" in step}
    prices = {
        (price.product_id, price.version): price.pk
        for price in (Price.objects.filter(product__in={product for product, _ in wanted}) if wanted else ())
    }
    found: dict[int, list[Step]] = defaultdict(list)
    for step in told:
        price_id = prices[products[step["line"]], step["price"]] if "price" in step else None
        found[step["line"]].append(
            Step(
                on=date.fromisoformat(step["on"]),
                do=Do(step["do"]),
                quantity=Decimal(step["quantity"]).normalize() if "quantity" in step else None,
                price_id=price_id,
                own_price=canonical(step.get("own_price")),
            )
        )
    return found


def base_of(versions: Iterable[OrderLineVersion]) -> list[Stretch]:
    """Return what was agreed with a line itself."""
    return [
        Stretch(version.starts_on, version.agreed_until or WITHOUT_END, terms_of(version))
        for version in versions
        if version.change_id is None
    ]


def _laid(version: OrderLineVersion) -> Laid:
    end = version.ends_on or WITHOUT_END
    until = WITHOUT_END if version.credited_from is None else max(end, version.credited_from)
    return Laid(version=version.version, start=version.starts_on, end=end, until=until, terms=terms_of(version))


def _wanted(line: OrderLine, steps: Sequence[Step]) -> list[Stretch]:
    if line.added_by is not None and line.added_by.state == "undone":
        return []
    return fold(base_of(line.versions.all()), steps)


def rebuild(order: Order, *, change: OrderChange) -> bool:
    """Let the versions of an order's lines follow its changes, and return whether anything moved.

    Versions are ended and opened, never rewritten: what a bill has read of them stays as it was.

    Args:
        order: whose row is locked.
        change: the one that opens versions, or was undone.
    """
    lines = list(OrderLine.objects.filter(order=order).select_related("added_by").prefetch_related("versions"))
    steps = steps_of(OrderChange.objects.filter(order=order), lines)
    moved = [_rebuild_line(line, _wanted(line, steps[line.position]), change) for line in lines]
    return any(moved)


def _rebuild_line(line: OrderLine, wanted: Sequence[Stretch], change: OrderChange) -> bool:
    versions = list(line.versions.all())
    plan = lay([_laid(version) for version in versions], wanted)
    ended = [version for version in versions if _end(version, plan.ends[version.version], line.kind)]
    OrderLineVersion.objects.bulk_update(ended, ["ends_on", "credit_due"])
    following = max(version.version for version in versions) + 1
    for number, stretch in enumerate(plan.opened, start=following):
        OrderLineVersion.objects.create(
            line=line,
            version=number,
            quantity=stretch.terms.quantity,
            price_id=stretch.terms.price_id,
            own_price=json.loads(stretch.terms.own_price) if stretch.terms.own_price else None,
            starts_on=stretch.start,
            ends_on=None if stretch.end == WITHOUT_END else stretch.end,
            change=change,
        )
    return bool(ended or plan.opened)


def _end(version: OrderLineVersion, end: date, kind: str) -> bool:
    """Let a version end on a day and return whether it did not before; usage that was billed is not given back."""
    ends_on = None if end == WITHOUT_END else end
    if version.ends_on == ends_on:
        return False
    billed = version.billed_through
    version.ends_on = ends_on
    version.credit_due = kind != "usage" and ends_on is not None and billed is not None and billed > ends_on
    return True
