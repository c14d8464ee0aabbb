"""Answers that come late, and due work that two workers take up: no money is dropped, nothing is done twice."""

from datetime import timedelta
from decimal import Decimal

import pytest
from tests.billing.playing import happened, pass_time
from tests.builders import CLERK
from tests.payments.test_collecting import BILLED_AT, DAY, POLLS, attempts, bill_with, open_amount, pay_by_bank

from billhook.foundation.events import SYSTEM
from billhook.foundation.models import Company
from billhook.foundation.scope import company_scope
from billhook.payments.events import AnswerWanted, CollectionStopped, PaymentReceived
from billhook.payments.hooks import DeclineClass, GatewayAnswer, Outcome
from billhook.payments.models import Payment, PaymentAttempt
from billhook.payments.operations.collect import create_attempt
from billhook.payments.operations.retry import try_again
from billhook.payments.operations.submit import ask_again, record_outcome
from billhook.reports.verify import verify

SUCCEEDED = GatewayAnswer(outcome=Outcome.SUCCEEDED, code="approved", gateway_id="ch_1")
LATER = BILLED_AT + timedelta(hours=1)


def answer_late(company: Company, answer: GatewayAnswer = SUCCEEDED, *, ordinal: int = 1) -> None:
    """Let the gateway answer an attempt of the first payment once more."""
    with company_scope(company):
        reference = PaymentAttempt.objects.order_by("id")[ordinal - 1].reference
        record_outcome(reference=reference, answer=answer, actor=SYSTEM, at=LATER)


def payments(company: Company) -> list[tuple[str, str, Decimal]]:
    """Return number, state and credit of every payment."""
    with company_scope(company):
        return list(Payment.objects.order_by("id").values_list("number", "state", "unallocated"))


@pytest.mark.parametrize(("token", "state"), [("tok_limit_5.00", "declined"), ("tok_down", "failed")])
def test_a_success_after_a_decline_or_failure_settles_the_invoice_and_stops_the_retry(
    company: Company, token: str, state: str
) -> None:
    bill_with(company, token)
    assert [found for found, _, _ in attempts(company)] == [state]
    answer_late(company)
    assert payments(company) == [("P-INV-2026-00001", "cancelled", 0), ("P-INV-2026-00001-2", "received", 0)]
    assert open_amount(company) == 0
    assert [event.number for event in happened(company, PaymentReceived)] == ["P-INV-2026-00001-2"]
    assert [event.reason for event in happened(company, CollectionStopped)] == ["the invoice is settled"]
    pass_time(company, BILLED_AT + 30 * DAY)
    assert [found for found, _, _ in attempts(company)] == ["succeeded"]
    assert verify(company) == []


def test_a_success_after_charging_was_given_up_settles_the_invoice(company: Company) -> None:
    bill_with(company, "tok_stolen")
    answer_late(company)
    assert payments(company) == [("P-INV-2026-00001", "given_up", 0), ("P-INV-2026-00001-2", "received", 0)]
    assert open_amount(company) == 0
    assert verify(company) == []


def test_a_success_after_the_invoice_was_paid_otherwise_is_credit(company: Company) -> None:
    bill_with(company, "tok_limit_5.00")
    pay_by_bank(company, "20.00", when=BILLED_AT + timedelta(minutes=1))
    answer_late(company)
    assert payments(company)[-1] == ("P-INV-2026-00001-2", "received", 20)
    assert verify(company) == []


def test_a_success_while_the_next_attempt_is_open_leaves_room_for_that_one(company: Company) -> None:
    payment = bill_with(company, "tok_limit_5.00")
    with company_scope(company):
        create_attempt(
            payment=payment, instrument=PaymentAttempt.objects.get().instrument, actor=CLERK, at=BILLED_AT + DAY
        )
        PaymentAttempt.objects.filter(ordinal=2).update(state="submitted")
    answer_late(company)
    answer_late(company, ordinal=2)
    assert [(state, credit) for _, state, credit in payments(company)] == [("received", 20), ("received", 0)]
    assert open_amount(company) == 0
    assert verify(company) == []


@pytest.mark.parametrize(
    "answer",
    [
        SUCCEEDED,
        GatewayAnswer(outcome=Outcome.DECLINED, code="stolen_card", decline_class=DeclineClass.HARD),
        GatewayAnswer(outcome=Outcome.PENDING),
    ],
)
def test_a_success_is_booked_once_and_stays(company: Company, answer: GatewayAnswer) -> None:
    bill_with(company, "tok_limit_5.00")
    answer_late(company)
    before = payments(company)
    answer_late(company, answer)
    assert payments(company) == before
    assert [state for state, _, _ in attempts(company)] == ["succeeded"]


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.UNKNOWN, Outcome.PENDING])
def test_another_answer_after_a_decline_changes_nothing(company: Company, outcome: Outcome) -> None:
    bill_with(company, "tok_limit_5.00")
    before = attempts(company), payments(company)
    answer_late(company, GatewayAnswer(outcome=outcome))
    assert (attempts(company), payments(company)) == before


def test_a_retry_that_another_worker_made_is_not_made_again(company: Company) -> None:
    payment = bill_with(company, "tok_limit_5.00")
    due = BILLED_AT + 3 * DAY
    with company_scope(company):
        try_again(payment=payment, actor=SYSTEM, at=due - timedelta(seconds=1))
        assert PaymentAttempt.objects.count() == 1
        for _ in range(2):
            try_again(payment=payment, actor=SYSTEM, at=due)
            assert PaymentAttempt.objects.count() == 2


def test_a_question_that_another_worker_asks_is_not_asked_again(company: Company) -> None:
    bill_with(company, "tok_timeout")
    with company_scope(company):
        reference = PaymentAttempt.objects.get().reference
        ask_again(reference=reference, actor=SYSTEM, at=POLLS[0] - timedelta(seconds=1))
        assert PaymentAttempt.objects.get().polls == 0
        for _ in range(2):
            ask_again(reference=reference, actor=SYSTEM, at=POLLS[0])
            assert PaymentAttempt.objects.get().polls == 1
    assert len(happened(company, AnswerWanted)) == 1
