"""A first look at the bytes of a file: what must be known before any CSV reader may be trusted with it."""

import codecs
from dataclasses import dataclass
from pathlib import Path

from billhook.mediation.formats import FormatDefinition
from billhook.mediation.lane.errors import FileMissing, LineTooLong

CHUNK = 1 << 20
MAX_LINE = 4 * CHUNK
_UTF8_MARK = codecs.BOM_UTF8


@dataclass(frozen=True, slots=True)
class Intake:
    """What the bytes of a file say.

    Args:
        size: in bytes.
        newlines: how many line feeds there are, counted without any CSV rule.
        returns: how many carriage returns.
        pairs: how many line feeds follow a carriage return.
        ended: whether the last byte is a line feed (or the file is empty).
        clean: no NUL, no byte foreign to UTF-8, no byte-order mark.
    """

    size: int
    newlines: int
    returns: int
    pairs: int
    ended: bool
    clean: bool

    @property
    def lines(self) -> int:
        """How many physical lines there are; what stands after the last line feed is a line too."""
        return self.newlines + (0 if self.ended else 1)

    @property
    def one_line_end(self) -> bool:
        """Whether every line ends alike."""
        return self.returns == self.pairs and self.pairs in (0, self.newlines)

    def plain(self, definition: FormatDefinition) -> bool:
        """Whether the columnar reader may try: nothing in the bytes or the format needs the slow lane at once."""
        readable = codecs.lookup(definition.encoding).name in ("utf-8", "ascii")
        return self.clean and self.one_line_end and readable and not definition.skip_initial_space


def examine(path: Path) -> Intake:
    """Read a file once, in pieces, and return what its bytes say.

    Raises:
        FileMissing: there is no such file.
        LineTooLong: no usage record is that long.
    """
    if not path.is_file():
        raise FileMissing(f"The usage file {path.name} is not there; put it back and load it again.")
    size = newlines = returns = pairs = dry = 0
    last, clean, decoder = b"", True, codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            clean = clean and not (size == 0 and chunk.startswith(_UTF8_MARK)) and _is_text(chunk, decoder)
            found = chunk.count(b"\n")
            dry = 0 if found else dry + len(chunk)
            if dry >= MAX_LINE - 2 * CHUNK:
                raise LineTooLong(
                    f"A line of {path.name} is longer than {(MAX_LINE - 2 * CHUNK) // CHUNK} MiB; "
                    "this is no file of call records."
                )
            newlines += found
            returns += chunk.count(b"\r")
            pairs += chunk.count(b"\r\n") + (last == b"\r" and chunk.startswith(b"\n"))
            size, last = size + len(chunk), chunk[-1:]
    clean = clean and _is_text(b"", decoder, final=True)
    return Intake(size, newlines, returns, pairs, ended=last in (b"", b"\n"), clean=clean)


def _is_text(chunk: bytes, decoder: codecs.IncrementalDecoder, *, final: bool = False) -> bool:
    """Whether a piece holds no NUL and no byte foreign to UTF-8."""
    if b"\0" in chunk:
        return False
    try:
        decoder.decode(chunk, final=final)
    except UnicodeDecodeError:
        return False
    return True
