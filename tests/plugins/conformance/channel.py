"""What every plugin of the hook `notifications.channel` is held to: inherit, and give `channel` and `arrived`."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from billhook.notifications.hooks import Address, Attachment, Channel, MessageRefusedError, OutgoingMessage

Arrived = Callable[[], int]

MESSAGE = OutgoingMessage(
    key="dunning.reminder:KN-2026-0011:1",
    sender=Address("billing@kestrel.example", "Kestrel Networks"),
    recipient=Address("office@harbour.example", "Harbour Bakery"),
    subject="Reminder: invoice KN-2026-0011 is due, € 25,00",
    text="Dear Harbour Bakery,\n\nyour invoice is due.\n",
    html="<p>Dear Harbour Bakery, your invoice is <b>due</b>.</p>",
    attachments=(Attachment("KN-2026-0011.pdf", "application/pdf", b"%PDF-1.7\n\x00\xff"),),
    at=datetime(2026, 4, 20, 6, 0, tzinfo=UTC),
)


class ChannelConformance:
    """The promises of `Channel`; `arrived` counts the messages that the other side has received."""

    @pytest.fixture
    def channel(self) -> Channel:
        raise NotImplementedError

    @pytest.fixture
    def arrived(self) -> Arrived:
        raise NotImplementedError

    def test_a_message_arrives_and_says_how(self, channel: Channel, arrived: Arrived) -> None:
        delivery = channel.send(MESSAGE)
        assert arrived() == 1
        assert delivery.reference
        assert delivery.detail.endswith(".")

    def test_the_same_key_arrives_once(self, channel: Channel, arrived: Arrived) -> None:
        assert channel.send(MESSAGE) == channel.send(MESSAGE)
        assert arrived() == 1

    def test_another_key_arrives_too(self, channel: Channel, arrived: Arrived) -> None:
        first, second = channel.send(MESSAGE), channel.send(replace(MESSAGE, key="dunning.reminder:KN-2026-0011:2"))
        assert first.reference != second.reference
        assert arrived() == 2

    @pytest.mark.parametrize("text", ["Hello\r\nBcc: thief@example.org", "Hello\nX: y", "Hello\rX: y", "Hello\0"])
    @pytest.mark.parametrize(
        "change",
        [
            lambda text: replace(MESSAGE, subject=text),
            lambda text: replace(MESSAGE, sender=Address("billing@kestrel.example", text)),
            lambda text: replace(MESSAGE, recipient=Address("office@harbour.example", text)),
            lambda text: replace(MESSAGE, recipient=Address(f"office@harbour.example{text[5:]}")),
            lambda text: replace(MESSAGE, attachments=(Attachment(text, "text/plain", b""),)),
        ],
        ids=["subject", "sender's name", "recipient's name", "recipient's address", "attachment's name"],
    )
    def test_a_forged_header_is_refused(
        self, channel: Channel, arrived: Arrived, text: str, change: Callable[[str], OutgoingMessage]
    ) -> None:
        with pytest.raises(MessageRefusedError):
            channel.send(change(text))
        assert arrived() == 0

    def test_a_message_without_html_and_attachments_arrives(self, channel: Channel, arrived: Arrived) -> None:
        channel.send(replace(MESSAGE, html="", attachments=()))
        assert arrived() == 1
