"""Writes what the network would be told to a file, one line each, once a key."""

import fcntl
import os
from pathlib import Path
from typing import ClassVar

from billhook.hooks import contract
from billhook.orders.hooks import PROVISIONING, ProvisioningRequest, Verb


class LogParameters(contract.Parameters):
    """Where the log lies."""

    file: Path


class LogProvisioning:
    """Appends `key verb order customer assets features` to a log file."""

    hook: ClassVar[str] = PROVISIONING.name
    code: ClassVar[str] = "log"
    title: ClassVar[str] = "Provisioning log"

    Parameters: ClassVar[type[contract.Parameters]] = LogParameters

    def __init__(self, parameters: LogParameters) -> None:
        """Take the path of the log."""
        self.file = parameters.file

    def carry_out(self, request: ProvisioningRequest) -> str:
        """Append the line unless its key is there, and say so; a query counts the lines of the order."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a+", encoding="utf-8") as log:
            fcntl.flock(log, fcntl.LOCK_EX)
            log.seek(0)
            lines = log.readlines()
            if request.verb == Verb.QUERY:
                return f"{sum(f' {request.order} ' in line for line in lines)} lines of it in {self.file.name}"
            if not any(line.startswith(f"{request.key} {request.verb} ") for line in lines):
                log.write(f"{' '.join(words(request))}\n")
                log.flush()
                os.fsync(log.fileno())
        return f"{request.verb} written to {self.file.name}"


def words(request: ProvisioningRequest) -> list[str]:
    """Return what a line holds: what is asked, and the assets and features that it is about."""
    assets = [asset.identifier for asset in request.assets]
    return [request.key, request.verb, request.order, request.customer, *assets, *request.features]
