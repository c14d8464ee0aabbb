"""What falls due in payments: the next attempt after a decline, and the next question about an uncertain charge."""

from collections.abc import Iterable
from datetime import datetime

from billhook.foundation.events import SYSTEM
from billhook.foundation.jobs import DueSource, register_due
from billhook.payments.models import Payment, PaymentAttempt
from billhook.payments.operations.retry import try_again
from billhook.payments.operations.submit import ask_again


def retries(until: datetime) -> Iterable[tuple[datetime, str]]:
    """Return the payments whose next attempt is due."""
    found = Payment.objects.filter(retry_at__lte=until)
    return [(payment.retry_at, payment.number) for payment in found if payment.retry_at]


def run_retry(number: str, at: datetime) -> None:
    """Make the next attempt."""
    try_again(payment=Payment.objects.get(number=number), actor=SYSTEM, at=at)


def polls(until: datetime) -> Iterable[tuple[datetime, str]]:
    """Return the attempts about which the gateway is to be asked."""
    found = PaymentAttempt.objects.filter(poll_at__lte=until)
    return [(attempt.poll_at, attempt.reference) for attempt in found if attempt.poll_at]


def run_poll(reference: str, at: datetime) -> None:
    """Ask about one attempt, after the commit."""
    ask_again(reference=reference, actor=SYSTEM, at=at)


register_due(DueSource(name="payments.retry", find=retries, run=run_retry))
register_due(DueSource(name="payments.poll", find=polls, run=run_poll))
