"""Somebody signs up: customer, payment token and order in one operation, with the first bill previewed."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from billhook.catalog.queries import plan_by_code
from billhook.core.draft import InvoiceDraft, bill
from billhook.customers.models import Customer
from billhook.customers.operations.instruments import NewInstrument, add_instrument
from billhook.customers.operations.join import NewCustomer, create_customer
from billhook.foundation.events import Actor, emit
from billhook.orders.events import SignedUp
from billhook.orders.models import Order
from billhook.orders.operations.place import place_order
from billhook.orders.queries import agreement


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUp:
    """What somebody who signs up gives: who they are, a payment token, a plan and the identifiers of their usage."""

    customer: NewCustomer
    plan: str
    instrument: NewInstrument | None = None
    identifiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SignedUpCustomer:
    """What came of it; `first_bill` is what the run of the first day will issue, None when nothing is due."""

    customer: Customer
    order: Order
    first_bill: InvoiceDraft | None


@transaction.atomic
def sign_up(*, request: SignUp, actor: Actor, at: datetime) -> SignedUpCustomer:
    """Make a customer with a card and an order, all or nothing, and compute the first bill.

    Raises:
        CustomerExistsError: the number is taken.
        UnknownPlanError: there is no such plan.
        IdentifierTakenError: an identifier belongs to another order.
    """
    plan = plan_by_code(request.plan, on=request.customer.first_day)
    customer = create_customer(new=request.customer, actor=actor, at=at)
    if request.instrument is not None:
        add_instrument(customer=customer, new=request.instrument, actor=actor, at=at)
    order = place_order(
        customer=customer,
        plan=plan,
        starts_on=request.customer.first_day,
        identifiers=request.identifiers,
        actor=actor,
        at=at,
    )
    first_bill = bill(agreement(customer), (), customer.next_invoice_on)
    emit(
        SignedUp(
            customer=customer.number,
            order=order.number,
            what=plan.name,
            currency=customer.currency,
            first_bill=str(first_bill.total.amount) if first_bill else "0",
        ),
        actor=actor,
        at=at,
    )
    return SignedUpCustomer(customer=customer, order=order, first_bill=first_bill)


def preview_sign_up(*, request: SignUp, actor: Actor, at: datetime) -> InvoiceDraft | None:
    """Return the first bill that a sign-up would bring, and leave nothing behind."""
    with transaction.atomic():
        previewed = sign_up(request=request, actor=actor, at=at)
        transaction.set_rollback(True)
    return previewed.first_bill
