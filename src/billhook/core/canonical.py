"""Canonical bytes: one writing for equal values, and the values back from it, exactly."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from billhook.core import exact
from billhook.core.errors import Refusal
from billhook.core.money import Currency, Money, currency

Value = TypeVar("Value")


class CanonicalError(Refusal):
    """A value that has no canonical writing, or bytes that are no such value."""


def to_bytes(value: object) -> bytes:
    """Return the canonical bytes of a frozen value: JSON, keys sorted, decimals as text, dates by ISO 8601.

    Raises:
        CanonicalError: it holds a float, or something that is no value.
    """
    return json.dumps(plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def from_bytes(cls: type[Value], data: bytes) -> Value:
    """Return the value of a class from its canonical bytes.

    Raises:
        CanonicalError: the bytes are no value of the class.
    """
    try:
        return from_plain(cls, json.loads(data))
    except json.JSONDecodeError as error:
        raise CanonicalError(f"These bytes are no {cls.__name__} ({error}); restore them from a backup.") from error


def digest(data: bytes) -> str:
    """Return the SHA-256 of bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


def fingerprint(value: object) -> str:
    """Return the SHA-256 of a value's canonical bytes, in hex."""
    return digest(to_bytes(value))


def plain(value: object) -> Any:
    """Return a frozen value as JSON knows it: text, whole numbers, lists and objects.

    A class that has a `tag` carries it, so that it is found again among others.

    Raises:
        CanonicalError: it holds a float, or something that is no value.
    """
    if value is None or isinstance(value, str | bool | int):
        return str(value) if isinstance(value, StrEnum) else value
    text_of = _TEXT_OF.get(type(value))
    if text_of is not None:
        return text_of(value)
    if is_dataclass(value) and not isinstance(value, type):
        return _plain_fields(value)
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, frozenset):
        return sorted(plain(item) for item in value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    raise CanonicalError(f"{value!r} has no canonical writing; use exact decimals, dates, text and frozen values.")


def from_plain(cls: type[Value], data: object) -> Value:
    """Return the value of a class from what JSON knows of it.

    Raises:
        CanonicalError: the data are no value of the class.
    """
    try:
        value: Value = _value(cls, data)
    except (KeyError, TypeError, ValueError, ArithmeticError, IndexError) as error:
        raise CanonicalError(f"These data are no {cls.__name__} ({error!r}); restore them from a backup.") from error
    return value


def _plain_fields(value: object) -> dict[str, Any]:
    cls: Any = type(value)
    tag = getattr(cls, "tag", None)
    found = {name: plain(getattr(value, name)) for name in _compared(cls)}
    return found if tag is None else {"tag": tag, **found}


def _value(kind: Any, data: Any) -> Any:
    """Return the value of a type from what JSON knows of it."""
    origin = get_origin(kind)
    if origin in {Union, UnionType}:
        return _one_of(get_args(kind), data)
    if origin in {tuple, frozenset}:
        return origin(_value(get_args(kind)[0], part) for part in data)
    if is_dataclass(kind) and kind not in _FROM_TEXT and isinstance(kind, type):
        missing = {name for name in _defaulted(kind) if name not in data}
        return kind(**{name: _value(hint, data[name]) for name, hint in _hints(kind).items() if name not in missing})
    written = kind if kind in {int, bool} else str
    if type(data) is not written:
        raise CanonicalError(f"{data!r} is no {kind.__name__}")
    return _FROM_TEXT.get(kind, kind)(data)


def _one_of(kinds: tuple[Any, ...], data: Any) -> Any:
    """Return a value of one of several types: none, or the class whose tag it carries, or the only one left."""
    if data is None:
        return None
    some = [kind for kind in kinds if kind is not NoneType]
    if len(some) == 1:
        return _value(some[0], data)
    tagged = {kind.tag: kind for kind in some}
    return _value(tagged[data["tag"]], data)


@cache
def _compared(cls: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(cls) if field.compare)


@cache
def _defaulted(cls: Any) -> frozenset[str]:
    """Return the fields that were added with a default, which older bytes do not have."""
    return frozenset(field.name for field in fields(cls) if field.compare and field.default is not MISSING)


@cache
def _hints(cls: Any) -> Mapping[str, Any]:
    hints = get_type_hints(cls)
    return {name: hints[name] for name in _compared(cls)}


def _money(text: str) -> Money:
    amount, code = text.split(" ")
    return Money(Decimal(amount), currency(code))


_TEXT_OF: Mapping[type, Callable[[Any], str]] = {
    Decimal: exact.plain,
    Fraction: str,
    date: date.isoformat,
    datetime: datetime.isoformat,
    Money: str,
    Currency: str,
}
_FROM_TEXT: Mapping[type, Callable[[str], Any]] = {
    Decimal: exact.number,
    Fraction: Fraction,
    date: date.fromisoformat,
    datetime: datetime.fromisoformat,
    Money: _money,
    Currency: currency,
}
