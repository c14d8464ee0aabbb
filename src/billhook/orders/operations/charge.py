"""A one-time charge is added to what a customer agreed to: a set-up fee, an article, a penalty."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from billhook.catalog.models import Product
from billhook.customers.models import Customer
from billhook.foundation.events import Actor, emit
from billhook.foundation.sequences import take_number
from billhook.orders.events import ChargeAdded
from billhook.orders.models import Order, OrderLine, OrderLineVersion
from billhook.orders.operations.place import ORDER_NUMBERS
from billhook.orders.queries import local_day


@transaction.atomic
def add_charge(
    *, customer: Customer, product: Product, amount: Decimal, description: str, actor: Actor, at: datetime
) -> Order:
    """Add an order of one charge, which the customer's next run bills; nothing of it runs on.

    The amount is in the customer's currency.
    """
    day = local_day(at, customer)
    order = Order.objects.create(
        number=take_number("order", year=day.year, pattern=ORDER_NUMBERS),
        customer=customer,
        status="ended",
        starts_on=day,
        ends_on=day,
    )
    line = OrderLine.objects.create(
        order=order,
        position=1,
        product=product,
        description=description,
        kind=product.kind,
        timing="in_arrears",
        proration="none",
    )
    OrderLineVersion.objects.create(
        line=line, version=1, starts_on=day, own_price={"model": "flat", "parameters": {"amount": str(amount)}}
    )
    emit(
        ChargeAdded(
            customer=customer.number,
            order=order.number,
            description=description,
            amount=str(amount),
            currency=customer.currency,
        ),
        actor=actor,
        at=at,
    )
    return order
