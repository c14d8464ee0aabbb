"""Cards are charged: every answer of a gateway, retries at exact instants, and never twice for one invoice."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from tests.billing.playing import APRIL, MARCH, at, bill_date, charged, happened, open_books, pass_time
from tests.builders import CLERK
from tests.processes import connected_to

from billhook.customers.models import PaymentInstrument
from billhook.customers.operations.instruments import NewInstrument, add_instrument
from billhook.customers.queries import by_number
from billhook.foundation.draining import drain
from billhook.foundation.events import SYSTEM
from billhook.foundation.models import Company
from billhook.foundation.scope import company_scope
from billhook.invoicing.models import Invoice, InvoiceBalance
from billhook.payments.events import AnswerWanted, CollectionStopped, PaymentDeclined, PaymentUncertain
from billhook.payments.hooks import ChargeRequest, GatewayUnavailableError
from billhook.payments.models import Payment, PaymentAttempt
from billhook.payments.operations.collect import create_attempt, start_collection
from billhook.payments.operations.receive import record_payment
from billhook.payments.operations.retry import try_again
from billhook.payments.operations.submit import submit_attempt
from billhook.plugins.gateway_sandbox.plugin import SandboxGateway
from billhook.reports.verify import verify

BILLED_AT = at(3, 1)
DAY = timedelta(days=1)


def use_card(company: Company, token: str) -> None:
    """Give the customer another card."""
    with company_scope(company):
        PaymentInstrument.objects.update(token=token)


def bill_with(company: Company, token: str) -> Payment:
    """Bill March to a customer with a card and return the payment."""
    use_card(company, token)
    bill_date(company, MARCH, when=BILLED_AT)
    return payment_of(company)


def payment_of(company: Company) -> Payment:
    """Return the payment of the first invoice as it stands."""
    with company_scope(company):
        return Payment.objects.order_by("id")[0]


def attempts(company: Company) -> list[tuple[str, str, datetime]]:
    """Return state, code and instant of every attempt."""
    with company_scope(company):
        return list(PaymentAttempt.objects.order_by("id").values_list("state", "code", "at"))


def open_amount(company: Company) -> Decimal:
    """Return what is open on all invoices."""
    with company_scope(company):
        return sum(InvoiceBalance.objects.values_list("open_amount", flat=True), Decimal(0))


def pay_by_bank(company: Company, amount: str, *, when: datetime, invoice: str = "") -> Payment:
    """Record a bank transfer."""
    with company_scope(company):
        return record_payment(
            customer=by_number("1001"),
            amount=Decimal(amount),
            method="bank_transfer",
            invoice=invoice,
            actor=CLERK,
            at=when,
        )


def test_a_charge_that_succeeds_settles_the_invoice(company: Company, tmp_path: Path) -> None:
    payment = bill_with(company, "tok_visa")
    assert (payment.state, payment.unallocated, payment.received_at) == ("received", 0, BILLED_AT)
    assert open_amount(company) == 0
    (row,) = charged(tmp_path)
    assert (row["reference"], Decimal(row["amount"]), row["currency"]) == (
        "kestrel/P-INV-2026-00001/1",
        Decimal(20),
        "EUR",
    )


@pytest.mark.parametrize(
    ("token", "code"),
    [("tok_stolen", "stolen_card"), ("tok_3ds", "authentication_required"), ("nonsense", "unknown_token")],
)
def test_a_decline_that_waiting_does_not_mend_is_never_tried_again(company: Company, token: str, code: str) -> None:
    payment = bill_with(company, token)
    assert (payment.state, payment.retry_at) == ("given_up", None)
    pass_time(company, BILLED_AT + 30 * DAY)
    assert [(state, why) for state, why, _ in attempts(company)] == [("declined", code)]
    assert [event.reason for event in happened(company, CollectionStopped)] == [f"last answer {code}"]
    assert open_amount(company) == 20


def test_a_soft_decline_is_tried_again_after_exactly_3_and_5_days_and_no_more(company: Company, tmp_path: Path) -> None:
    payment = bill_with(company, "tok_limit_19.99")
    assert payment.retry_at == BILLED_AT + 3 * DAY
    pass_time(company, BILLED_AT + 3 * DAY - timedelta(seconds=1))
    assert len(attempts(company)) == 1
    pass_time(company, BILLED_AT + 60 * DAY)
    instants = [BILLED_AT, BILLED_AT + 3 * DAY, BILLED_AT + 8 * DAY]
    assert attempts(company) == [("declined", "insufficient_funds", instant) for instant in instants]
    assert payment_of(company).state == "given_up"
    assert [event.retry_at for event in happened(company, PaymentDeclined)] == [*instants[1:], None]
    assert [row["reference"][-2:] for row in charged(tmp_path)] == ["/1", "/2", "/3"]


def test_a_retry_charges_what_is_open_then_with_the_card_of_then(company: Company, tmp_path: Path) -> None:
    bill_with(company, "tok_limit_5.00")
    pay_by_bank(company, "8.00", when=at(3, 2))
    with company_scope(company):
        card = NewInstrument(token="tok_mastercard", label="Mastercard •5454")
        add_instrument(customer=by_number("1001"), new=card, actor=CLERK, at=at(3, 2))
    pass_time(company, BILLED_AT + 3 * DAY)
    assert payment_of(company).state == "received"
    assert (charged(tmp_path)[-1]["amount"], charged(tmp_path)[-1]["token"]) == ("12.0000", "tok_mastercard")
    assert open_amount(company) == 0
    assert verify(company) == []


def test_an_invoice_that_is_settled_otherwise_is_not_charged_again(company: Company, tmp_path: Path) -> None:
    bill_with(company, "tok_limit_5.00")
    pay_by_bank(company, "20.00", when=at(3, 2))
    payment = payment_of(company)
    assert (payment.state, payment.retry_at) == ("cancelled", None)
    pass_time(company, BILLED_AT + 30 * DAY)
    assert len(charged(tmp_path)) == 1


def test_without_a_card_nothing_is_charged(company: Company, tmp_path: Path) -> None:
    with company_scope(company):
        PaymentInstrument.objects.update(status="removed")
    bill_date(company, MARCH)
    assert (charged(tmp_path), open_amount(company)) == ([], 20)


def test_a_gateway_that_is_not_reached_has_charged_nothing_and_is_tried_again(company: Company, tmp_path: Path) -> None:
    payment = bill_with(company, "tok_down")
    assert attempts(company) == [("failed", "unavailable", BILLED_AT)]
    assert (payment.state, payment.retry_at) == ("collecting", BILLED_AT + 3 * DAY)
    use_card(company, "tok_visa")
    pass_time(company, BILLED_AT + 3 * DAY)
    assert payment_of(company).state == "received"
    assert len(charged(tmp_path)) == 1


@pytest.mark.parametrize(("token", "state"), [("tok_timeout", "unknown"), ("tok_pending", "pending")])
def test_an_uncertain_charge_is_asked_about_after_5_minutes(company: Company, token: str, state: str) -> None:
    bill_with(company, token)
    assert [found for found, _, _ in attempts(company)] == [state]
    pass_time(company, BILLED_AT + timedelta(minutes=4, seconds=59))
    assert happened(company, AnswerWanted) == []
    pass_time(company, BILLED_AT + timedelta(minutes=5))
    assert [found for found, _, _ in attempts(company)] == ["succeeded"]
    assert payment_of(company).state == "received"
    assert open_amount(company) == 0


POLLS = [BILLED_AT + timedelta(minutes=5)]
POLLS.append(POLLS[0] + timedelta(hours=1))
POLLS += [POLLS[1] + n * DAY for n in range(1, 6)]


def test_a_gateway_that_stays_silent_is_asked_at_growing_distances_and_charged_once(
    company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bill_with(company, "tok_timeout")
    monkeypatch.setattr(SandboxGateway, "status", unreachable)
    pass_time(company, BILLED_AT + 30 * DAY)
    with company_scope(company):
        attempt = PaymentAttempt.objects.get()
    assert (attempt.state, attempt.polls, attempt.poll_at) == ("unknown", 7, None)
    assert [event.poll_at for event in happened(company, PaymentUncertain)] == [*POLLS, None]
    assert len(charged(tmp_path)) == 1
    assert open_amount(company) == 20


def unreachable(*_: object) -> None:
    """Play a gateway that cannot be asked."""
    raise GatewayUnavailableError("no route to host")


def broken(*_: object) -> None:
    """Play a gateway plugin with a fault of its own."""
    raise KeyError("charge_id")


def test_a_charge_that_the_gateway_never_saw_has_failed_and_is_tried_again(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    bill_with(company, "tok_timeout")
    monkeypatch.setattr(SandboxGateway, "status", lambda *_: None)
    pass_time(company, BILLED_AT + timedelta(minutes=5))
    assert attempts(company) == [("failed", "never_seen", BILLED_AT)]
    assert payment_of(company).retry_at == BILLED_AT + timedelta(minutes=5) + 3 * DAY


def test_an_uncertain_charge_blocks_a_second_one(company: Company) -> None:
    payment = bill_with(company, "tok_timeout")
    with company_scope(company):
        card = PaymentInstrument.objects.get()
        with pytest.raises(IntegrityError, match="attempt_one_open"):
            create_attempt(payment=payment, instrument=card, actor=CLERK, at=BILLED_AT)
        try_again(payment=payment, actor=CLERK, at=BILLED_AT + 30 * DAY)
        assert PaymentAttempt.objects.count() == 1
        assert start_collection(invoice=payment.invoice, actor=CLERK, at=BILLED_AT) is None


def test_two_collections_of_an_invoice_are_refused_by_the_database(company: Company) -> None:
    payment = bill_with(company, "tok_timeout")
    payment.pk, payment.number = None, "P-TWIN"
    with company_scope(company), pytest.raises(IntegrityError, match="payment_one_collection"), transaction.atomic():
        payment.save(force_insert=True)


class ProcessDiedError(BaseException):
    """Raised where a process is killed."""


def die_during_the_call(company: Company, monkeypatch: pytest.MonkeyPatch, *, charge: bool) -> None:
    """Bill March, and die while the gateway is called: before or after it moved the money."""
    real = SandboxGateway.charge

    def dying(self: SandboxGateway, request: ChargeRequest) -> None:
        if charge:
            real(self, request)
        raise ProcessDiedError

    with monkeypatch.context() as patch:
        patch.setattr(SandboxGateway, "charge", dying)
        with pytest.raises(ProcessDiedError):
            bill_date(company, MARCH, when=BILLED_AT)
    assert [state for state, _, _ in attempts(company)] == ["submitted"]


def test_the_next_drain_takes_up_a_charge_whose_process_died(
    own_database: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connected_to(own_database):
        company = open_books(tmp_path, monkeypatch)
        die_during_the_call(company, monkeypatch, charge=True)
        drain()
        assert [state for state, _, _ in attempts(company)] == ["succeeded"]
        assert len(charged(tmp_path)) == 1
        assert verify(company) == []


def take_up_again(company: Company) -> None:
    """Hand the attempt over once more, as the job does that is taken up again."""
    submit_attempt(company=company, reference="kestrel/P-INV-2026-00001/1", actor=SYSTEM, at=BILLED_AT)


@pytest.mark.parametrize("charge", [True, False], ids=["after the charge", "before the charge"])
def test_a_process_that_dies_during_the_call_has_charged_once_in_the_end(
    company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, charge: bool
) -> None:
    die_during_the_call(company, monkeypatch, charge=charge)
    assert len(charged(tmp_path)) == charge
    for _ in range(2):
        take_up_again(company)
        assert [state for state, _, _ in attempts(company)] == ["succeeded"]
        assert len(charged(tmp_path)) == 1
    assert open_amount(company) == 0


@pytest.mark.parametrize("silence", [unreachable, broken])
def test_a_charge_that_may_have_been_made_is_not_called_failed_because_nobody_can_be_asked(
    company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, silence: Callable[..., None]
) -> None:
    die_during_the_call(company, monkeypatch, charge=True)
    with monkeypatch.context() as patch:
        patch.setattr(SandboxGateway, "status", silence)
        take_up_again(company)
        assert [state for state, _, _ in attempts(company)] == ["unknown"]
    pass_time(company, BILLED_AT + 30 * DAY)
    assert [state for state, _, _ in attempts(company)] == ["succeeded"]
    assert len(charged(tmp_path)) == 1
    assert open_amount(company) == 0


def test_a_fault_of_the_plugin_leaves_the_outcome_unknown_until_the_gateway_is_asked(
    company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(SandboxGateway, "charge", broken)
        bill_date(company, MARCH, when=BILLED_AT)
        assert [(state, code) for state, code, _ in attempts(company)] == [("unknown", "no_answer")]
        patch.setattr(SandboxGateway, "status", broken)
        pass_time(company, POLLS[0])
        assert [state for state, _, _ in attempts(company)] == ["unknown"]
    pass_time(company, POLLS[1])
    assert [(state, code) for state, code, _ in attempts(company)] == [("failed", "never_seen")]
    pass_time(company, POLLS[1] + 3 * DAY)
    assert [state for state, _, _ in attempts(company)] == ["failed", "succeeded"]
    assert len(charged(tmp_path)) == 1


def test_a_charge_that_succeeds_after_the_invoice_was_paid_otherwise_is_credit(company: Company) -> None:
    bill_with(company, "tok_timeout")
    pay_by_bank(company, "20.00", when=BILLED_AT + timedelta(minutes=1))
    pass_time(company, POLLS[0])
    payment = payment_of(company)
    assert (payment.state, payment.unallocated) == ("received", 20)
    assert verify(company) == []


def test_a_charge_that_fails_after_the_invoice_was_paid_otherwise_is_not_made_again(
    company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bill_with(company, "tok_timeout")
    pay_by_bank(company, "20.00", when=BILLED_AT + timedelta(minutes=1))
    monkeypatch.setattr(SandboxGateway, "status", lambda *_: None)
    pass_time(company, BILLED_AT + 30 * DAY)
    assert payment_of(company).state == "cancelled"
    assert len(charged(tmp_path)) == 1


def test_two_invoices_are_collected_each_for_itself(company: Company, tmp_path: Path) -> None:
    bill_with(company, "tok_limit_19.00")
    bill_date(company, APRIL, when=at(4, 1))
    with company_scope(company):
        assert Invoice.objects.count() == 2
        assert set(Payment.objects.values_list("invoice__number", flat=True)) == {"INV-2026-00001", "INV-2026-00002"}
    assert len({row["reference"] for row in charged(tmp_path)}) == len(charged(tmp_path))
