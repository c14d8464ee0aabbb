"""Networks that answer as a test tells them to, and one that dies after it has done its work."""

import os
from pathlib import Path
from typing import ClassVar

from django.db import connection
from tests.builders import CLERK, OPENING

from billhook.hooks import contract, registry
from billhook.hooks.operations import activate
from billhook.orders.hooks import PROVISIONING, ProvisioningRequest


class Scripted:
    """Answers from a list, then `done`; an exception in the list is raised. Keeps what it was told."""

    hook: ClassVar[str] = PROVISIONING.name
    code: ClassVar[str] = "scripted"
    title: ClassVar[str] = "Scripted network"
    Parameters: ClassVar[type[contract.Parameters]] = contract.Parameters

    answers: ClassVar[list] = []
    heard: ClassVar[list] = []
    in_transaction: ClassVar[list] = []

    def __init__(self, parameters):
        pass

    def carry_out(self, request: ProvisioningRequest):
        self.heard.append(request)
        self.in_transaction.append(connection.in_atomic_block)
        answer = self.answers.pop(0) if self.answers else "done"
        if isinstance(answer, BaseException):
            raise answer
        return answer


class Mortal:
    """Writes each key once and each call always; the process dies after the first work."""

    hook: ClassVar[str] = PROVISIONING.name
    code: ClassVar[str] = "mortal"
    title: ClassVar[str] = "Mortal network"

    class Parameters(contract.Parameters):
        """Where it keeps its books."""

        folder: Path

    def __init__(self, parameters):
        self.folder = parameters.folder

    def carry_out(self, request: ProvisioningRequest):
        with (self.folder / "calls").open("a") as calls:
            calls.write(f"{request.key}\n")
        work = self.folder / "work"
        known = work.read_text().splitlines() if work.exists() else []
        if request.key not in known:
            work.write_text("".join(f"{key}\n" for key in [*known, request.key]))
            if os.environ.get("NETWORK_KILLS"):
                os._exit(9)
        return "done"


def install(patch=None):
    """Let the registry know both networks, for as long as a test patches it or, in a process of a test's, for good."""
    found = (*registry.installed(), Mortal, Scripted)
    if patch is None:
        registry.installed = lambda: found
    else:
        patch.setattr(registry, "installed", lambda: found)
    Scripted.answers, Scripted.heard, Scripted.in_transaction = [], [], []


def connect(plugin="scripted", code="switch", **parameters):
    """Activate a network, in the company in scope."""
    return activate(hook=PROVISIONING, plugin=plugin, code=code, parameters=parameters, actor=CLERK, at=OPENING)
