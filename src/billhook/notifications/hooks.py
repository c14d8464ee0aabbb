"""What a plugin may fill here: carrying a message to the person it is for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from billhook.hooks.contract import Call, Hook
from billhook.hooks.registry import declare


class MessageRefusedError(Exception):
    """Raised by a channel for a message that it will never carry; the message says what to change."""


class ChannelUnavailableError(Exception):
    """Raised by a channel that cannot carry anything now: nothing was sent, the message is tried again."""


@dataclass(frozen=True, slots=True)
class Address:
    """Whom a message is from or for: an address of the channel's kind and, where it has one, a name."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message, such as the PDF of an invoice."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """One message, worded and ready.

    Args:
        key: derived from the message's cause; the same cause has the same key however often it is sent.
        text: the whole message as plain text.
        html: the same as HTML, or empty.
        at: the instant it was written, aware.
    """

    key: str
    sender: Address
    recipient: Address
    subject: str
    text: str
    at: datetime
    html: str = ""
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a message: the channel's own reference, and one short sentence for the timeline."""

    reference: str
    detail: str


class Channel(Protocol):
    """Carries messages by e-mail, text message, letter or chat.

    - A channel is idempotent by the message's key: sent twice, a message arrives once and both calls return the same
      delivery. Workers are killed and jobs run again.
    - Subject, names and addresses are user text: what would forge a header or a second recipient is refused with a
      `MessageRefusedError` of its own name.
    - `ChannelUnavailableError` means that nothing was sent. After any other exception the message is tried again too,
      which the key makes harmless.
    - The message's instant dates it. A channel reads no clock.
    """

    def send(self, message: OutgoingMessage) -> Delivery:
        """Carry one message and return its delivery."""


CHANNEL: Hook[Channel] = Hook(
    name="notifications.channel",
    protocol=Channel,
    call=Call.FIRST_ANSWER,
    sentence="Carries messages to customers.",
)
declare(CHANNEL)
