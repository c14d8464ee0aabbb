"""What every plugin of the hook `payments.gateway` is held to: inherit, and give `gateway` and `tokens`."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from billhook.payments.hooks import (
    AmountNotPositiveError,
    ChargeRequest,
    DeclineClass,
    Gateway,
    GatewayAnswer,
    GatewayUnavailableError,
    Outcome,
    ReferenceReusedError,
    RefundRequest,
)

AT = datetime(2026, 4, 1, 2, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """The processor's test tokens; an empty one is not offered, and its test is skipped."""

    succeeds: str
    declines: dict[DeclineClass, str]
    times_out: str = ""
    pending: str = ""
    down: str = ""


def a_charge(token: str, reference: str = "KN/PAY-1/1", amount: str = "25.00") -> ChargeRequest:
    """Return a charge of the April invoice."""
    return ChargeRequest(
        reference=reference, token=token, amount=Decimal(amount), currency="EUR", description="KN-2026-0011", at=AT
    )


def a_refund(amount: str, reference: str = "KN/PAY-1/R1", of: str = "KN/PAY-1/1") -> RefundRequest:
    """Return a refund of part of that charge."""
    return RefundRequest(reference=reference, charge_reference=of, amount=Decimal(amount), currency="EUR", at=AT)


def well_formed(answer: GatewayAnswer) -> bool:
    """Tell whether an answer carries a decline class if and only if it is declined."""
    return (answer.decline_class is not None) == (answer.outcome is Outcome.DECLINED)


class GatewayConformance:
    """The promises of `Gateway`."""

    @pytest.fixture
    def gateway(self) -> Gateway:
        raise NotImplementedError

    @pytest.fixture
    def tokens(self) -> Tokens:
        raise NotImplementedError

    def test_a_charge_succeeds(self, gateway: Gateway, tokens: Tokens) -> None:
        answer = gateway.charge(a_charge(tokens.succeeds))
        assert answer.outcome is Outcome.SUCCEEDED
        assert answer.gateway_id
        assert well_formed(answer)
        assert gateway.status("KN/PAY-1/1") == answer

    def test_a_repeated_charge_is_the_same_charge(self, gateway: Gateway, tokens: Tokens) -> None:
        first = gateway.charge(a_charge(tokens.succeeds))
        assert gateway.charge(a_charge(tokens.succeeds)) == first
        assert gateway.charge(a_charge(tokens.succeeds, amount="25.0")) == first
        assert gateway.charge(a_charge(tokens.succeeds, reference="KN/PAY-1/2")).gateway_id != first.gateway_id

    def test_a_reference_is_not_used_for_something_else(self, gateway: Gateway, tokens: Tokens) -> None:
        first = gateway.charge(a_charge(tokens.succeeds))
        for other in (
            a_charge(tokens.succeeds, amount="25.01"),
            replace(a_charge(tokens.succeeds), currency="USD"),
            a_charge(next(iter(tokens.declines.values()))),
        ):
            with pytest.raises(ReferenceReusedError, match="KN/PAY-1/1"):
                gateway.charge(other)
        with pytest.raises(ReferenceReusedError):
            gateway.refund(a_refund("25.00", reference="KN/PAY-1/1"))
        assert gateway.status("KN/PAY-1/1") == first

    @pytest.mark.parametrize("decline_class", list(DeclineClass))
    def test_a_decline_says_of_which_class(self, gateway: Gateway, tokens: Tokens, decline_class: DeclineClass) -> None:
        token = tokens.declines.get(decline_class) or pytest.skip("not offered")
        answer = gateway.charge(a_charge(token))
        assert (answer.outcome, answer.decline_class) == (Outcome.DECLINED, decline_class)
        assert answer.code
        assert answer.message
        assert gateway.charge(a_charge(token)) == gateway.status("KN/PAY-1/1") == answer

    def test_an_unseen_reference_has_no_status(self, gateway: Gateway) -> None:
        assert gateway.status("KN/PAY-404/1") is None

    def test_a_time_out_is_unknown_and_its_truth_can_be_asked(self, gateway: Gateway, tokens: Tokens) -> None:
        token = tokens.times_out or pytest.skip("not offered")
        assert gateway.charge(a_charge(token)).outcome is Outcome.UNKNOWN
        truth = gateway.status("KN/PAY-1/1")
        assert truth is not None
        assert truth.outcome is not Outcome.UNKNOWN
        assert gateway.charge(a_charge(token)) == truth

    def test_a_pending_charge_is_answered_later(self, gateway: Gateway, tokens: Tokens) -> None:
        first = gateway.charge(a_charge(tokens.pending or pytest.skip("not offered")))
        assert first.outcome is Outcome.PENDING
        assert well_formed(first)
        later = gateway.status("KN/PAY-1/1")
        assert later is not None
        assert later.gateway_id == first.gateway_id

    def test_unavailable_means_that_nothing_happened(self, gateway: Gateway, tokens: Tokens) -> None:
        with pytest.raises(GatewayUnavailableError):
            gateway.charge(a_charge(tokens.down or pytest.skip("not offered")))
        assert gateway.status("KN/PAY-1/1") is None
        assert gateway.charge(a_charge(tokens.succeeds)).outcome is Outcome.SUCCEEDED

    @pytest.mark.parametrize("amount", ["0", "-1.00", "NaN"])
    def test_nothing_or_less_is_refused(self, gateway: Gateway, tokens: Tokens, amount: str) -> None:
        with pytest.raises(AmountNotPositiveError):
            gateway.charge(a_charge(tokens.succeeds, amount=amount))
        with pytest.raises(AmountNotPositiveError):
            gateway.refund(a_refund(amount))
        assert gateway.status("KN/PAY-1/1") is None

    def test_refunds_never_exceed_the_charge(self, gateway: Gateway, tokens: Tokens) -> None:
        gateway.charge(a_charge(tokens.succeeds))
        part = gateway.refund(a_refund("10.00"))
        assert part.outcome is Outcome.SUCCEEDED
        assert gateway.refund(a_refund("10.00")) == gateway.status("KN/PAY-1/R1") == part
        too_much = gateway.refund(a_refund("15.01", reference="KN/PAY-1/R2"))
        assert too_much.outcome is Outcome.DECLINED
        assert well_formed(too_much)
        assert gateway.refund(a_refund("15.00", reference="KN/PAY-1/R3")).outcome is Outcome.SUCCEEDED

    def test_only_what_was_charged_is_refunded(self, gateway: Gateway, tokens: Tokens) -> None:
        gateway.charge(a_charge(next(iter(tokens.declines.values()))))
        for refund in (a_refund("1.00", of="KN/PAY-404/1"), a_refund("1.00", reference="KN/PAY-1/R2")):
            assert gateway.refund(refund).outcome is Outcome.DECLINED
