"""What a change gives, and how an event shows it: before and after, except for personal data."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, Final, Literal, TypedDict

from django.db import models

from billhook.core import exact


class Keep(Enum):
    """Marks a field that a change leaves as it is."""

    KEEP = "keep"


KEEP: Final = Keep.KEEP
Unchanged = Literal[Keep.KEEP]


class Shown(TypedDict):
    """What an event shows of a change."""

    what: str
    before: dict[str, str]
    after: dict[str, str]


def given(change: Any) -> dict[str, Any]:
    """Return the fields that a change gives, by name."""
    values = {one.name: getattr(change, one.name) for one in fields(change)}
    return {name: value for name, value in values.items() if value is not KEEP}


def differing(row: models.Model, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that differ from those of a row."""
    return {name: value for name, value in values.items() if getattr(row, name) != value}


def shown(row: models.Model, values: Mapping[str, Any], *, personal: frozenset[str] = frozenset()) -> Shown:
    """Return what an event shows of new values before they are written; of personal data it shows the names alone."""
    open_names = [name for name in values if name not in personal]
    return Shown(
        what=", ".join(name.replace("_", " ") for name in values),
        before={name: _text(getattr(row, name)) for name in open_names},
        after={name: _text(values[name]) for name in open_names},
    )


def write(row: models.Model, values: Mapping[str, Any]) -> None:
    """Write some values into a row."""
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=list(values))


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return exact.plain(value)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value.isoformat() if isinstance(value, date) else str(value)
