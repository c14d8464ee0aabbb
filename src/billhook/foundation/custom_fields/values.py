"""Values of custom fields: from what people give to what is stored as JSON, and back."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from billhook.core import exact
from billhook.core.errors import Refusal
from billhook.foundation.custom_fields.patterns import matches
from billhook.foundation.models import CustomField

Stored = str | int | bool
"""A value as JSON keeps it: a decimal and a date as text."""
Typed = str | int | bool | Decimal | date

MOST_DIGITS = 18
MOST_DECIMALS = 12
_WORDS = {"true": True, "false": False}


class FieldValueError(Refusal):
    """Raised for one value that its field does not take; the message is what the field asks for instead."""


def stored(definition: CustomField, value: object) -> Stored:
    """Return a value as it is stored.

    Args:
        definition: of its field.
        value: of the field's own type, or its text; never a float.

    Raises:
        FieldValueError: the field does not take it.
    """
    return _READERS[definition.kind](definition, value)


def typed(definition: CustomField, value: Stored) -> Typed:
    """Return a stored value in the type of its field."""
    if definition.kind == "decimal":
        return Decimal(str(value))
    return date.fromisoformat(str(value)) if definition.kind == "date" else value


def _text(definition: CustomField, value: object) -> str:
    if not isinstance(value, str):
        raise FieldValueError("give a text")
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise FieldValueError("leave out the character that is none")
    if len(value) > definition.max_length:
        raise FieldValueError(f"give at most {definition.max_length} characters")
    if definition.pattern and not matches(definition.pattern, value):
        raise FieldValueError(f"give a text of the form {definition.pattern}")
    return value


def _integer(definition: CustomField, value: object) -> int:
    del definition
    if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]{1,18}", value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 10**MOST_DIGITS:
        raise FieldValueError(f"give a whole number of at most {MOST_DIGITS} digits")
    return value


def _decimal(definition: CustomField, value: object) -> str:
    del definition
    if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]{1,18}(\.[0-9]{1,12})?", value):
        value = Decimal(value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    if not isinstance(value, Decimal) or not value.is_finite() or not _has_room(value):
        raise FieldValueError(
            f"give a decimal such as 12.50, of at most {MOST_DIGITS} digits and {MOST_DECIMALS} decimals"
        )
    return exact.plain(value)


def _has_room(value: Decimal) -> bool:
    """Return whether a decimal has few enough digits before and behind the point."""
    if value and value.adjusted() >= MOST_DIGITS:
        return False
    decimals = exact.plain(value).partition(".")[2]
    return len(decimals) <= MOST_DECIMALS


def _date(definition: CustomField, value: object) -> str:
    del definition
    if type(value) is date:
        return value.isoformat()
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise FieldValueError("give a date such as 2026-03-01")
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise FieldValueError("give a date that the calendar has, such as 2026-03-01") from None


def _boolean(definition: CustomField, value: object) -> bool:
    del definition
    given = _WORDS.get(value) if isinstance(value, str) else value
    if not isinstance(given, bool):
        raise FieldValueError("give true or false")
    return given


def _choice(definition: CustomField, value: object) -> str:
    if not isinstance(value, str) or value not in definition.choices:
        raise FieldValueError(f"choose one of {', '.join(definition.choices)}")
    return value


def _email(definition: CustomField, value: object) -> str:
    text = _text(definition, value)
    try:
        validate_email(text)
    except ValidationError:
        raise FieldValueError("give an e-mail address such as name@bakery.example") from None
    return text


def _url(definition: CustomField, value: object) -> str:
    text = _text(definition, value)
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r"\s", text):
        raise FieldValueError("give a web address such as https://bakery.example")
    return text


_READERS: Mapping[str, Callable[[CustomField, object], Stored]] = {
    "text": _text,
    "integer": _integer,
    "decimal": _decimal,
    "date": _date,
    "boolean": _boolean,
    "choice": _choice,
    "email": _email,
    "url": _url,
}
