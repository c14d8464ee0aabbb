"""What happens to messages."""

from dataclasses import dataclass
from typing import ClassVar

from billhook.foundation.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEvent(Event):
    """The base of what happens to one message."""

    subject_field: ClassVar[str] = "key"

    key: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageWritten(MessageEvent):
    """A message waits to be sent."""

    name: ClassVar[str] = "message.written"
    sentence: ClassVar[str] = "The message “{title}” was written."


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSent(MessageEvent):
    """A message was handed to its channel."""

    name: ClassVar[str] = "message.sent"
    sentence: ClassVar[str] = "The message “{title}” was sent to {recipient}."

    recipient: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFailed(MessageEvent):
    """A channel refused a message."""

    name: ClassVar[str] = "message.failed"
    sentence: ClassVar[str] = "The message “{title}” could not be sent: {reason}."

    reason: str
