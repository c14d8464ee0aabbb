"""Comparing an answer with what is expected: numbers as exact decimals, dates and text exactly, field by field."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from fractions import Fraction
from typing import Any

_WIDE = 100


@dataclass(frozen=True)
class AnyOrder:
    """Parts of an answer whose order means nothing, such as the lines of an invoice."""

    parts: tuple[object, ...]

    @classmethod
    def of(cls, parts: Iterable[object]) -> "AnyOrder":
        """Return parts without order."""
        return cls(tuple(parts))


@dataclass(frozen=True)
class Series:
    """Parts of an answer that go on without end; they are compared as far as is expected."""

    parts: tuple[object, ...]

    @classmethod
    def of(cls, parts: Iterable[object]) -> "Series":
        """Return the first parts of a series."""
        return cls(tuple(parts))


@dataclass(frozen=True)
class Either:
    """A part of an answer for which a product shows one of several things that mean the same."""

    options: tuple[object, ...]

    @classmethod
    def of(cls, *options: object) -> "Either":
        """Return what may be shown."""
        return cls(options)


def differences(expect: Mapping[str, Any], answer: Mapping[str, object], exact_value: Decimal | None) -> list[str]:
    """Return in words where an answer differs from what is expected.

    Args:
        expect: the expected fields.
        answer: the fields of the answer.
        exact_value: corrects the expected figure that is nearest to it.
    """
    corrected = dict(expect)
    if exact_value is not None:
        nearest = min(_figures(expect), key=lambda name: abs(_number(expect[name]) - exact_value))
        corrected[nearest] = exact_value
    return [found for name, wanted in corrected.items() for found in _field(name, wanted, answer)]


def _figures(expect: Mapping[str, Any]) -> list[str]:
    return [name for name, value in expect.items() if _is_number(value)]


def _field(name: str, wanted: Any, answer: Mapping[str, object]) -> list[str]:
    if name not in answer:
        broken = answer.get("")
        return [f"{name}: {broken or 'no answer'}"]
    return [] if same(wanted, answer[name]) else [f"{name}: expected {_show(wanted)}, answered {_show(answer[name])}"]


def same(wanted: Any, got: object) -> bool:
    """Return whether a part of an answer is what is expected.

    A figure is equal exactly; a fraction, which is not rounded, is compared at the decimals that the expected figure
    carries.
    """
    if isinstance(got, AnyOrder):
        return isinstance(wanted, list) and _same_in_any_order(wanted, list(got.parts))
    if isinstance(got, Series):
        return isinstance(wanted, list) and same(wanted, list(got.parts[: len(wanted)]))
    if isinstance(got, Either):
        return any(same(wanted, option) for option in got.options)
    if isinstance(wanted, Mapping):
        return isinstance(got, Mapping) and _same_fields(wanted, {str(name): value for name, value in got.items()})
    if isinstance(wanted, list):
        return (
            isinstance(got, list | tuple)
            and len(got) == len(wanted)
            and all(same(left, right) for left, right in zip(wanted, got, strict=True))
        )
    return _same_single(wanted, got)


def _same_fields(wanted: Mapping[str, Any], got: Mapping[str, object]) -> bool:
    return all(name in got and same(value, got[name]) for name, value in wanted.items())


def _same_in_any_order(wanted: list[Any], got: list[object]) -> bool:
    left = list(got)
    for item in wanted:
        found = next((index for index, other in enumerate(left) if same(item, other)), None)
        if found is None:
            return False
        del left[found]
    return not left


def _same_single(wanted: Any, got: object) -> bool:
    if wanted is None or got is None or isinstance(wanted, bool) or isinstance(got, bool):
        return wanted is got
    if isinstance(got, datetime | date):
        return bool(wanted == got.isoformat())
    if isinstance(got, Fraction):
        return _is_number(wanted) and _at_its_decimals(got, _number(wanted)) == _number(wanted)
    if isinstance(got, Decimal | int):
        return _is_number(wanted) and _number(wanted) == got
    if _is_number(wanted) and _is_number(got):
        return str(wanted) == str(got) or (not isinstance(wanted, str) and _number(wanted) == _number(got))
    return bool(str(wanted) == str(got))


def _at_its_decimals(value: Fraction, wanted: Decimal) -> Decimal:
    with localcontext(prec=_WIDE):
        exact = Decimal(value.numerator) / Decimal(value.denominator)
        return exact.quantize(Decimal(1).scaleb(min(int(wanted.as_tuple().exponent), 0)), rounding=ROUND_HALF_UP)


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return False
    try:
        return Decimal(value).is_finite()
    except InvalidOperation:
        return False


def _number(value: Any) -> Decimal:
    return Decimal(value)


def _show(value: object) -> str:
    if isinstance(value, AnyOrder):
        return f"{{{', '.join(_show(part) for part in value.parts)}}}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_show(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_show(part) for part in value) + "]"
    return str(value)
