"""How a token makes a charge end."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from decimal import Decimal

from billhook.payments.hooks import DeclineClass, GatewayAnswer, GatewayUnavailableError, Outcome

_LIMIT = re.compile(r"tok_limit_(\d{1,12}(?:\.\d{1,4})?)", re.ASCII)


class SandboxDownError(GatewayUnavailableError):
    """Raised for the token that plays a processor which cannot be reached."""

    def __init__(self) -> None:
        """Say that nothing happened."""
        super().__init__("The sandbox processor is down; nothing was charged. Try again later.")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the caller hears at once, and what is true: the answer to everybody who asks later."""

    heard: GatewayAnswer
    settled: GatewayAnswer


def gateway_id(reference: str) -> str:
    """Return the processor's own name for a reference, always the same."""
    return f"sbx_{hashlib.sha256(reference.encode()).hexdigest()[:20]}"


def approved(reference: str) -> GatewayAnswer:
    """Return the answer that money moved."""
    return GatewayAnswer(
        outcome=Outcome.SUCCEEDED, code="approved", gateway_id=gateway_id(reference), message="Approved."
    )


def declined(reference: str, code: str, decline_class: DeclineClass, message: str) -> GatewayAnswer:
    """Return the answer that no money moved, and why."""
    return GatewayAnswer(
        outcome=Outcome.DECLINED,
        code=code,
        decline_class=decline_class,
        gateway_id=gateway_id(reference),
        message=message,
    )


def verdict_on(reference: str, *, token: str, amount: Decimal) -> Verdict:
    """Return how a charge ends.

    Raises:
        SandboxDownError: the token plays a processor that cannot be reached.
    """
    match token:
        case "tok_down":
            raise SandboxDownError
        case "tok_timeout":
            heard = GatewayAnswer(outcome=Outcome.UNKNOWN, code="timeout", message="No answer came in time.")
            return Verdict(heard, approved(reference))
        case "tok_pending":
            heard = GatewayAnswer(
                outcome=Outcome.PENDING,
                code="processing",
                gateway_id=gateway_id(reference),
                message="Accepted; the answer comes later.",
            )
            return Verdict(heard, approved(reference))
        case _:
            answer = _at_once(reference, token=token, amount=amount)
            return Verdict(answer, answer)


def _at_once(reference: str, *, token: str, amount: Decimal) -> GatewayAnswer:
    match token:
        case "tok_visa" | "tok_mastercard":
            return approved(reference)
        case "tok_stolen":
            return declined(reference, "stolen_card", DeclineClass.HARD, "The card was reported stolen.")
        case "tok_3ds":
            return declined(
                reference,
                "authentication_required",
                DeclineClass.AUTHENTICATION,
                "The customer has to confirm the payment with the bank.",
            )
    limit = _LIMIT.fullmatch(token)
    if limit is None:
        return declined(reference, "unknown_token", DeclineClass.HARD, "No card is kept under this token.")
    if amount <= Decimal(limit[1]):
        return approved(reference)
    return declined(reference, "insufficient_funds", DeclineClass.SOFT, "The card has insufficient funds.")
