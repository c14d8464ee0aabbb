"""The mailbox as a plugin of the hook `notifications.channel`."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import ClassVar

from pydantic import BaseModel, Field

from billhook.foundation.embedded import Check
from billhook.hooks import contract
from billhook.notifications.hooks import ChannelUnavailableError, Delivery, OutgoingMessage
from billhook.plugins.channel_mailbox.message import message_id, to_bytes

_READABLE = 60


class MailboxUnwritableError(ChannelUnavailableError):
    """Raised when the mailbox cannot be written: nothing was sent."""

    def __init__(self, folder: Path, reason: str) -> None:
        """Name the folder and what the system says."""
        super().__init__(f"The mailbox {folder} cannot be written ({reason}): make room, or correct its folder.")


class MailboxParameters(contract.Parameters):
    """Where the messages are written."""

    folder: Path = Field(title="Folder", description="A folder on the server, made if it is missing.")


class MailboxChannel:
    """Writes each message as one `.eml` file named after its key, whole or not at all."""

    hook: ClassVar[str] = "notifications.channel"
    code: ClassVar[str] = "mailbox"
    title: ClassVar[str] = "Mailbox folder"
    Parameters: ClassVar[type[BaseModel]] = MailboxParameters

    def __init__(self, parameters: MailboxParameters) -> None:
        self._folder = parameters.folder

    def check(self) -> list[Check]:
        """Look whether the mailbox can be written."""
        place = next(folder for folder in (self._folder, *self._folder.parents) if folder.exists())
        return [Check("Mailbox", os.access(place, os.W_OK), str(self._folder), "Correct the folder or its rights.")]

    def send(self, message: OutgoingMessage) -> Delivery:
        """Write the message, or leave it where it was written before.

        Raises:
            MessageRefusedError: the message would forge a header or has no usable address.
            MailboxUnwritableError: the folder cannot be written.
        """
        content = to_bytes(message)
        path = self._folder / file_name(message.key)
        try:
            if not path.exists():
                _write_whole(path, content)
        except OSError as error:
            raise MailboxUnwritableError(self._folder, error.strerror or str(error)) from error
        return Delivery(reference=message_id(message), detail=f"Written to the mailbox as {path.name}.")


def file_name(key: str) -> str:
    """Return the name of a key's file: what a person can read of the key, then what makes it unique."""
    readable = re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-")[:_READABLE]
    return f"{readable or 'message'}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.eml"


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, even over a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as file:
        aside = Path(file.name)
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            aside.chmod(0o640)
            aside.replace(path)
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the folder's entries durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
