"""A charge was declined or failed: the next attempt is scheduled, or charging stops."""

from datetime import datetime

from django.db import transaction

from billhook.core import retry
from billhook.foundation.events import Actor, emit
from billhook.payments.events import CollectionStopped, PaymentDeclined
from billhook.payments.models import CollectionPolicy, Payment, PaymentAttempt


@transaction.atomic
def decline(*, attempt: PaymentAttempt, actor: Actor, at: datetime) -> None:
    """Schedule the next attempt by the company's policy, or stop charging for the invoice."""
    payment = attempt.payment
    policy = CollectionPolicy.objects.first()
    payment.retry_at = retry.next_attempt(
        retry.Schedule(days=tuple(policy.retry_days) if policy else ()),
        decline_class=retry.DeclineClass(attempt.decline_class or "soft"),
        attempts=attempt.ordinal,
        declined_at=at,
    )
    payment.save(update_fields=["retry_at"])
    emit(
        PaymentDeclined(
            customer=payment.customer.number,
            number=payment.number,
            amount=payment.amount,
            currency=payment.currency,
            invoice=payment.invoice.number if payment.invoice else "",
            instrument=attempt.instrument.label,
            code=attempt.code,
            retry_at=payment.retry_at,
        ),
        actor=actor,
        at=at,
    )
    if payment.retry_at is None:
        stop_collection(payment=payment, state="given_up", reason=f"last answer {attempt.code}", actor=actor, at=at)


@transaction.atomic
def stop_collection(*, payment: Payment, state: str, reason: str, actor: Actor, at: datetime) -> None:
    """End a collection: `given_up` when no card can be charged, `cancelled` when nothing is owed any more."""
    Payment.objects.filter(pk=payment.pk).update(state=state, retry_at=None)
    emit(
        CollectionStopped(
            customer=payment.customer.number,
            number=payment.number,
            amount=payment.amount,
            currency=payment.currency,
            invoice=payment.invoice.number if payment.invoice else "",
            reason=reason,
        ),
        actor=actor,
        at=at,
    )
