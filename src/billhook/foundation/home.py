"""Billhook's own folder: keys, documents, the usage lake, the mailbox, the embedded database."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from billhook.foundation import embedded


def home() -> Path:
    """Return the folder, `$BILLHOOK_HOME` or the default of this checkout and user."""
    return embedded.home()


def folder(name: str, *parts: str) -> Path:
    """Return a folder inside home, made for this account alone if it is missing."""
    path = home().joinpath(name, *parts)
    _make_private(path)
    return path


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, even over a crash, and for this account alone."""
    with unfinished_in(path.parent) as file:
        file.write(content)
        settle(file, path)


@contextmanager
def unfinished_in(above: Path) -> Iterator[IO[bytes]]:
    """Open a private file under a name of its own, made to be settled in its place; unsettled, it is gone afterwards.

    Args:
        above: the folder, on the same disk as the place.
    """
    _make_private(above)
    with NamedTemporaryFile(dir=above, prefix=".", suffix=".part", delete=False) as file:
        try:
            yield file
        finally:
            Path(file.name).unlink(missing_ok=True)


def settle(file: IO[bytes], path: Path) -> None:
    """Put a file of `unfinished_in` in its place, where it stands whole even over a crash."""
    _make_durable(file)
    Path(file.name).replace(path)
    _sync_folder(path.parent)


def secret_key() -> str:
    """Return the key that signs sessions and links: `$BILLHOOK_SECRET_KEY`, else one made once and kept in home."""
    given = os.environ.get("BILLHOOK_SECRET_KEY")
    if given:
        return given
    path = home() / "secret-key"
    if not path.exists():
        _keep_first(path, secrets.token_urlsafe(48).encode())
    return path.read_text()


def _keep_first(path: Path, content: bytes) -> None:
    """Write a private file whole, unless another process was faster: a link takes no place that is taken."""
    with unfinished_in(path.parent) as file:
        file.write(content)
        _make_durable(file)
        with suppress(FileExistsError):
            os.link(file.name, path)
        _sync_folder(path.parent)


def _make_private(path: Path) -> None:
    """Make the folders that are missing, those inside home for this account alone; home lets the database's pass."""
    if path.is_dir():
        return
    if path == home() or path in home().parents:
        path.mkdir(parents=True, exist_ok=True)
        return
    _make_private(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)


def _make_durable(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    """Make the folder's entries durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
