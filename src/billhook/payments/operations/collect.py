"""An invoice is collected: a payment is opened and the customer's first card is about to be charged."""

from datetime import datetime

from django.db import transaction

from billhook.customers.models import PaymentInstrument
from billhook.customers.queries import instruments
from billhook.foundation.events import Actor, emit
from billhook.foundation.scope import current_company
from billhook.hooks.queries import first
from billhook.invoicing.models import Invoice, InvoiceBalance
from billhook.payments.events import AttemptCreated
from billhook.payments.hooks import GATEWAY
from billhook.payments.models import Payment, PaymentAttempt


@transaction.atomic
def start_collection(*, invoice: Invoice, actor: Actor, at: datetime) -> Payment | None:
    """Open a payment of what is open on an invoice and store its first attempt.

    Returns:
        The payment; None when nothing is open, the customer has no card, or a collection is under way.
    """
    balance = InvoiceBalance.objects.select_for_update().get(invoice=invoice)
    cards = instruments(invoice.customer)
    if not balance.open_amount or not cards or Payment.objects.filter(invoice=invoice, state="collecting").exists():
        return None
    payment = Payment.objects.create(
        number=payment_number(invoice),
        customer=invoice.customer,
        invoice=invoice,
        method=cards[0].method,
        currency=balance.currency,
        amount=balance.open_amount,
        state="collecting",
        created_at=at,
    )
    create_attempt(payment=payment, instrument=cards[0], actor=actor, at=at)
    return payment


def payment_number(invoice: Invoice) -> str:
    """Return the number of the next payment of an invoice, whose balance is locked."""
    earlier = Payment.objects.filter(invoice=invoice).count()
    return f"P-{invoice.number}" + (f"-{earlier + 1}" if earlier else "")


@transaction.atomic
def create_attempt(*, payment: Payment, instrument: PaymentInstrument, actor: Actor, at: datetime) -> PaymentAttempt:
    """Store an attempt before the gateway is called; the call itself follows the commit.

    Its reference names the company, for companies may share a processor.
    """
    gateway, _ = first(GATEWAY)
    ordinal = payment.attempts.count() + 1
    attempt = PaymentAttempt.objects.create(
        payment=payment,
        ordinal=ordinal,
        reference=f"{current_company().code}/{payment.number}/{ordinal}",
        instrument=instrument,
        gateway=gateway,
        state="created",
        at=at,
        amount=payment.amount,
        currency=payment.currency,
    )
    Payment.objects.filter(pk=payment.pk).update(retry_at=None)
    emit(
        AttemptCreated(
            customer=payment.customer.number,
            number=payment.number,
            amount=payment.amount,
            currency=payment.currency,
            invoice=payment.invoice.number if payment.invoice else "",
            reference=attempt.reference,
            instrument=instrument.label,
        ),
        actor=actor,
        at=at,
    )
    return attempt
