"""A usage format as data: which columns a line holds, and which of them say who, when, whom and how long."""

import codecs
import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from billhook.core.errors import Refusal

COLUMN_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


class UnsoundFormat(Refusal):
    """A format definition contradicts itself or leaves out what decoding needs."""


class Quirk(StrEnum):
    """What a writer is known to do against the rules of CSV, and the slow lane may forgive."""

    UNESCAPED_QUOTES = "unescaped_quotes"


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of one line, in order; a format with several is told apart by their number."""

    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A named test that a record meets when a column holds one of the values."""

    name: str
    column: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatDefinition:
    """How the lines of a usage file are read.

    A record is one physical line, unless a quoted field holds a line break; header lines come first.

    Args:
        name: what the format is called in messages.
        layouts: the known column sets, each with its own number of columns.
        identifiers: columns that name the customer's service; the first that is not empty counts.
        a_number: the column of the calling number.
        b_number: the column of the called number.
        started: the column of the local start time.
        seconds: the column of the billable whole seconds.
        key: columns that together tell one record from every other, for finding duplicates.
        answered: met by a record that may cost something; every other is rated at zero.
        omit: records meeting one of these are filtered, and counted under the rule's name.
        timestamp: the pattern of the start time, in strptime's letters.
        zone: the zone of the start time; None where the source says it.
        quirks: departures from CSV that the slow lane forgives.
    """

    name: str
    layouts: tuple[Layout, ...]
    identifiers: tuple[str, ...]
    a_number: str
    b_number: str
    started: str
    seconds: str
    key: tuple[str, ...]
    answered: Rule
    omit: tuple[Rule, ...] = ()
    timestamp: str = "%Y-%m-%d %H:%M:%S"
    zone: str | None = None
    delimiter: str = ","
    quote: str = '"'
    header_lines: int = 0
    skip_initial_space: bool = False
    encoding: str = "utf-8"
    quirks: frozenset[Quirk] = frozenset()

    def __post_init__(self) -> None:
        """Refuse a definition that cannot decode."""
        _check_layouts(self)
        _check_roles(self)
        _check_text(self)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column of any layout, once, in order of first appearance."""
        return tuple(dict.fromkeys(column for layout in self.layouts for column in layout.columns))

    def layout_of(self, count: int) -> Layout | None:
        """Return the layout with this number of columns, if there is one."""
        return next((layout for layout in self.layouts if len(layout.columns) == count), None)

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Return the definition that plain data (from JSON) describes.

        Raises:
            UnsoundFormat: a setting is unknown, missing or of the wrong kind, or the whole is contradictory.
        """
        name = str(data.get("name", "without a name"))
        known = {field.name: field for field in fields(cls)}
        if unknown := sorted(set(data) - set(known)):
            raise UnsoundFormat(f"The format {name} has a setting {unknown[0]} that does not exist; remove it.")
        required = (key for key, field in known.items() if field.default is MISSING)
        if missing := [key for key in required if key not in data]:
            raise UnsoundFormat(f"The format {name} does not say its {missing[0]}; add it.")
        try:
            return cls(**{key: _setting(key, value) for key, value in data.items()})
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            if isinstance(error, Refusal):
                raise
            raise UnsoundFormat(f"The format {name} cannot be read: {error}.") from error


def _setting(key: str, value: Any) -> Any:
    """Return one setting of plain data as the definition holds it."""
    match key:
        case "layouts":
            return tuple(Layout(columns=_texts(columns)) for columns in value)
        case "identifiers" | "key":
            return _texts(value)
        case "answered":
            return _rule(value)
        case "omit":
            return tuple(_rule(rule) for rule in value)
        case "quirks":
            return frozenset(Quirk(quirk) for quirk in value)
        case _:
            return value


def _texts(value: Sequence[str]) -> tuple[str, ...]:
    """Return a list of names as a tuple; one bare text is a mistake, not a list of letters."""
    if isinstance(value, str):
        raise TypeError(f"{value!r} stands where a list of names belongs")
    return tuple(value)


def _rule(value: Mapping[str, Any]) -> Rule:
    """Return a rule from plain data."""
    return Rule(name=value["name"], column=value["column"], values=_texts(value["values"]))


def _check_layouts(definition: FormatDefinition) -> None:
    """Refuse layouts that are empty, equally long, or name a column twice or badly."""
    name, counts = definition.name, [len(layout.columns) for layout in definition.layouts]
    if not counts or 0 in counts:
        raise UnsoundFormat(f"The format {name} has no columns; list the columns of at least one layout.")
    if len(set(counts)) < len(counts):
        raise UnsoundFormat(f"Two layouts of the format {name} have the same number of columns; keep one of them.")
    for layout in definition.layouts:
        for column in layout.columns:
            if layout.columns.count(column) > 1:
                raise UnsoundFormat(f"A layout of the format {name} has the column {column} twice; rename one.")
            if not COLUMN_NAME.fullmatch(column):
                raise UnsoundFormat(
                    f"The format {name} has a column {column!r}; use small letters, digits and underscores."
                )


def _check_roles(definition: FormatDefinition) -> None:
    """Refuse a definition whose roles, key or rules name a column that no layout has."""
    if not definition.identifiers or not definition.key:
        raise UnsoundFormat(f"The format {definition.name} needs at least one identifier and one key column.")
    rules = (definition.answered, *definition.omit)
    named = [*definition.identifiers, definition.a_number, definition.b_number, definition.started]
    named += [definition.seconds, *definition.key, *(rule.column for rule in rules)]
    for column in named:
        if column not in definition.columns:
            raise UnsoundFormat(
                f"The format {definition.name} uses the column {column}, which no layout has; add or correct it."
            )


def _check_text(definition: FormatDefinition) -> None:
    """Refuse a delimiter, quote, encoding, zone or header count that text cannot have."""
    name = definition.name
    if len(definition.delimiter) != 1 or definition.delimiter in "\r\n\0" or definition.delimiter == definition.quote:
        raise UnsoundFormat(f"The format {name} needs one character as delimiter, other than the quote.")
    if len(definition.quote) != 1 or definition.quote in "\r\n\0":
        raise UnsoundFormat(f"The format {name} needs one character as quote.")
    if definition.header_lines < 0:
        raise UnsoundFormat(f"The format {name} cannot have {definition.header_lines} header lines; say 0 or more.")
    try:
        codecs.lookup(definition.encoding)
    except LookupError:
        raise UnsoundFormat(f"The format {name} has an unknown encoding {definition.encoding}; try utf-8.") from None
    if definition.zone is not None:
        check_zone(definition.zone)


def check_zone(zone: str) -> ZoneInfo:
    """Return the zone of this name.

    Raises:
        UnsoundFormat: there is no such zone.
    """
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f"There is no time zone {zone}; choose one such as Europe/Amsterdam or UTC."
        raise UnsoundFormat(message) from None
