"""An outgoing message as RFC 5322 bytes, the same bytes whenever it is made."""

from __future__ import annotations

import hashlib
import re
from email.errors import MessageError
from email.headerregistry import Address as MailAddress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from billhook.notifications.hooks import Address, MessageRefusedError, OutgoingMessage

_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)


class HeaderInjectionError(MessageRefusedError):
    """Raised for a line break or control character in what becomes a header: it could forge one."""

    def __init__(self, field: str) -> None:
        """Name the field."""
        super().__init__(f"The {field} holds a line break or control character: take it out.")


class AddressRefusedError(MessageRefusedError):
    """Raised for what is no e-mail address."""

    def __init__(self, field: str, address: str) -> None:
        """Name the field and the address."""
        super().__init__(f"{address!r} is no e-mail address: correct the {field}.")


class MediaTypeRefusedError(MessageRefusedError):
    """Raised for an attachment whose media type is none."""

    def __init__(self, name: str, media_type: str) -> None:
        """Name the attachment and its type."""
        super().__init__(f"{media_type!r} is no media type: correct that of the attachment {name}.")


def message_id(message: OutgoingMessage) -> str:
    """Return the Message-ID, derived from the message's key and the sender's domain."""
    digest = hashlib.sha256(message.key.encode()).hexdigest()
    return f"<{digest[:32]}@{_mail_address('sender', message.sender).domain}>"


def to_bytes(message: OutgoingMessage) -> bytes:
    """Return the message as it is written to a file.

    Raises:
        HeaderInjectionError: a line break in the subject, a name, an address or an attachment's name.
        AddressRefusedError: sender or recipient have no usable address.
        MediaTypeRefusedError: an attachment's media type is none.
    """
    mail = EmailMessage(policy=SMTP)
    mail["From"] = _mail_address("sender", message.sender)
    mail["To"] = _mail_address("recipient", message.recipient)
    mail["Subject"] = _one_line("subject", message.subject)
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = message_id(message)
    mail["Auto-Submitted"] = "auto-generated"
    _fill(mail, message)
    _set_boundaries(mail, hashlib.sha256(message.key.encode()).hexdigest())
    return mail.as_bytes()


def _fill(mail: EmailMessage, message: OutgoingMessage) -> None:
    mail.set_content(message.text)
    if message.html:
        mail.add_alternative(message.html, subtype="html")
    for attachment in message.attachments:
        name = _one_line("attachment's name", attachment.name)
        if not _MEDIA_TYPE.fullmatch(attachment.media_type):
            raise MediaTypeRefusedError(name, attachment.media_type)
        main, _, sub = attachment.media_type.partition("/")
        mail.add_attachment(attachment.content, maintype=main, subtype=sub, filename=name)


def _set_boundaries(mail: EmailMessage, digest: str) -> None:
    """Replace the random boundaries by ones derived from the key, numbered from the outside in."""
    multiparts = (part for part in mail.walk() if part.is_multipart())
    for number, part in enumerate(multiparts):
        part.set_boundary(f"=_{digest[:32]}_{number}")


def _mail_address(field: str, given: Address) -> MailAddress:
    _one_line(f"{field}'s address", given.address)
    name = _one_line(f"{field}'s name", given.name)
    try:
        address = MailAddress(display_name=name, addr_spec=given.address)
    except (ValueError, IndexError, MessageError):
        raise AddressRefusedError(field, given.address) from None
    if not address.username or not address.domain or not given.address.isascii():
        raise AddressRefusedError(field, given.address)
    return address


def _one_line(field: str, text: str) -> str:
    if _CONTROL.search(text):
        raise HeaderInjectionError(field)
    return text
