"""A customer orders a plan."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from billhook.catalog.models import Plan, Price
from billhook.catalog.queries import NoPriceError, OrderedItem, PriceRequest, ordered_items, prices_for, require_sold
from billhook.core.errors import Refusal
from billhook.customers.models import Customer
from billhook.foundation.events import Actor, emit
from billhook.foundation.sequences import take_number
from billhook.orders.events import OrderPlaced
from billhook.orders.models import Order, OrderLine, OrderLineVersion, UsageIdentifier

ORDER_NUMBERS = "O-{number:06d}"


class IdentifierTakenError(Refusal):
    """Raised when a usage identifier means another order line already."""

    def __init__(self, value: str, order: str) -> None:
        """Name the identifier and who has it."""
        super().__init__(f"The identifier {value} belongs to order {order}: end it there first, or choose another.")


@transaction.atomic
def place_order(
    *, customer: Customer, plan: Plan, starts_on: date, identifiers: tuple[str, ...], actor: Actor, at: datetime
) -> Order:
    """Place an order for a plan, with the prices in force on its first day.

    Args:
        customer: who orders.
        plan: what is ordered.
        starts_on: the first day that is billed.
        identifiers: the account codes or numbers whose usage belongs to the plan's usage line.
        actor: who places the order.
        at: when; usage counts from this instant.

    Raises:
        IdentifierTakenError: an identifier belongs to another order.
        NoPriceError: a product has no price on the first day.
    """
    order = Order.objects.create(
        number=take_number("order", year=starts_on.year, pattern=ORDER_NUMBERS),
        customer=customer,
        plan=plan,
        status="active",
        starts_on=starts_on,
    )
    for position, (ordered, price) in enumerate(_priced(plan, customer, starts_on), start=1):
        line = _add_line(order, position, ordered, price)
        if line.kind == "usage":
            _claim_identifiers(line, identifiers, at)
    emit(
        OrderPlaced(customer=customer.number, order=order.number, what=plan.name, starts_on=starts_on),
        actor=actor,
        at=at,
    )
    return order


def _priced(plan: Plan, customer: Customer, on: date) -> list[tuple[OrderedItem, Price]]:
    """Return what an order of a plan brings, each with the price in force for the customer."""
    items = ordered_items(plan)
    require_sold(ordered.item.product for ordered in items)
    asked = [
        PriceRequest(
            product=ordered.item.product.code,
            currency=customer.currency,
            on=on,
            customer=customer.number,
            account_type=customer.account_type.code,
            plan=ordered.plan.code,
            parents=(customer.parent.number,) if customer.parent else (),
        )
        for ordered in items
    ]
    found = prices_for(asked)
    for request in asked:
        if request not in found:
            raise NoPriceError(request.product, request.currency, on)
    return [(ordered, found[request]) for ordered, request in zip(items, asked, strict=True)]


def _add_line(order: Order, position: int, ordered: OrderedItem, price: Price) -> OrderLine:
    """Add one line of a plan with its first version."""
    item = ordered.item
    line = OrderLine.objects.create(
        order=order,
        position=position,
        product=item.product,
        description=item.product.name,
        kind=item.product.kind,
        timing=item.timing,
        cadence_unit=item.cadence_unit,
        cadence_count=item.cadence_count,
        proration=item.proration,
    )
    OrderLineVersion.objects.create(
        line=line, version=1, quantity=ordered.quantity, price=price, starts_on=order.starts_on
    )
    return line


def _claim_identifiers(line: OrderLine, values: tuple[str, ...], at: datetime) -> None:
    """Let identifiers mean a line from an instant on; the locked row of the order's number keeps others waiting."""
    for value in values:
        meant = UsageIdentifier.objects.filter(Q(valid_until=None) | Q(valid_until__gt=at), value=value)
        taken = meant.select_related("line__order").first()
        if taken is not None:
            raise IdentifierTakenError(value, taken.line.order.number)
        UsageIdentifier.objects.create(value=value, line=line, valid_from=at)
