"""A stored attempt is handed to its gateway, at most once for each reference, and the answer is written down.

The gateway is called outside any transaction. If the process died during an earlier call, the gateway is first asked
by our reference what became of it; only when it has certainly never seen the reference is the charge sent.
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from billhook.core import states
from billhook.core.retry import next_poll
from billhook.foundation.events import Actor, emit
from billhook.foundation.models import Company
from billhook.foundation.scope import company_scope
from billhook.hooks.queries import by_code
from billhook.payments.events import AnswerWanted, PaymentUncertain
from billhook.payments.hooks import GATEWAY, ChargeRequest, Gateway, GatewayAnswer, GatewayUnavailableError, Outcome
from billhook.payments.models import PaymentAttempt
from billhook.payments.operations.decline import decline
from billhook.payments.operations.receive import receive_charge, receive_late_charge

UNSETTLED = ("created", "submitted")
NO_MONEY = ("declined", "failed")
OPEN = (Outcome.PENDING, Outcome.UNKNOWN)


def submit_attempt(*, company: Company, reference: str, actor: Actor, at: datetime) -> None:
    """Charge a stored attempt, or find out how an interrupted charge ended, and record the outcome.

    Args:
        company: whose attempt; the scope is opened here, twice, with the call to the gateway between.
        reference: the attempt's own reference.
        actor: who caused it.
        at: the instant of the attempt in the company's time.
    """
    with company_scope(company):
        attempt = PaymentAttempt.objects.select_for_update().select_related("instrument").get(reference=reference)
        if attempt.state not in UNSETTLED:
            return
        interrupted = attempt.state == "submitted"
        gateway = by_code(GATEWAY, attempt.gateway)
        request = charge_request(attempt, at)
        if not interrupted:
            PaymentAttempt.objects.filter(pk=attempt.pk).update(state="submitted")
    answer = ask_gateway(gateway, request, interrupted=interrupted)
    with company_scope(company):
        record_outcome(reference=reference, answer=answer, actor=actor, at=at)


def charge_request(attempt: PaymentAttempt, at: datetime) -> ChargeRequest:
    """Return what the gateway is asked for an attempt."""
    return ChargeRequest(
        reference=attempt.reference,
        token=attempt.instrument.token,
        amount=attempt.amount,
        currency=attempt.currency,
        description=f"Payment {attempt.reference}",
        at=at,
    )


def ask_gateway(gateway: Gateway, request: ChargeRequest, *, interrupted: bool) -> GatewayAnswer:
    """Return the gateway's answer; one that was not reached with a charge has certainly done nothing.

    Whatever else goes wrong leaves the outcome unknown: an interrupted charge may have been made, and so may one whose
    answer a plugin stumbles over.
    """
    known = asked(gateway, request.reference, otherwise=Outcome.UNKNOWN) if interrupted else None
    if known is not None:
        return known
    try:
        return gateway.charge(request)
    except GatewayUnavailableError as trouble:
        return GatewayAnswer(outcome=Outcome.FAILED, code="unavailable", message=str(trouble))
    except Exception as trouble:  # noqa: BLE001 - money may have moved, so it is asked about
        return no_answer(trouble, outcome=Outcome.UNKNOWN)


def asked(gateway: Gateway, reference: str, *, otherwise: Outcome) -> GatewayAnswer | None:
    """Return what a gateway says about a charge, None where it never saw it; `otherwise` where it does not say."""
    try:
        return gateway.status(reference)
    except GatewayUnavailableError as trouble:
        return GatewayAnswer(outcome=otherwise, code="unavailable", message=str(trouble))
    except Exception as trouble:  # noqa: BLE001 - it is asked again, whatever the plugin stumbled over
        return no_answer(trouble, outcome=otherwise)


def no_answer(trouble: Exception, *, outcome: Outcome) -> GatewayAnswer:
    """Return the answer in place of a plugin's fault; only its kind is named, its words may hold what is secret."""
    message = f"The gateway's plugin gave no answer ({type(trouble).__name__})."
    return GatewayAnswer(outcome=outcome, code="no_answer", message=message)


@transaction.atomic
def record_outcome(*, reference: str, answer: GatewayAnswer, actor: Actor, at: datetime) -> None:
    """Write down how an attempt ended and do what follows from it; an attempt that has ended stays as it is.

    Only a success that comes after a decline or failure still counts, for money that was taken is never dropped.

    Raises:
        Refusal: the answer is no possible next state of the attempt.
    """
    attempt = (
        PaymentAttempt.objects.select_for_update(of=("self",))
        .select_related("payment__customer", "payment__invoice", "instrument")
        .get(reference=reference)
    )
    late = attempt.state in NO_MONEY
    if attempt.state == "succeeded" or (late and answer.outcome != Outcome.SUCCEEDED):
        return
    if attempt.state != answer.outcome:
        states.check(states.PAYMENT_ATTEMPT, attempt.state, answer.outcome)
    attempt.state, attempt.code, attempt.message = answer.outcome, answer.code[:60], answer.message[:300]
    attempt.decline_class, attempt.gateway_id = answer.decline_class or "", answer.gateway_id
    attempt.poll_at = next_poll(polls=attempt.polls, at=at) if answer.outcome in OPEN else None
    attempt.save()
    if late:
        receive_late_charge(attempt=attempt, actor=actor, at=at)
    elif answer.outcome == Outcome.SUCCEEDED:
        receive_charge(attempt=attempt, actor=actor, at=at)
    elif answer.outcome in (Outcome.DECLINED, Outcome.FAILED):
        decline(attempt=attempt, actor=actor, at=at)
    else:
        emit(
            PaymentUncertain(**common_fields(attempt), state=attempt.state, poll_at=attempt.poll_at), actor=actor, at=at
        )


def common_fields(attempt: PaymentAttempt) -> dict[str, Any]:
    """Return what every event about an attempt's payment says."""
    payment = attempt.payment
    return {
        "customer": payment.customer.number,
        "number": payment.number,
        "amount": attempt.amount,
        "currency": attempt.currency,
        "invoice": payment.invoice.number if payment.invoice else "",
    }


@transaction.atomic
def ask_again(*, reference: str, actor: Actor, at: datetime) -> None:
    """Note that the gateway is to be asked about an open attempt; the question itself follows the commit.

    Where it is not time, or no longer, nothing is noted: another worker was first.
    """
    attempt = (
        PaymentAttempt.objects.select_for_update(of=("self",))
        .select_related("payment__customer", "payment__invoice")
        .get(reference=reference)
    )
    if attempt.poll_at is None or attempt.poll_at > at:
        return
    attempt.polls, attempt.poll_at = attempt.polls + 1, None
    attempt.save(update_fields=["polls", "poll_at"])
    emit(AnswerWanted(**common_fields(attempt), reference=reference), actor=actor, at=at)


def poll_attempt(*, company: Company, reference: str, actor: Actor, at: datetime) -> None:
    """Ask the gateway by our reference how an open attempt ended; it is never charged again."""
    with company_scope(company):
        attempt = PaymentAttempt.objects.get(reference=reference)
        gateway, state = by_code(GATEWAY, attempt.gateway), attempt.state
    if state not in OPEN:
        return
    answer = asked(gateway, reference, otherwise=Outcome(state))
    if answer is None:
        answer = GatewayAnswer(outcome=Outcome.FAILED, code="never_seen", message="The gateway never saw this charge.")
    with company_scope(company):
        record_outcome(reference=reference, answer=answer, actor=actor, at=at)
