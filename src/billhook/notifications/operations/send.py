"""A written message is handed to its channel."""

from datetime import datetime
from pathlib import Path

from django.db import transaction

from billhook.customers.queries import by_number
from billhook.foundation.events import Actor, emit
from billhook.foundation.home import home
from billhook.foundation.models import Company
from billhook.foundation.scope import company_scope
from billhook.hooks.queries import by_code
from billhook.notifications.events import MessageFailed, MessageSent
from billhook.notifications.hooks import (
    CHANNEL,
    Address,
    Attachment,
    Delivery,
    MessageRefusedError,
    OutgoingMessage,
)
from billhook.notifications.models import Message

MEDIA_TYPES = {".pdf": "application/pdf", ".png": "image/png"}


def send_message(*, company: Company, key: str, actor: Actor, at: datetime) -> None:
    """Send a waiting message through its channel, outside any transaction, and write down what became of it.

    Args:
        company: whose message; the scope is opened here, twice.
        key: the message's key, under which a channel sends at most once.
        actor: whose doing it is.
        at: when.

    Raises:
        ChannelUnavailableError: nothing was sent; the job is tried again.
    """
    with company_scope(company):
        message = Message.objects.get(key=key)
        if message.state != "waiting":
            return
        channel, outgoing = by_code(CHANNEL, message.channel), outgoing_message(company, message)
    try:
        delivery = channel.send(outgoing)
    except MessageRefusedError as refusal:
        with company_scope(company):
            record_failure(key=key, reason=str(refusal), actor=actor, at=at)
    else:
        with company_scope(company):
            record_delivery(key=key, delivery=delivery, actor=actor, at=at)


def outgoing_message(company: Company, message: Message) -> OutgoingMessage:
    """Return a stored message as a channel takes it, with its attachments read."""
    return OutgoingMessage(
        key=message.key,
        sender=Address(company.email or f"billing@{company.code}.invalid", company.name),
        recipient=Address(message.recipient, by_number(message.customer).name),
        subject=message.subject,
        text=message.body,
        at=message.written_at,
        attachments=tuple(attachment(home() / path) for path in message.attachments),
    )


def attachment(path: Path) -> Attachment:
    """Return a file as an attachment."""
    return Attachment(
        name=path.name, media_type=MEDIA_TYPES.get(path.suffix, "application/octet-stream"), content=path.read_bytes()
    )


@transaction.atomic
def record_delivery(*, key: str, delivery: Delivery, actor: Actor, at: datetime) -> None:
    """Mark a message as sent; one that is marked stays so."""
    message = Message.objects.select_for_update().get(key=key)
    if message.state == "waiting":
        message.state, message.delivery = "sent", delivery.detail[:300]
        message.save(update_fields=["state", "delivery"])
        sent = MessageSent(customer=message.customer, key=key, title=message.subject, recipient=message.recipient)
        emit(sent, actor=actor, at=at)


@transaction.atomic
def record_failure(*, key: str, reason: str, actor: Actor, at: datetime) -> None:
    """Mark a message that its channel refuses as failed, with the reason."""
    message = Message.objects.select_for_update().get(key=key)
    message.state, message.delivery = "failed", reason[:300]
    message.save(update_fields=["state", "delivery"])
    emit(MessageFailed(customer=message.customer, key=key, title=message.subject, reason=reason), actor=actor, at=at)
