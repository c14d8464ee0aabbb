"""A declined payment is tried again."""

from datetime import datetime

from django.db import transaction

from billhook.customers.queries import instruments
from billhook.foundation.events import Actor
from billhook.invoicing.models import InvoiceBalance
from billhook.payments.models import Payment
from billhook.payments.operations.collect import create_attempt
from billhook.payments.operations.decline import stop_collection


@transaction.atomic
def try_again(*, payment: Payment, actor: Actor, at: datetime) -> None:
    """Make the next attempt of a collection for what is open now, with the customer's first card of today.

    One whose attempt is not due, or no longer, is left alone: another worker was first.
    """
    payment = Payment.objects.select_for_update(of=("self",)).select_related("customer", "invoice").get(pk=payment.pk)
    due = payment.retry_at is not None and payment.retry_at <= at
    if not due or payment.state != "collecting" or payment.invoice is None:
        return
    balance = InvoiceBalance.objects.select_for_update().get(invoice=payment.invoice)
    cards = instruments(payment.customer)
    if not balance.open_amount:
        stop_collection(payment=payment, state="cancelled", reason="nothing is open any more", actor=actor, at=at)
    elif not cards:
        stop_collection(payment=payment, state="given_up", reason="the customer has no card", actor=actor, at=at)
    else:
        payment.amount = balance.open_amount
        payment.save(update_fields=["amount"])
        create_attempt(payment=payment, instrument=cards[0], actor=actor, at=at)
