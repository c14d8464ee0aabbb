"""A line of an order is changed from a day on: its quantity, its price, or both."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from billhook.catalog.models import Price
from billhook.core.changes import ChangePolicy
from billhook.foundation.events import Actor, emit
from billhook.orders.changing import (
    ask,
    check_agrees,
    covering,
    in_event,
    line_at,
    lock_running,
    open_suspension,
    reaching_steps,
    record,
)
from billhook.orders.events import LineChanged
from billhook.orders.lines import Told, rebuild, told_step
from billhook.orders.models import Order, OrderChange, OrderLine, OrderLineVersion
from billhook.orders.new_lines import OwnPrice
from billhook.orders.refusals import NothingChangesError, OutsideOrderError, QuantityError
from billhook.orders.timeline import Do


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTerms:
    """What a line is to be from a day on; what is None stays as it was."""

    quantity: Decimal | None = None
    price: Price | OwnPrice | None = None


@transaction.atomic
def change_line(
    *,
    order: Order,
    position: int,
    terms: LineTerms,
    actor: Actor,
    at: datetime,
    on: date | None = None,
    policy: ChangePolicy | None = None,
) -> OrderChange:
    """Change a line's quantity or price; what was billed beyond the day is given back as the policy says.

    A line that stands still has its other terms when it runs again.

    Args:
        order: not over yet.
        position: of the line.
        terms: the quantity, the price, or both.
        actor: who changes it.
        at: when it is asked for.
        on: the first day of the change, which may lie in the past; None for what the policy says.
        policy: of this change; None for the company's.

    Raises:
        OrderIsOverError: the order has ended or was cancelled.
        OutsideOrderError: the line is not in force on the day.
        ContradictingChangeError: an open change says otherwise.
        NothingChangesError: the line has these terms already.
        QuantityError: the quantity is below zero.
    """
    lock_running(order)
    line = line_at(order, position)
    what = f"Line {position} of order {order.number}"
    if terms.quantity is not None and terms.quantity < 0:
        raise QuantityError(what)
    asked = ask(order, on=on, policy=policy, at=at, line=line)
    versions, day = asked.versions, asked.day
    _check_in_force(order, line, versions, day)
    reaching, charged_from = reaching_steps(versions, day, asked.policy.how)
    steps = [*reaching, set_step(line, charged_from, terms, order.customer.currency)]
    check_agrees(order, steps)
    change = record(order, "change_line", on=day, steps=steps, policy=asked.policy, actor=actor, at=at, line=line)
    if not rebuild(order, change=change) and open_suspension(order) is None:
        raise NothingChangesError(what, day)
    changed = LineChanged(**in_event(order, change), line=line.description, what=_in_words(terms))
    emit(changed, actor=actor, at=at)
    return change


def _check_in_force(order: Order, line: OrderLine, versions: Sequence[OrderLineVersion], day: date) -> None:
    what = f"Line {line.position} of order {order.number}"
    in_force = covering(versions, day)
    waits = any(version.starts_on > day for version in versions) or open_suspension(order) is not None
    if in_force is None and not waits:
        starts_on = min((version.starts_on for version in versions), default=order.starts_on)
        raise OutsideOrderError(what, day, starts_on=starts_on, ends_on=order.ends_on)
    if line.kind in {"one_time", "penalty"} and in_force and in_force.billed_through is not None:
        raise NothingChangesError(f"{what}, which is charged once and billed,", day)


def set_step(line: OrderLine, on: date, terms: LineTerms, currency: str) -> Told:
    """Return the step that sets a line's terms; a price of its own is built once, so that a wrong one is refused."""
    if isinstance(terms.price, OwnPrice):
        own = terms.price.checked(currency)
        return told_step(line, on, Do.SET, quantity=terms.quantity, own_price=own)
    return told_step(line, on, Do.SET, quantity=terms.quantity, price=terms.price)


def _in_words(terms: LineTerms) -> str:
    parts = [] if terms.quantity is None else [f"quantity {terms.quantity.normalize():f}"]
    if isinstance(terms.price, OwnPrice):
        parts.append(f"a {terms.price.model.replace('_', ' ')} price of its own")
    elif terms.price is not None:
        parts.append(f"price version {terms.price.version}")
    return " and ".join(parts)
