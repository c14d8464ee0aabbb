"""The PostgreSQL server that Billhook brings along, starts by itself and keeps in its own folder."""

from billhook.foundation.embedded.checks import Check, checks
from billhook.foundation.embedded.errors import (
    AccountRefusedError,
    BinariesMissingError,
    DatabaseDownError,
    DatabaseNotMadeError,
    DatabaseSilentError,
    DatabaseStuckError,
    DataFolderDamagedError,
    DiskFullError,
    EmbeddedError,
    FolderNotTraversableError,
    HomeNotWritableError,
    PasswordMissingError,
    PasswordRefusedError,
    SocketFolderNotOursError,
    SocketPathTooLongError,
    WrongVersionError,
)
from billhook.foundation.embedded.home import home
from billhook.foundation.embedded.roles import Endpoint, Role
from billhook.foundation.embedded.server import Server, State, Status, server

__all__ = [
    "AccountRefusedError",
    "BinariesMissingError",
    "Check",
    "DataFolderDamagedError",
    "DatabaseDownError",
    "DatabaseNotMadeError",
    "DatabaseSilentError",
    "DatabaseStuckError",
    "DiskFullError",
    "EmbeddedError",
    "Endpoint",
    "FolderNotTraversableError",
    "HomeNotWritableError",
    "PasswordMissingError",
    "PasswordRefusedError",
    "Role",
    "Server",
    "SocketFolderNotOursError",
    "SocketPathTooLongError",
    "State",
    "Status",
    "WrongVersionError",
    "checks",
    "home",
    "server",
]
