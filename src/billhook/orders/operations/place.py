"""A customer orders a plan, or a free combination of products."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction

from billhook.catalog.models import Plan
from billhook.core.errors import Refusal
from billhook.customers.models import Customer
from billhook.foundation.constraints import refusing
from billhook.foundation.events import Actor, emit
from billhook.foundation.sequences import take_number
from billhook.orders.contracts import ContractTerms, stored
from billhook.orders.events import OrderPlaced
from billhook.orders.identifiers import claim
from billhook.orders.models import Order
from billhook.orders.new_lines import NewLine, add_new_line, add_plan_line
from billhook.orders.prices import plan_items
from billhook.orders.queries import local_day
from billhook.orders.refusals import DependsOnError

ORDER_NUMBERS = "O-{number:06d}"


class NothingOrderedError(Refusal):
    """Raised when an order names neither a plan nor a product."""

    def __init__(self) -> None:
        super().__init__("The order is empty: name a plan, or at least one product.")


class ExternalKeyTakenError(Refusal):
    """Raised when another order has an external key already."""

    def __init__(self, key: str) -> None:
        super().__init__(f"There is an order with the external key {key} already: look at that one, or choose another.")


class OrderDatesError(Refusal):
    """Raised when an order ends before it starts."""

    def __init__(self, starts_on: date, ends_on: date) -> None:
        super().__init__(f"The order would end on {ends_on}, before it starts on {starts_on}: swap the dates.")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTerms:
    """What is agreed about an order as a whole.

    Args:
        ends_on: the first day without it, of an order with a fixed term; None without end.
        contract: what binds the customer longer.
        due_days: its own days until payment.
        purchase_order: the customer's number of it.
        external_key: its name in another system; unique in the company.
        depends_on: the order that it needs on all its days.
        custom: further fields.
        note: for the company's own people.
    """

    ends_on: date | None = None
    contract: ContractTerms | None = None
    due_days: int | None = None
    purchase_order: str = ""
    external_key: str = ""
    depends_on: Order | None = None
    custom: dict[str, Any] = field(default_factory=dict)
    note: str = ""


@transaction.atomic
def place_order(
    *,
    customer: Customer,
    plan: Plan | None = None,
    starts_on: date,
    identifiers: tuple[str, ...] = (),
    lines: Sequence[NewLine] = (),
    terms: OrderTerms | None = None,
    actor: Actor,
    at: datetime,
) -> Order:
    """Place an order for a plan, for products, or for both, with the prices in force on its first day.

    Args:
        customer: who orders.
        plan: what is ordered as one.
        starts_on: the first day that is billed, in the past, now or later; until then the order is pending.
        identifiers: the account codes or numbers whose usage belongs to the plan's usage line.
        lines: products that are ordered beside it.
        terms: what is agreed about the order as a whole.
        actor: who places the order.
        at: when; usage counts from this instant.

    Raises:
        NothingOrderedError: there is neither plan nor line.
        IdentifierTakenError: an identifier belongs to another order.
        NoPriceError: a product has no price on the first day.
        ExternalKeyTakenError: another order has the external key.
        DependsOnError: the order that it needs does not run on all its days.
    """
    if plan is None and not lines:
        raise NothingOrderedError
    terms = terms or OrderTerms()
    order = _create(customer, plan, starts_on, terms, today=local_day(at, customer))
    for ordered, price in plan_items(plan, customer, starts_on) if plan else ():
        line = add_plan_line(order, ordered, price, starts_on, until=terms.ends_on)
        if line.kind == "usage":
            claim(line, "account", identifiers, at)
    for new in lines:
        claim(add_new_line(order, new, starts_on, until=terms.ends_on), "account", new.identifiers, at)
    what = plan.name if plan else ", ".join(line.description for line in order.lines.all())
    emit(OrderPlaced(customer=customer.number, order=order.number, what=what, starts_on=starts_on), actor=actor, at=at)
    return order


def _create(customer: Customer, plan: Plan | None, starts_on: date, terms: OrderTerms, *, today: date) -> Order:
    """Create the order without its lines; the database decides who has an external key first."""
    if terms.ends_on is not None and terms.ends_on < starts_on:
        raise OrderDatesError(starts_on, terms.ends_on)
    number = take_number("order", year=starts_on.year, pattern=ORDER_NUMBERS)
    if terms.depends_on is not None:
        check_needed(number, terms.depends_on, starts_on, terms.ends_on)
    status = "pending" if starts_on > today else "active"
    with refusing(order_external_key_once=ExternalKeyTakenError(terms.external_key)):
        return Order.objects.create(
            number=number,
            customer=customer,
            plan=plan,
            status="ended" if terms.ends_on is not None and terms.ends_on <= today else status,
            starts_on=starts_on,
            ends_on=terms.ends_on,
            due_days=terms.due_days,
            purchase_order=terms.purchase_order,
            external_key=terms.external_key,
            contract=stored(terms.contract, customer.currency),
            custom=terms.custom,
            depends_on=terms.depends_on,
            note=terms.note,
        )


def check_needed(number: str, needed: Order, starts_on: date, ends_on: date | None) -> None:
    """Let an order pass that lies within the days of the one it needs, whose row is locked for that.

    Raises:
        DependsOnError: it does not, or that one is over.
    """
    needed = Order.objects.select_for_update(of=("self",)).get(pk=needed.pk)
    outlives = needed.ends_on is not None and (ends_on is None or ends_on > needed.ends_on)
    if starts_on < needed.starts_on or outlives or needed.status in {"ended", "cancelled"}:
        raise DependsOnError(number, needed.number)
