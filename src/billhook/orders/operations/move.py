"""An order moves to another customer from a day on."""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import groupby

from django.db import transaction

from billhook.core.calendar import day_start
from billhook.core.changes import ChangePolicy
from billhook.core.errors import Refusal
from billhook.customers.models import Customer
from billhook.foundation.events import Actor, emit
from billhook.foundation.sequences import take_number
from billhook.orders.changing import ask, in_event, lock_running
from billhook.orders.events import OrderMoved, OrderPlaced
from billhook.orders.identifiers import claim_again
from billhook.orders.lines import rebuild
from billhook.orders.models import Order, OrderChange, OrderLine, OrderLineVersion
from billhook.orders.new_lines import add_version
from billhook.orders.operations.cancel import check_dependants, end_order, record_end
from billhook.orders.operations.place import ORDER_NUMBERS
from billhook.orders.queries import local_day


class MovedCurrencyError(Refusal):
    """Raised when an order is to move to a customer who is billed in another currency."""

    def __init__(self, order: str, ours: str, theirs: str) -> None:
        super().__init__(
            f"Order {order} is billed in {ours}, but that customer in {theirs}: cancel it, and place another order."
        )


class SameCustomerError(Refusal):
    """Raised when an order is to move to the customer who has it."""

    def __init__(self, order: str, customer: str) -> None:
        super().__init__(f"Order {order} belongs to customer {customer} already: name another customer.")


@transaction.atomic
def move_order(
    *,
    order: Order,
    to: Customer,
    actor: Actor,
    at: datetime,
    on: date | None = None,
    policy: ChangePolicy | None = None,
) -> Order:
    """Move an order: the one customer gets back what is unused, the other is billed from the day on.

    The other customer gets an order with the same terms, and the identifiers of its usage.

    Args:
        order: not over yet.
        to: the other customer, billed in the same currency.
        actor: who moves it.
        at: when it is asked for.
        on: the other customer's first day, which may lie in the past; None for what the policy says.
        policy: of this change; None for the company's.

    Returns:
        The other customer's order.

    Raises:
        OrderIsOverError: the order has ended or was cancelled.
        SameCustomerError, MovedCurrencyError: it cannot move to that customer.
        OutsideOrderError, ContradictingChangeError: the day lies before its start, or after its end.
        DependsOnError: another order needs it.
    """
    lock_running(order)
    if to.pk == order.customer_id:
        raise SameCustomerError(order.number, to.number)
    if to.currency != order.customer.currency:
        raise MovedCurrencyError(order.number, order.customer.currency, to.currency)
    asked = ask(order, on=on, policy=policy, at=at)
    day = asked.day
    check_dependants(order, day)
    moved = _place_same(order, to, day, local_day(at, to))
    change = record_end(order, "move", asked, actor=actor, at=at, moved_to=moved.number)
    for line in _copy_lines(asked.versions, moved, day):
        theirs = [kept for kept in change.parameters["identifiers"] if kept["line"] == line.position]
        claim_again(line, theirs, day_start(day, to.zone))
    rebuild(order, change=change)
    _tell(order, moved, change, actor=actor, at=at)
    end_order(order=order, change=change, actor=actor, at=at)
    return moved


def _place_same(order: Order, to: Customer, day: date, today: date) -> Order:
    return Order.objects.create(
        number=take_number("order", year=day.year, pattern=ORDER_NUMBERS),
        customer=to,
        plan=order.plan,
        status="pending" if day > today else "active",
        starts_on=day,
        ends_on=order.ends_on,
        due_days=order.due_days,
        purchase_order=order.purchase_order,
        contract=order.contract,
        custom=order.custom,
        depends_on=None,
        note=order.note,
    )


def _copy_lines(versions: Sequence[OrderLineVersion], moved: Order, day: date) -> list[OrderLine]:
    """Give the other order the lines as they are from a day on, and return them."""
    copies = []
    left = (version for version in versions if _goes_along(version, day))
    for line, of_line in groupby(left, key=lambda version: version.line):
        copy = _copy_line(line, moved)
        for number, version in enumerate(of_line, start=1):
            add_version(
                copy,
                number,
                on=max(day, version.starts_on),
                until=version.ends_on,
                quantity=version.quantity,
                price=version.price,
                own=version.own_price,
            )
        copies.append(copy)
    return copies


def _goes_along(version: OrderLineVersion, day: date) -> bool:
    """Return whether a version is for the other customer, too: it is not over, nor charged once before."""
    over = version.ends_on is not None and version.ends_on <= day
    return not over and not (version.line.kind in {"one_time", "penalty"} and version.starts_on < day)


def _copy_line(line: OrderLine, moved: Order) -> OrderLine:
    return OrderLine.objects.create(
        order=moved,
        position=line.position,
        product=line.product,
        description=line.description,
        kind=line.kind,
        timing=line.timing,
        cadence_unit=line.cadence_unit,
        cadence_count=line.cadence_count,
        alignment=line.alignment,
        proration=line.proration,
        discount_percent=line.discount_percent,
    )


def _tell(order: Order, moved: Order, change: OrderChange, *, actor: Actor, at: datetime) -> None:
    placed = OrderPlaced(
        customer=moved.customer.number,
        order=moved.number,
        what=moved.plan.name if moved.plan else f"what order {order.number} was for",
        starts_on=moved.starts_on,
    )
    emit(placed, actor=actor, at=at)
    told = OrderMoved(**in_event(order, change), to=moved.customer.number, as_order=moved.number)
    emit(told, actor=actor, at=at)
