"""What a plugin may fill here: moving a customer's money through a payment processor."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from billhook.hooks.contract import Call, Hook
from billhook.hooks.registry import declare


class GatewayUnavailableError(Exception):
    """Raised when the processor was certainly not reached: nothing happened, the same reference may be used again."""


class ReferenceReusedError(ValueError):
    """Raised when a reference comes back with another amount, currency or token."""

    def __init__(self, reference: str) -> None:
        """Name the reference."""
        super().__init__(f"{reference} was already used for something else: start an attempt with its own reference.")


class AmountNotPositiveError(ValueError):
    """Raised for a charge or refund of nothing or less."""

    def __init__(self, reference: str, amount: Decimal) -> None:
        """Name reference and amount."""
        super().__init__(f"{reference} asks for {amount}: charge and refund amounts above zero.")


class Outcome(StrEnum):
    """What became of a charge or refund.

    `failed`: certainly nothing happened. `pending`: accepted, the answer comes later. `unknown`: sent, and nobody
    answered; whether money moved must be asked, and nothing may be charged meanwhile.
    """

    SUCCEEDED = "succeeded"
    DECLINED = "declined"
    PENDING = "pending"
    UNKNOWN = "unknown"
    FAILED = "failed"


class DeclineClass(StrEnum):
    """What a decline asks for: never try again, try again later, or ask the customer to confirm."""

    HARD = "hard"
    SOFT = "soft"
    AUTHENTICATION = "authentication"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeRequest:
    """Take money once.

    Args:
        reference: ours, stored before the call; makes the call idempotent.
        token: the processor's name for a card or account. Card numbers never enter Billhook.
        amount: above zero, in major units of `currency` (ISO 4217).
        description: what the customer may read on a statement.
        at: the instant of the attempt, aware.
    """

    reference: str
    token: str
    amount: Decimal
    currency: str
    description: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequest:
    """Give back all or part of what the charge `charge_reference` took, under a reference of its own."""

    reference: str
    charge_reference: str
    amount: Decimal
    currency: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayAnswer:
    """What the processor said.

    Args:
        code: the processor's own word, such as `insufficient_funds`.
        decline_class: set if and only if the outcome is `declined`.
        gateway_id: the processor's name for this charge or refund; empty where it never made one.
        message: one sentence for the timeline.
    """

    outcome: Outcome
    code: str = ""
    decline_class: DeclineClass | None = None
    gateway_id: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class CardChoice:
    """A card that can be chosen without giving a number: its token, and what people may see of it."""

    token: str
    label: str


class Gateway(Protocol):
    """Charges and refunds through one payment processor.

    - A reference moves money at most once, whatever is called, killed or repeated. A repeated call returns what became
      of the first one; with another amount, currency or token it raises `ReferenceReusedError`.
    - Answer `unknown` whenever a request may have left and no answer came, a time-out above all. Never guess.
    - `GatewayUnavailableError` says the opposite: the request certainly did not leave.
    - `status` is how Billhook finds out about `pending` and `unknown`. `None` is a promise that the processor never saw
      the reference. If it cannot say, raise `GatewayUnavailableError`.
    - An answer carries a decline class if and only if it is declined.
    - Keep no card number anywhere, and log no token.
    - A gateway that has cards to try things with may have a method `card_choices` that returns them, as a sequence of
      `CardChoice`: the sign-up page then offers these and no others.
    """

    def charge(self, request: ChargeRequest) -> GatewayAnswer:
        """Take the money and return the answer.

        Raises:
            GatewayUnavailableError: certainly nothing happened.
            ReferenceReusedError: the reference was used for something else.
            AmountNotPositiveError: nothing, or less, was asked for.
        """

    def status(self, reference: str) -> GatewayAnswer | None:
        """Return what became of a charge or refund, or None where the processor has never seen the reference."""

    def refund(self, request: RefundRequest) -> GatewayAnswer:
        """Give money back and return the answer; never more in all than the charge took.

        Raises:
            GatewayUnavailableError: certainly nothing happened.
            ReferenceReusedError: the reference was used for something else.
            AmountNotPositiveError: nothing, or less, was asked for.
        """


GATEWAY: Hook[Gateway] = Hook(
    name="payments.gateway",
    protocol=Gateway,
    call=Call.FIRST_ANSWER,
    sentence="Charges and refunds cards and accounts through a payment processor.",
)
declare(GATEWAY)
