"""Writes what the network would be told to a file, one line each, once a key."""

import fcntl
import os
from pathlib import Path
from typing import ClassVar

from billhook.hooks import contract
from billhook.orders.hooks import PROVISIONING, ProvisioningRequest


class LogParameters(contract.Parameters):
    """Where the log lies."""

    file: Path


class LogProvisioning:
    """Appends `key verb order customer` to a log file."""

    hook: ClassVar[str] = PROVISIONING.name
    code: ClassVar[str] = "log"
    title: ClassVar[str] = "Provisioning log"

    Parameters: ClassVar[type[contract.Parameters]] = LogParameters

    def __init__(self, parameters: LogParameters) -> None:
        """Take the path of the log."""
        self.file = parameters.file

    def carry_out(self, request: ProvisioningRequest) -> str:
        """Append the line unless it is there, and say so."""
        line = f"{request.key} {request.verb} {request.order} {request.customer}\n"
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a+", encoding="utf-8") as log:
            fcntl.flock(log, fcntl.LOCK_EX)
            log.seek(0)
            if line not in log.readlines():
                log.write(line)
                log.flush()
                os.fsync(log.fileno())
        return f"{request.verb} written to {self.file.name}"
