"""What a plugin may fill here: telling the network what to do with an order."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from billhook.hooks.contract import Call, Hook
from billhook.hooks.registry import declare


@dataclass(frozen=True, slots=True)
class ProvisioningRequest:
    """One word to the network; `key` is the same however often it is said."""

    key: str
    verb: str
    order: str
    customer: str
    at: datetime


class Provisioning(Protocol):
    """Carries out activate, suspend, resume and terminate in a switch, a mail server, a licence server.

    Every call must be idempotent by the request's key. The answer is one short sentence for the timeline; an
    exception means that it did not happen, and the task is tried again.
    """

    def carry_out(self, request: ProvisioningRequest) -> str:
        """Do what the verb says and return what was done."""


PROVISIONING: Hook[Provisioning] = Hook(
    name="orders.provisioning",
    protocol=Provisioning,
    call=Call.ALL_ANSWERS,
    sentence="Tells the network to activate, suspend, resume or terminate a service.",
)
declare(PROVISIONING)
