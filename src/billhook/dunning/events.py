"""What happens to customers who are late."""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from billhook.foundation.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class DunningEvent(Event):
    """The base of what happens in one episode; the episode belongs to an overdue invoice."""

    subject_field: ClassVar[str] = "invoice"

    invoice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DunningSetUp(Event):
    """A company decided what happens to customers who are late."""

    name: ClassVar[str] = "dunning.set_up"
    sentence: ClassVar[str] = "The dunning has {steps} steps."
    subject_field: ClassVar[str] = "steps"

    steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeOpened(DunningEvent):
    """A customer is late."""

    name: ClassVar[str] = "dunning.opened"
    sentence: ClassVar[str] = "Invoice {invoice} is overdue: dunning begins."


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTaken(DunningEvent):
    """A dunning step was reached; `template` names the notice to send, if any."""

    name: ClassVar[str] = "dunning.step_taken"
    sentence: ClassVar[str] = "Dunning step {position}, {step}, was taken for invoice {invoice}."

    position: int
    step: str
    template: str
    overdue: Decimal
    currency: str
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeEnded(DunningEvent):
    """The overdue invoice is settled."""

    name: ClassVar[str] = "dunning.ended"
    sentence: ClassVar[str] = "Dunning for invoice {invoice} has ended: {reason}."

    reason: str
