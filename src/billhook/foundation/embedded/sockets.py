"""The short, private folder that the server's socket lies in."""

import hashlib
import os
import stat
from pathlib import Path

from billhook.foundation.embedded.accounts import Account
from billhook.foundation.embedded.errors import SocketFolderNotOursError, SocketPathTooLongError, naming_refusals

PORT = 5432
LONGEST = 107 if os.uname().sysname == "Linux" else 103
"""The bytes of `sun_path` in unix(7), less the closing zero."""


def parent() -> Path:
    """Return the folder for sockets: `$BILLHOOK_SOCKETS`, else /tmp, which unlike $XDG_RUNTIME_DIR outlives a login."""
    return Path(os.environ.get("BILLHOOK_SOCKETS") or "/tmp").resolve()  # noqa: S108 (the folder is private, see make)


def folder(above: Path, *, home: Path, password: str) -> Path:
    """Return the socket folder of one database: nobody can guess it, and no other database shares it.

    Raises:
        SocketPathTooLongError: the system could not address the socket.
    """
    found = above / f"billhook-{hashlib.sha256(os.fsencode(home) + password.encode()).hexdigest()[:16]}"
    path = found / f".s.PGSQL.{PORT}"
    if len(os.fsencode(path)) > LONGEST:
        raise SocketPathTooLongError(path, LONGEST)
    return found


def make(folder: Path, account: Account) -> None:
    """Make the folder, for the server's account alone.

    Raises:
        SocketFolderNotOursError: something else is there already.
        FolderNotTraversableError: the account cannot reach it.
    """
    with naming_refusals(folder):
        folder.mkdir(mode=0o700, exist_ok=True)
        require_ours(folder, account)
        account.own(folder)
    account.require_passage(folder)


def require_ours(folder: Path, account: Account) -> None:
    """Refuse a link, a folder of another user and a folder that others may enter; a missing folder is fine.

    Raises:
        SocketFolderNotOursError: it is one of these.
    """
    if not os.path.lexists(folder):
        return
    found = folder.lstat()
    private = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
    if not private or found.st_uid not in {account.uid, os.geteuid()}:
        raise SocketFolderNotOursError(folder)


def clear(folder: Path) -> None:
    """Remove what a dead server left in its socket folder."""
    for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
        (folder / name).unlink(missing_ok=True)


def remove(folder: Path) -> None:
    """Remove the folder after its server has stopped."""
    if folder.is_dir():
        clear(folder)
        folder.rmdir()
