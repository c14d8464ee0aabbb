"""Reading an import file: its first line names the columns, and each row comes out checked, or with what is wrong."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from billhook.core.errors import Refusal
from billhook.foundation.imports.cells import CellError, Column

NOT_TEXT = "\udc80", "\udcff"


class ImportFileError(Refusal):
    """The file as a whole cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The columns of a kind of import file.

    Args:
        kind: its name in commands, such as `customers`.
        title: what people call it.
        columns: in the order of the documentation; a file may have them in any order and leave out optional ones.
    """

    kind: str
    title: str
    columns: tuple[Column, ...]

    @property
    def example(self) -> str:
        """Return an example file of one row."""
        written = io.StringIO()
        writer = csv.writer(written, lineterminator="\n")
        writer.writerow([column.name for column in self.columns])
        writer.writerow([column.example for column in self.columns])
        return written.getvalue()


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was not taken in: its line in the file, the column, and what is wrong."""

    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        """Return it as a sentence."""
        what = f"{self.column} {self.reason}" if self.column else self.reason
        return f"Line {self.line}: {what}."


@dataclass(frozen=True, slots=True)
class Row:
    """A row of which every cell was checked, in the order of the layout's columns; an empty cell is an empty text."""

    line: int
    cells: tuple[str, ...]


def rows_of(stream: BinaryIO, layout: Layout) -> Iterator[Row | Rejected]:
    """Yield every row of a file: comma-separated, UTF-8, the columns named in its first line.

    Raises:
        ImportFileError: the first line names no columns, unknown ones, one twice, or not those that are needed.
    """
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
    reader = csv.reader(text, strict=True)
    places = _places(_heading(reader), layout)
    width, first = len(places), reader.line_num + 1
    while True:
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as trouble:
            yield Rejected(first, "", f"is not written as CSV ({trouble})")
        else:
            if values:
                yield _row(first, values, places, width, layout)
        first = reader.line_num + 1


def _heading(reader: Iterator[list[str]]) -> list[str]:
    try:
        return next(reader, [])
    except csv.Error as trouble:
        raise ImportFileError(f"The first line is not written as CSV ({trouble}); save the file as CSV.") from None


def _places(heading: Sequence[str], layout: Layout) -> Mapping[str, int]:
    """Return where each column stands."""
    named = [name.strip() for name in heading]
    known = [column.name for column in layout.columns]
    unknown = sorted(set(named) - set(known))
    if unknown or not named:
        what = f"names {', '.join(repr(name[:40]) for name in unknown)}" if unknown else "is empty"
        raise ImportFileError(f"The first line {what}; the columns of {layout.title} are {', '.join(known)}.")
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise ImportFileError(f"The first line names {', '.join(twice)} twice; keep one column of each.")
    missing = [column.name for column in layout.columns if column.required and column.name not in named]
    if missing:
        raise ImportFileError(f"The first line does not name {', '.join(missing)}, which {layout.title} need; add it.")
    return {name: place for place, name in enumerate(named)}


def _row(line: int, values: Sequence[str], places: Mapping[str, int], width: int, layout: Layout) -> Row | Rejected:
    if len(values) != width:
        return Rejected(line, "", f"has {len(values)} cells, the first line {width}")
    cells = []
    for column in layout.columns:
        place = places.get(column.name)
        cell = "" if place is None else values[place].strip()
        if not cell:
            if column.required:
                return Rejected(line, column.name, "is empty")
        elif not cell.isprintable() and (wrong := _unprintable(cell)):
            return Rejected(line, column.name, wrong)
        else:
            try:
                cell = column.read(cell)
            except CellError as trouble:
                return Rejected(line, column.name, str(trouble))
        cells.append(cell)
    return Row(line, tuple(cells))


def _unprintable(cell: str) -> str:
    """Return what is wrong with a cell that cannot be shown; line breaks within an address are right."""
    if any(NOT_TEXT[0] <= character <= NOT_TEXT[1] for character in cell):
        return "is not UTF-8; save the file in that encoding"
    if any(character < " " and character not in "\n\r\t" for character in cell):
        return "has control characters; take them out"
    return ""
