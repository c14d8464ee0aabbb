"""Patterns for text: regular expressions without the parts by which matching can take for ever."""

import re
from functools import cache

from billhook.core.errors import Refusal

MOST_OPEN = 3
LONGEST_REPEAT = 200

# One character, class or escape, and how often it may come.
_ATOM = r"(?:\[\^?\]?(?:\\.|[^\]\\])+\]|\\[dDwWsS.\-+*?()\[\]{}|\\^$/]|[^\\\[\](){}*+?|^$])"
_STEP = re.compile(rf"({_ATOM})(\{{\d{{1,3}}(?:,\d{{0,3}})?\}}|[*+?])?", re.DOTALL)
_BOUNDS = re.compile(r"\{(\d+)(,?)(\d*)\}")


class PatternError(Refusal):
    """Raised for a pattern that is none, or one by which matching could take for ever."""

    def __init__(self, pattern: str, why: str) -> None:
        super().__init__(
            f"The pattern {pattern} {why}: write characters, classes such as [A-Z], and how often each comes."
        )


def check_pattern(pattern: str) -> None:
    """Refuse a pattern that is not made of single characters and classes, each with a count, in alternatives.

    Groups, references and look-arounds are left out; without them, and with at most three parts of variable length in
    an alternative, the time of matching a text of 200 characters is bounded.

    Raises:
        PatternError: it has other parts, or more than three parts of variable length.
    """
    for alternative in _alternatives(pattern):
        steps, end = [], 0
        while step := _STEP.match(alternative, end):
            steps.append(step[2] or "")
            end = step.end()
        if end < len(alternative) or not alternative:
            raise PatternError(pattern, f"is not understood from {alternative[end:]!r} on")
        if sum(map(_is_open, steps)) > MOST_OPEN:
            raise PatternError(pattern, f"has more than {MOST_OPEN} parts of variable length")
        if any(int(bound) > LONGEST_REPEAT for step in steps for bound in re.findall(r"\d+", step)):
            raise PatternError(pattern, f"repeats a part more than {LONGEST_REPEAT} times")
    try:
        re.compile(pattern)
    except re.error as trouble:
        raise PatternError(pattern, f"is not understood: {trouble}") from trouble


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def matches(pattern: str, text: str) -> bool:
    """Return whether a whole text is of a checked pattern."""
    return _compiled(pattern).fullmatch(text) is not None


def _alternatives(pattern: str) -> list[str]:
    """Return the parts between bars that stand in no class and are not escaped."""
    parts, start, inside, escaped = [], 0, False, False
    for place, letter in enumerate(pattern):
        if escaped:
            escaped = False
        elif letter == "\\":
            escaped = True
        elif letter in "[]":
            inside = letter == "["
        elif letter == "|" and not inside:
            parts.append(pattern[start:place])
            start = place + 1
    return [*parts, pattern[start:]]


def _is_open(count: str) -> bool:
    bounds = _BOUNDS.fullmatch(count)
    return bool(bounds[2]) and bounds[1] != bounds[3] if bounds else count != ""
