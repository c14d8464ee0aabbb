"""Locks that end with the processes that hold them."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def turn(path: Path) -> Iterator[None]:
    """Wait for our turn, and keep every other process waiting until the block ends."""
    with _opened(path) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def held(path: Path) -> bool:
    """Return whether a living process holds the lock."""
    if not path.exists():
        return False
    with path.open("rb") as file:
        return not _taken(file, fcntl.LOCK_SH)


@contextmanager
def taken(path: Path) -> Iterator[IO[bytes] | None]:
    """Yield the open lock file, or nothing when another process holds it.

    The block ends our own hold only: a process that inherited the open file keeps the lock, with all its children, to
    its last breath. That is how a server is told from a process that happens to have its old number.
    """
    with _opened(path) as file:
        yield file if _taken(file, fcntl.LOCK_EX) else None


def _opened(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_CREAT | os.O_RDWR, 0o600), "r+b")


def _taken(file: IO[bytes], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
