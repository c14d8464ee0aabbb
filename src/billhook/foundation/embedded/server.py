"""The embedded server as the rest of Billhook sees it: start, stop, how it is, how to reach it."""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import psycopg

from billhook.foundation.embedded import cluster, locks, roles, sockets
from billhook.foundation.embedded import home as homes
from billhook.foundation.embedded.accounts import Account, account_for
from billhook.foundation.embedded.binaries import for_account
from billhook.foundation.embedded.errors import (
    DatabaseDownError,
    DatabaseSilentError,
    DatabaseStuckError,
    DiskFullError,
    PasswordRefusedError,
    naming_refusals,
    ran_out_of_space,
)
from billhook.foundation.embedded.roles import Endpoint

PATIENCE = 60.0
PAUSE = 0.02
SHUTDOWNS = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0))
"""PostgreSQL's fast shutdown, then the immediate one, each with the seconds it is given."""


class State(StrEnum):
    """How the server is."""

    RUNNING = "running"
    BUSY = "starting or stopping"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Status:
    """How the server is, and the number of its first process."""

    state: State
    pid: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The PostgreSQL server of one Billhook folder.

    Args:
        home: the folder that holds everything.
        sockets: the folder in which the server's private socket folder is made.
        durable: whether a commit outlasts a power cut or a kill of the server; only tests may do without.
    """

    home: Path
    sockets: Path = field(default_factory=sockets.parent)
    durable: bool = True

    @property
    def layout(self) -> homes.Layout:
        """Return where the server's files lie."""
        return homes.Layout(self.home.resolve())

    @property
    def data(self) -> Path:
        """Return PostgreSQL's data folder."""
        return self.layout.data

    @property
    def log(self) -> Path:
        """Return the file that holds the server's words."""
        return self.layout.log

    @property
    def port(self) -> int:
        """Return the number in the socket's name; nothing listens on the network."""
        return sockets.PORT

    @property
    def password(self) -> str:
        """Return the password of every role, made when first asked for."""
        return self.layout.password()

    @property
    def socket_dir(self) -> Path:
        """Return the folder of the server's socket."""
        return sockets.folder(self.sockets, home=self.layout.home, password=self.password)

    def endpoint(self, role: str, database: str = roles.DATABASE) -> Endpoint:
        """Return a role's way into a database, whether or not the server runs."""
        return Endpoint(
            host=str(self.socket_dir), port=self.port, user=str(role), password=self.password, database=database
        )

    def url(self, role: str, database: str = roles.DATABASE) -> str:
        """Return the address of a database for psycopg and for DATABASE_URL."""
        return self.endpoint(role, database).url

    def settings(self, role: str, database: str = roles.DATABASE) -> dict[str, str]:
        """Return the address of a database for Django: NAME, USER, PASSWORD, HOST, PORT."""
        return self.endpoint(role, database).settings

    def start(self, *, timeout: float = PATIENCE) -> Endpoint:
        """Start the server unless it runs, wait until it answers, and provide its roles and database.

        Args:
            timeout: how many seconds a recovery after a crash may take.

        Returns:
            The owner's way into the database.

        Raises:
            EmbeddedError: what stands in the way; nothing half-written is left.
        """
        self.layout.make()
        with naming_refusals(self.home), locks.turn(self.layout.turnstile):
            account = account_for(self.data)
            sockets.require_ours(self.socket_dir, account)
            if not self.answers():
                self._bring_up(account, timeout)
            self._provide()
        return self.endpoint(roles.Role.OWNER)

    def _bring_up(self, account: Account, timeout: float) -> None:
        """Bring up a server, or leave no trace of the attempt but its words in the log."""
        self.layout.admit(account)
        sockets.make(self.socket_dir, account)
        try:
            self._await(account, timeout)
        except BaseException:
            if not locks.held(self.layout.alive):
                sockets.remove(self.socket_dir)
            raise

    def _await(self, account: Account, timeout: float) -> None:
        """Start a server when the last one is gone, and wait until it answers."""
        deadline = time.monotonic() + timeout
        begun = None
        while not self.answers():
            if time.monotonic() > deadline:
                raise DatabaseSilentError(timeout, self.log)
            if begun is None:
                begun = self._launch(account)
            elif not locks.held(self.layout.alive):
                raise self._death(cluster.words(self.layout, begun))
            time.sleep(PAUSE)

    def _launch(self, account: Account) -> int | None:
        """Start a process unless one of the last server's still lives; return where its words begin in the log."""
        with locks.taken(self.layout.alive) as life:
            if life is None:
                return None
            binaries = for_account(account, runtime=self.layout.runtime)
            crew = cluster.Crew(account=account, binaries=binaries, life=life, durable=self.durable)
            cluster.require(self.layout, crew)
            return cluster.launch(self.layout, crew, socket_dir=self.socket_dir)

    def _death(self, words: str) -> DiskFullError | DatabaseDownError:
        if ran_out_of_space(words):
            return DiskFullError(self.data)
        return DatabaseDownError(cluster.last_complaint(words), self.log)

    def _provide(self) -> None:
        try:
            with self.endpoint(cluster.SUPERUSER, "postgres").connect() as connection:
                roles.provide(connection, password=self.password)
        except psycopg.errors.DiskFull as error:
            raise DiskFullError(self.data) from error

    def answers(self) -> bool:
        """Return whether a real connection succeeds now.

        Raises:
            PasswordRefusedError: a server answers, but not to us.
        """
        try:
            self.endpoint(cluster.SUPERUSER, "postgres").connect().close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise PasswordRefusedError(self.layout.password_file) from error
            return False
        return True

    def stop(self) -> None:
        """Stop the server, at once if it takes its time; does nothing where none runs.

        Raises:
            DatabaseStuckError: it does not stop.
        """
        if not self.layout.turnstile.exists():
            return
        with naming_refusals(self.home), locks.turn(self.layout.turnstile):
            if not locks.held(self.layout.alive):
                return
            if not any(self._shut_down(request, patience) for request, patience in SHUTDOWNS):
                raise DatabaseStuckError(self.log)
            if self.layout.password_file.exists():
                sockets.remove(self.socket_dir)

    def _shut_down(self, request: signal.Signals, patience: float) -> bool:
        cluster.interrupt(self.layout, request)
        return _comes_true(lambda: not locks.held(self.layout.alive), within=patience)

    def status(self) -> Status:
        """Return how the server is, without changing it."""
        with naming_refusals(self.home):
            if not locks.held(self.layout.alive):
                return Status(State.STOPPED, None)
            pid = cluster.postmaster(self.layout)
        return Status(State.RUNNING if self.answers() else State.BUSY, pid)


def server(*, durable: bool = True) -> Server:
    """Return the server of this user's Billhook folder."""
    return Server(home=homes.home(), durable=durable)


def _comes_true(condition: Callable[[], bool], *, within: float) -> bool:
    """Return whether a condition becomes true within some seconds."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(PAUSE)
    return True
