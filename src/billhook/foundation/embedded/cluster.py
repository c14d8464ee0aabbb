"""The database cluster: made whole or not at all, started, stopped."""

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from billhook.foundation.embedded import locks, sockets
from billhook.foundation.embedded.accounts import Account
from billhook.foundation.embedded.binaries import MAJOR, Binaries
from billhook.foundation.embedded.errors import (
    DatabaseNotMadeError,
    DataFolderDamagedError,
    DiskFullError,
    WrongVersionError,
    naming_refusals,
    ran_out_of_space,
)
from billhook.foundation.embedded.home import Layout

SUPERUSER = "postgres"
LARGEST_LOG = 10 * 1024 * 1024
SETTINGS = {
    "listen_addresses": "",
    "port": str(sockets.PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
FLEETING = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
DETACHED = '"$@" &'
"""The shell ends at once, so that the server is nobody's child and its end leaves no zombie with us."""


def version(data: Path) -> str | None:
    """Return the major version that wrote a data folder, or nothing where there is no database yet.

    Raises:
        DataFolderDamagedError: the folder holds something else.
    """
    mark = data / "PG_VERSION"
    if mark.is_file():
        return mark.read_text().strip()
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise DataFolderDamagedError(data)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """Who works on a cluster, with which programs, and under which lock.

    Every program that touches the data inherits the lock `life`: while one of them lives, no other is let in, even
    when the process that began the work was killed.
    """

    account: Account
    binaries: Binaries
    life: IO[bytes]
    durable: bool

    def run(self, command: Sequence[str | Path], *, output: IO[bytes] | int = subprocess.PIPE) -> tuple[int, str]:
        """Run a program to its end; return its exit code and, unless it went elsewhere, what it said."""
        done = self.account.run(command, output=output, keep=[self.life.fileno()])
        return done.returncode, (done.stdout or b"").decode(errors="replace")


def require(layout: Layout, crew: Crew) -> None:
    """Make the cluster where there is none, and refuse one that we cannot run.

    Raises:
        WrongVersionError: it belongs to another major version.
        DataFolderDamagedError: the folder holds something else.
        DiskFullError: there is no room.
    """
    with naming_refusals(layout.data):
        found = version(layout.data)
        if found is None:
            _make(layout, crew)
        elif found != str(MAJOR):
            raise WrongVersionError(layout.data, found, MAJOR)


def _make(layout: Layout, crew: Crew) -> None:
    """Run initdb beside the place of the data, then move its work there in one step."""
    shutil.rmtree(layout.unfinished, ignore_errors=True)
    try:
        layout.unfinished.mkdir(mode=0o700)
        secret, fresh = layout.unfinished / "password", layout.unfinished / "data"
        secret.write_text(layout.password())
        crew.account.own(secret)
        crew.account.own(layout.unfinished)
        _initdb(fresh, secret, crew)
        fresh.rename(layout.data)
        _settle(layout.home)
    finally:
        shutil.rmtree(layout.unfinished, ignore_errors=True)


def _initdb(fresh: Path, secret: Path, crew: Crew) -> None:
    code, words = crew.run(
        [
            crew.binaries.program("initdb"),
            "--pgdata",
            fresh,
            "--username",
            SUPERUSER,
            "--pwfile",
            secret,
            "--auth=scram-sha-256",
            "--locale-provider=builtin",
            "--locale=C.UTF-8",
            "--encoding=UTF8",
            *([] if crew.durable else ["--no-sync"]),
        ]
    )
    if code:
        raise DiskFullError(fresh) if ran_out_of_space(words) else DatabaseNotMadeError(fresh, last_complaint(words))


def _settle(folder: Path) -> None:
    """Make sure that a renamed entry outlasts a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def launch(layout: Layout, crew: Crew, *, socket_dir: Path) -> int:
    """Start the server's process and return the place in the log at which its words begin.

    The crew's lock says that the last server and all its children are gone, so what they left can go too: their
    process numbers may belong to somebody else by now.
    """
    (layout.data / "postmaster.pid").unlink(missing_ok=True)
    sockets.clear(socket_dir)
    if layout.log.exists() and layout.log.stat().st_size > LARGEST_LOG:
        layout.log.replace(layout.log.with_suffix(".log.old"))
    options = {"unix_socket_directories": str(socket_dir), **SETTINGS, **(DURABLE if crew.durable else FLEETING)}
    command: list[str | Path] = [crew.binaries.program("postgres"), "-D", layout.data]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    with os.fdopen(os.open(layout.log, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600), "ab") as log:
        begun = log.tell()
        crew.run(["/bin/sh", "-c", DETACHED, "sh", *command], output=log)
    return begun


def interrupt(layout: Layout, request: signal.Signals) -> None:
    """Ask the server's first process to shut down, if it is still there and is what its file says."""
    pid = postmaster(layout)
    if pid is not None:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, request)


def postmaster(layout: Layout) -> int | None:
    """Return the number of the server's first process, or nothing when none of its processes lives."""
    mark = layout.data / "postmaster.pid"
    if not (locks.held(layout.alive) and mark.is_file()):
        return None
    lines = mark.read_text().splitlines()
    pid = int(lines[0]) if lines and lines[0].isdigit() else None
    return None if pid is None or _works_elsewhere(pid, layout.data) else pid


def _works_elsewhere(pid: int, data: Path) -> bool:
    """Return whether a process surely is not the server, whose working folder is its data folder."""
    where = Path(f"/proc/{pid}/cwd")
    try:
        return where.exists() and not where.samefile(data)
    except OSError:
        return True


def words(layout: Layout, begun: int) -> str:
    """Return what the server said since a place in its log."""
    with layout.log.open("rb") as log:
        log.seek(begun)
        return log.read().decode(errors="replace")


def last_complaint(words: str) -> str:
    """Return the last line that names an error, without its stamp."""
    lines = [line for line in words.splitlines() if line.strip()]
    grave = [line for line in lines if any(mark in line for mark in ("FATAL:", "PANIC:", "error:"))] or lines
    return grave[-1].split("] ")[-1].strip() if grave else "it said nothing"
