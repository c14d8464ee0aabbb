"""The body of a request: JSON, small, flat, and of text that the books can hold."""

import json
from typing import Any, NoReturn

from django.http import HttpRequest

from billhook.core.errors import Refusal
from billhook.interfaces.console.middleware import CONTROL

MOST_BYTES = 64 * 1024
DEEPEST = 8
QUOTE, ESCAPE = b'"'[0], b"\\"[0]


class TooLargeError(Refusal):
    """Raised when a body is too large."""

    def __init__(self) -> None:
        super().__init__(f"The body is larger than {MOST_BYTES // 1024} KiB: send less at a time.")


class NotJsonError(Refusal):
    """Raised when a body is not declared as JSON."""

    def __init__(self) -> None:
        super().__init__("Send the body as JSON, with Content-Type: application/json.")


class BadJsonError(Refusal):
    """Raised when a body is not the JSON that this API takes."""

    def __init__(self, why: str) -> None:
        super().__init__(f"The body cannot be read: {why}.")


def read(request: HttpRequest) -> Any:
    """Return the body of a request.

    Raises:
        NotJsonError: it is declared as something else.
        TooLargeError: it has more than 64 KiB.
        BadJsonError: it is no JSON object of sound text, too deep, or holds a number with a fraction.
    """
    if request.content_type != "application/json":
        raise NotJsonError
    told = str(request.META.get("CONTENT_LENGTH") or "")
    if (told.isdigit() and int(told) > MOST_BYTES) or len(request.body) > MOST_BYTES:
        raise TooLargeError
    return parsed(request.body)


def parsed(body: bytes) -> Any:
    """Return what a body says.

    Raises:
        BadJsonError: it is not what this API takes.
    """
    if depth_of(body) > DEEPEST:
        raise BadJsonError(f"it nests deeper than {DEEPEST} levels")
    try:
        found = json.loads(body.decode(), parse_float=_no_float, parse_constant=_no_float, object_pairs_hook=_once)
        for text in _texts(found):
            _check_text(text)
    except Refusal:
        raise
    except UnicodeError as trouble:
        raise BadJsonError("it is no UTF-8 text") from trouble
    except ValueError as trouble:
        raise BadJsonError(f"it is no JSON ({trouble})") from trouble
    if not isinstance(found, dict):
        raise BadJsonError("it has to be a JSON object")
    return found


def depth_of(body: bytes) -> int:
    """Return how deep arrays and objects nest, without building any; brackets in texts do not count."""
    depth = deepest = 0
    in_text = escaped = False
    for byte in body:
        if escaped:
            escaped = False
        elif in_text:
            escaped, in_text = byte == ESCAPE, byte != QUOTE
        elif byte == QUOTE:
            in_text = True
        elif byte in b"{[":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"}]":
            depth -= 1
    return deepest


def _no_float(text: str) -> NoReturn:
    why = f"{text} is a number with a fraction; write amounts as texts"
    raise BadJsonError(why)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise BadJsonError("a name stands twice in one object")
    return found


def _texts(value: Any) -> list[str]:
    """Return every text of a JSON value, names too."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for name, part in value.items() for text in (name, *_texts(part))]
    if isinstance(value, list):
        return [text for part in value for text in _texts(part)]
    return []


def _check_text(text: str) -> None:
    text.encode()
    if CONTROL.search(text):
        raise BadJsonError("a text holds a control character")
