"""A message is written: worded, addressed and stored, once for its cause."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from billhook.customers.models import Customer
from billhook.foundation.events import Actor, emit
from billhook.foundation.scope import current_company
from billhook.hooks.queries import filled
from billhook.notifications.events import MessageWritten
from billhook.notifications.hooks import CHANNEL
from billhook.notifications.models import Message
from billhook.notifications.templates import word

SUBJECT_LENGTH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a customer is to be told: `key` names the cause; attachments are paths relative to Billhook's home."""

    key: str
    template: str
    values: Mapping[str, str]
    attachments: tuple[str, ...] = ()


@transaction.atomic
def write_message(*, customer: Customer, notice: Notice, actor: Actor, at: datetime) -> Message | None:
    """Write a message to a customer; sending it follows the commit.

    Returns:
        The message, an earlier one of the same key included; None when the customer has no address or the company no
        channel.

    Raises:
        UnknownTemplateError: there is no such template.
    """
    channels = filled(CHANNEL)
    if not customer.email or not channels:
        return None
    values = {"name": customer.name, "company": current_company().name, **notice.values}
    subject, body = word(notice.template, values)
    message, written = Message.objects.get_or_create(
        key=notice.key,
        defaults={
            "customer": customer.number,
            "template": notice.template,
            "channel": channels[0][0],
            "recipient": customer.email,
            "subject": subject[:SUBJECT_LENGTH],
            "body": body,
            "attachments": list(notice.attachments),
            "written_at": at,
        },
    )
    if written:
        emit(MessageWritten(customer=customer.number, key=notice.key, title=subject), actor=actor, at=at)
    return message
