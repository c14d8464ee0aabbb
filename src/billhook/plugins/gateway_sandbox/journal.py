"""The processor's own books: an append-only file of JSON lines, one for each reference, shared between processes."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from billhook.payments.hooks import GatewayUnavailableError

Row = dict[str, Any]


class JournalUnwritableError(GatewayUnavailableError):
    """Raised when the sandbox processor cannot write its books: nothing happened."""

    def __init__(self, reason: str) -> None:
        """Name what the system says."""
        super().__init__(f"The sandbox processor cannot write its books ({reason}): make room, or correct its folder.")


@dataclass(slots=True)
class _Read:
    """How much of which file has been read."""

    inode: int = 0
    through: int = 0


class Journal:
    """Rows by reference, read under a lock, so that a second process sees what the first one wrote.

    A row counts once it is written and synced; what a crash left of a last line never happened and is cut off.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = _Read()
        self._rows: dict[str, Row] = {}

    @contextmanager
    def locked(self) -> Iterator[OpenJournal]:
        """Hold the journal alone, up to date, until the block ends."""
        handle = self._opened()
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            self._catch_up(handle)
            yield OpenJournal(handle, self._rows)
            self._read.through = os.fstat(handle).st_size
        finally:
            os.close(handle)

    def _opened(self) -> int:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise JournalUnwritableError(error.strerror or str(error)) from error

    def _catch_up(self, handle: int) -> None:
        found = os.fstat(handle)
        if found.st_ino != self._read.inode or found.st_size < self._read.through:
            self._read = _Read(inode=found.st_ino)
            self._rows.clear()
        fresh = os.pread(handle, found.st_size - self._read.through, self._read.through)
        whole = fresh.rfind(b"\n") + 1
        if whole < len(fresh):
            os.ftruncate(handle, self._read.through + whole)
        for line in fresh[:whole].splitlines():
            row = json.loads(line)
            self._rows[row["reference"]] = row


class OpenJournal:
    """The journal while it is held."""

    def __init__(self, handle: int, rows: dict[str, Row]) -> None:
        self._handle = handle
        self._rows = rows

    def find(self, reference: str) -> Row | None:
        """Return the row of a reference."""
        return self._rows.get(reference)

    def rows(self) -> Iterator[Row]:
        """Return every row, oldest first."""
        yield from self._rows.values()

    def append(self, row: Row) -> None:
        """Write a row for good.

        Raises:
            JournalUnwritableError: the row was not written, or was taken back.
        """
        line = json.dumps(row, sort_keys=True).encode() + b"\n"
        before = os.fstat(self._handle).st_size
        try:
            written = os.write(self._handle, line)
            os.fsync(self._handle)
        except OSError as error:
            os.ftruncate(self._handle, before)
            raise JournalUnwritableError(error.strerror or str(error)) from error
        if written < len(line):
            os.ftruncate(self._handle, before)
            raise JournalUnwritableError("no space left")
        self._rows[row["reference"]] = row


@cache
def journal_at(path: Path) -> Journal:
    """Return this process's journal of a file."""
    return Journal(path)
