"""What happens to payments."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from billhook.foundation.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentEvent(Event):
    """The base of what happens to one payment."""

    subject_field: ClassVar[str] = "number"

    number: str
    amount: Decimal
    currency: str
    invoice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptCreated(PaymentEvent):
    """A card is about to be charged; the attempt is stored before the gateway is called."""

    name: ClassVar[str] = "payment.attempted"
    sentence: ClassVar[str] = "{instrument} is being charged {amount} {currency} for invoice {invoice}."

    reference: str
    instrument: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReceived(PaymentEvent):
    """Money came in."""

    name: ClassVar[str] = "payment.received"
    sentence: ClassVar[str] = "{amount} {currency} were received by {method}."

    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditKept(PaymentEvent):
    """What a credit note gives back is the customer's credit, which pays the oldest open invoices first."""

    name: ClassVar[str] = "payment.credit_kept"
    sentence: ClassVar[str] = "{amount} {currency} of credit note {document} are the customer's credit."

    document: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDeclined(PaymentEvent):
    """The gateway declined a charge; `retry_at` is when it is tried again, None when it is not."""

    name: ClassVar[str] = "payment.declined"
    sentence: ClassVar[str] = "{instrument} was declined for {amount} {currency}: {code}."

    instrument: str
    code: str
    retry_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentUncertain(PaymentEvent):
    """The gateway has not said, or not yet, how a charge ended; it is asked again, never charged again."""

    name: ClassVar[str] = "payment.uncertain"
    sentence: ClassVar[str] = "The outcome of charging {amount} {currency} is {state}; the gateway is asked again."

    state: str
    poll_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionStopped(PaymentEvent):
    """No further charge will be tried for an invoice."""

    name: ClassVar[str] = "payment.collection_stopped"
    sentence: ClassVar[str] = "Charging for invoice {invoice} has stopped: {reason}."

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerWanted(PaymentEvent):
    """It is time to ask the gateway how a charge ended."""

    name: ClassVar[str] = "payment.answer_wanted"
    sentence: ClassVar[str] = "The gateway is asked what became of {reference}."

    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RetriesSetUp(Event):
    """The schedule of retries was set."""

    name: ClassVar[str] = "payment.retries_set_up"
    sentence: ClassVar[str] = "Declined cards are tried again after {days} days."
    subject_field: ClassVar[str] = "days"

    days: str
