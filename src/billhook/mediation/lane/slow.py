"""The slow lane: one line at a time, for whatever the columnar reader rejects or may not be trusted with.

A record is one physical line. Only lines that cannot be read alone are tried together, as a record whose quoted field
holds a line break; so a stray quote never swallows a good neighbour, and a true line break loses nothing.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from billhook.mediation.formats import FormatDefinition, Layout, Quirk
from billhook.mediation.lane.intake import CHUNK

MOST_JOINED = 8
SAMPLE = 100
_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Line:
    """A physical line without its end.

    Args:
        number: from 1.
        offset: of its first byte, from 0.
        ended: whether a line end follows; one that lacks it may be cut short.
    """

    number: int
    offset: int
    data: bytes
    ended: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """A record that could be read, from one line or several."""

    line: Line
    record: dict[str, str]
    raw: str
    lines: int = 1


@dataclass(frozen=True, slots=True)
class Lost:
    """A line that could not be read."""

    line: Line
    raw: str


@dataclass(frozen=True, slots=True)
class Blank:
    """A line that holds nothing."""

    line: Line


Outcome = Found | Lost | Blank


def physical_lines(path: Path) -> Iterator[Line]:
    """Yield the lines of a file with their places; a byte-order mark belongs to no line."""
    offset = 0
    with path.open("rb", buffering=CHUNK) as file:
        for number, full in enumerate(file, start=1):
            data, start = full, offset
            if number == 1 and full.startswith(_MARK):
                data, start = full[len(_MARK) :], len(_MARK)
            ended = data.endswith(b"\n")
            yield Line(number, start, data.removesuffix(b"\n").removesuffix(b"\r"), ended)
            offset += len(full)


def main_layout(path: Path, definition: FormatDefinition) -> Layout:
    """Return the layout that most of a file's first lines have; the format's first where none fits.

    A line without its end may be cut short, so it never outvotes another.
    """
    votes = dict.fromkeys(definition.layouts, 0)
    for line in physical_lines(path):
        if line.number > SAMPLE + definition.header_lines:
            break
        row = _row(line.data, definition) or []
        if (layout := definition.layout_of(len(row))) and line.number > definition.header_lines:
            votes[layout] += 2 if line.ended else 1
    return max(definition.layouts, key=lambda layout: votes[layout])


def walk(lines: Iterable[Line], definition: FormatDefinition, layout: Layout) -> Iterator[Outcome]:
    """Yield what becomes of each line, in order.

    Args:
        lines: in the order of the file; where lines are left out, nothing is joined across the gap.
        definition: the format.
        layout: the file's own; an unended last line must have it, or it was cut short.
    """
    waiting: list[Line] = []
    for line in lines:
        if waiting and (line.number != waiting[-1].number + 1 or len(waiting) == MOST_JOINED):
            yield from _given_up(waiting, definition)
            waiting = []
        if line.data or waiting:
            record = read(line.data, definition, None if line.ended else layout)
            if record is not None:
                yield from _given_up(waiting, definition)
                yield Found(line, record, text_of(line.data, definition))
                waiting = []
                continue
            waiting.append(line)
            if joined := _joined(waiting, definition, layout):
                yield from _given_up(waiting[: -joined.lines], definition)
                yield joined
                waiting = []
        else:
            yield Blank(line)
    yield from _given_up(waiting, definition)


def read(data: bytes, definition: FormatDefinition, layout: Layout | None = None) -> dict[str, str] | None:
    """Return the columns of one record as text, or None where it cannot be read.

    Args:
        data: the bytes of a record without its line end.
        definition: the format.
        layout: the only one that is accepted; None accepts any of the format's.
    """
    row = _row(data, definition)
    if row is None:
        return None
    found = definition.layout_of(len(row))
    if found is None or layout not in (None, found):
        return None
    return dict(zip(found.columns, row, strict=True))


def text_of(data: bytes, definition: FormatDefinition) -> str:
    """Return bytes as text that any store accepts: foreign bytes and NUL are shown as escapes."""
    return data.decode(definition.encoding, errors="backslashreplace").replace("\0", "\\x00")


def _given_up(lines: Iterable[Line], definition: FormatDefinition) -> Iterator[Outcome]:
    """Yield lines that no reading fits."""
    for line in lines:
        yield Lost(line, text_of(line.data, definition)) if line.data else Blank(line)


def _joined(lines: list[Line], definition: FormatDefinition, layout: Layout) -> Found | None:
    """Return the record that the last few lines make together: the longest run that begins with an open quote."""
    quote = definition.quote.encode(definition.encoding)
    for start in range(len(lines) - 1):
        run = lines[start:]
        data = b"\n".join(line.data for line in run)
        if run[0].data.count(quote) % 2 == 0 or data.count(quote) % 2:
            continue
        if record := read(data, definition, None if run[-1].ended else layout):
            return Found(run[0], record, text_of(data, definition), len(run))
    return None


def _row(data: bytes, definition: FormatDefinition) -> list[str] | None:
    """Return the fields of one record, or None where its bytes or quotes are wrong."""
    if b"\0" in data:
        return None
    try:
        text = data.decode(definition.encoding)
    except UnicodeDecodeError:
        return None
    return _strict(text, definition) or _forgiven(text, definition)


def _strict(text: str, definition: FormatDefinition) -> list[str] | None:
    """Return the fields of a text that keeps the rules of CSV."""
    rows = csv.reader(
        [text],
        delimiter=definition.delimiter,
        quotechar=definition.quote,
        skipinitialspace=definition.skip_initial_space,
        strict=True,
    )
    try:
        return next(rows, None)
    except csv.Error:
        return None


def _forgiven(text: str, definition: FormatDefinition) -> list[str] | None:
    """Return the fields of a text whose writer leaves quotes inside a field as they are, where the format says so.

    A quote closes its field only before a delimiter or the end; the number of columns must still fit a layout.
    """
    if Quirk.UNESCAPED_QUOTES not in definition.quirks:
        return None
    row: list[str] = []
    rest, more = text, True
    while more:
        if definition.skip_initial_space:
            rest = rest.lstrip(" ")
        quoted = rest.startswith(definition.quote)
        end = definition.quote + definition.delimiter if quoted else definition.delimiter
        field, more_text, rest = rest[quoted:].partition(end)
        more = bool(more_text)
        if quoted and not more and not field.endswith(definition.quote):
            return None
        field = field.removesuffix(definition.quote) if quoted and not more else field
        row.append(field.replace(definition.quote * 2, definition.quote))
    return row
