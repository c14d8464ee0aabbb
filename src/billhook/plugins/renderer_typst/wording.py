"""Which characters of a document no font has, and a box in their place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

BOX = "□"

_MISSING = re.compile(r'the text `"((?:\\.|[^"\\])*)"` could not be displayed')
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-f]+)\}|(.))")
_NAMED = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}
_JOINER = "\N{ZERO WIDTH JOINER}"


def missing_in(diagnostic: str) -> set[str]:
    """Return the characters that Typst says no font could display."""

    def plain(escape: re.Match[str]) -> str:
        code, letter = escape.groups()
        return chr(int(code, 16)) if code else _NAMED.get(letter, letter)

    return {character for text in _MISSING.findall(diagnostic) for character in _ESCAPE.sub(plain, text)}


def strings(value: Any) -> Iterator[str]:
    """Yield every text of a JSON value."""
    match value:
        case str():
            yield value
        case dict():
            for part in value.values():
                yield from strings(part)
        case list():
            for part in value:
                yield from strings(part)


def to_blame(value: Any, named: set[str]) -> set[str]:
    """Return what to box of a JSON value's text when characters were missing only where they stood.

    A font may have a letter and still not the letter with a rare mark; then Typst names the letter too. The cluster is
    to blame, never the plain letter everywhere.
    """
    found = {cluster for text in strings(value) for cluster in _clusters(text) if named.intersection(cluster[1:])}
    return found or {character for character in named if not character.isascii()}


def boxed(value: Any, missing: set[str]) -> Any:
    """Return a JSON value with a box for each missing character or cluster of its text."""
    if not missing:
        return value
    return _replaced(value, re.compile("|".join(map(re.escape, sorted(missing, key=len, reverse=True)))))


def _replaced(value: Any, pattern: re.Pattern[str]) -> Any:
    match value:
        case str():
            return pattern.sub(BOX, value)
        case dict():
            return {key: _replaced(part, pattern) for key, part in value.items()}
        case list():
            return [_replaced(part, pattern) for part in value]
        case _:
            return value


def _clusters(text: str) -> Iterator[str]:
    """Yield each character that marks or joined characters follow, together with these."""
    cluster = ""
    for character in text:
        if cluster and (_joins(character) or cluster.endswith(_JOINER)):
            cluster += character
            continue
        if len(cluster) > 1:
            yield cluster
        cluster = character
    if len(cluster) > 1:
        yield cluster


def _joins(character: str) -> bool:
    return character == _JOINER or unicodedata.category(character).startswith("M")
