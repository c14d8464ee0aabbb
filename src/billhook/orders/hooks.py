"""What a plugin may fill here: telling the network what to do with an order."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from billhook.core.errors import Refusal
from billhook.hooks.contract import Call, Hook
from billhook.hooks.registry import declare

LONGEST_REFERENCE = 120


class Verb(StrEnum):
    """The words that a network understands."""

    ACTIVATE = "activate"
    SUSPEND = "suspend"
    RESUME = "resume"
    TERMINATE = "terminate"
    CHANGE = "change"
    ADD_FEATURE = "add_feature"
    REMOVE_FEATURE = "remove_feature"
    QUERY = "query"
    """Changes nothing: what became of the task of this key and reference."""


class Outcome(StrEnum):
    """How far a network came."""

    DONE = "done"
    RETRY = "retry"
    """It did not happen, and may happen another time: the same request is sent again, later."""
    FAILED = "failed"
    """It did not happen and will not by itself: a person has to look."""
    PENDING = "pending"
    """It was taken on under a reference, and is asked about by that."""


class ProvisioningResultError(Refusal):
    """Raised for an answer that says too little to go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningResult:
    """A network's answer: `message` is one short sentence for the timeline, without secrets.

    `reference` is the network's own name of what it has taken on, of at most 120 characters; a pending answer has one.
    """

    outcome: Outcome
    message: str
    reference: str = ""

    def __post_init__(self) -> None:
        """Refuse an answer about which nobody could ask."""
        if len(self.reference) > LONGEST_REFERENCE:
            raise ProvisioningResultError(
                f"A reference of {len(self.reference)} characters cannot be kept: give at most {LONGEST_REFERENCE}."
            )
        if self.outcome is Outcome.PENDING and not self.reference:
            raise ProvisioningResultError("A pending answer has no reference: give one, by which it is asked about.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedLine:
    """A line of the order: its name, the product's code and the quantity agreed at the time."""

    line: str
    product: str
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedAsset:
    """An asset that a line of the order uses: the code of its type, its identifier and the line's name."""

    type: str
    identifier: str
    line: str


@dataclass(frozen=True, slots=True)
class ProvisioningRequest:
    """One word to the network; `key` is the same however often it is said.

    Lines, assets and features are as they stood at `at`. `features` are the codes that `add_feature` and
    `remove_feature` are about. A `query` carries the key and the reference of the request that it asks about.
    """

    key: str
    verb: str
    order: str
    customer: str
    at: datetime
    lines: tuple[RequestedLine, ...] = ()
    assets: tuple[RequestedAsset, ...] = ()
    features: tuple[str, ...] = ()
    reference: str = ""


class Provisioning(Protocol):
    """Carries out eight verbs in a switch, a mail server, a licence server.

    The verbs are activate, suspend, resume, terminate, change, add_feature, remove_feature and query. Every call must
    be idempotent by the request's key, also when two come at once: after a crash it is made again. A verb that a
    network has no use for is answered, such as by "nothing to do". A text as answer means that it is done; otherwise a
    `ProvisioningResult` says how far it came. An exception means that it did not happen, and it is told again after
    1, 5 and 30 minutes, 2, 6 and 24 hours. What is pending is asked about by `query` after the same waits.
    """

    def carry_out(self, request: ProvisioningRequest) -> ProvisioningResult | str:
        """Do what the verb says and return what was done."""


PROVISIONING: Hook[Provisioning] = Hook(
    name="orders.provisioning",
    protocol=Provisioning,
    call=Call.ALL_ANSWERS,
    sentence="Tells the network to activate, suspend, resume, change or terminate a service, and asks how far it is.",
)
declare(PROVISIONING)
