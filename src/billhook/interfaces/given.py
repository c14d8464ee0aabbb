"""What people and programs write, read without doubt."""

import re
from datetime import date

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from billhook.core.errors import Refusal

WRITTEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class NoDateError(Refusal):
    """Raised when something is no date, or is written in another way than dates are."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text or 'Nothing'} is no date: write it as 2026-04-01.")


class NoReasonError(Refusal):
    """Raised when something is done that needs a reason, and none is given."""

    def __init__(self) -> None:
        super().__init__("Give a reason: the audit log keeps it.")


def a_date(text: str) -> date:
    """Return a date written as 2026-04-01.

    Raises:
        NoDateError: it is written in another way, or the calendar has no such day.
    """
    if not WRITTEN.fullmatch(text):
        raise NoDateError(text)
    try:
        return date.fromisoformat(text)
    except ValueError as trouble:
        raise NoDateError(text) from trouble


def a_reason(text: str) -> str:
    """Return a reason without space around it.

    Raises:
        NoReasonError: it is empty.
    """
    if not text.strip():
        raise NoReasonError
    return text.strip()


def is_e_mail(text: str) -> bool:
    """Return whether a text is an e-mail address."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
