"""What `billhook doctor` asks about the embedded server."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg

from billhook.foundation.embedded import binaries, cluster, roles
from billhook.foundation.embedded.accounts import myself
from billhook.foundation.embedded.errors import BinariesMissingError, EmbeddedError
from billhook.foundation.embedded.server import Server, State, server

LEAST_FREE = 500 * 1000 * 1000
"""Bytes: a cluster, its write-ahead log and room for a billing run."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: whether it is well, what was seen, what to do if not."""

    name: str
    ok: bool
    detail: str
    fix: str


def checks(subject: Server | None = None) -> list[Check]:
    """Return the health of an embedded server, by default this user's; changes nothing."""
    examined = subject or server()
    return [_tried(name, look, examined) for name, look in LOOKS.items()]


def _tried(name: str, look: Callable[[Server], Check], subject: Server) -> Check:
    """Return a look's answer; a refusal is an answer too, and its sentence says what to do."""
    try:
        return look(subject)
    except (EmbeddedError, OSError) as error:
        return Check(name, ok=False, detail="refused", fix=str(error))


def _programs(subject: Server) -> Check:
    del subject
    found = binaries.bundled()
    if not found.run_for(myself()):
        raise BinariesMissingError(f"{found.program('postgres')} does not run")
    detail = f"PostgreSQL {binaries.MAJOR} from {binaries.WHEEL} {found.version}"
    return Check("programs", ok=True, detail=detail, fix="")


def _writable(subject: Server) -> Check:
    nearest = _nearest(subject.home)
    ok = os.access(nearest, os.W_OK | os.X_OK) and nearest.is_dir()
    fix = f"give this user the right to write {nearest}, or set BILLHOOK_HOME to another folder"
    return Check("home", ok, str(subject.home), "" if ok else fix)


def _space(subject: Server) -> Check:
    free = shutil.disk_usage(_nearest(subject.home)).free
    ok = free >= LEAST_FREE
    return Check("disk", ok, f"{free // 10**6} MB free", "" if ok else f"free at least {LEAST_FREE // 10**6} MB")


def _socket(subject: Server) -> Check:
    if not subject.layout.password_file.exists():
        return Check("socket", ok=True, detail=f"below {subject.sockets}, when first started", fix="")
    return Check("socket", ok=True, detail=str(subject.socket_dir), fix="")


def _version(subject: Server) -> Check:
    found = cluster.version(subject.data)
    ok = found in {None, str(binaries.MAJOR)}
    fix = f"restore a backup into a new folder: this Billhook brings PostgreSQL {binaries.MAJOR}"
    return Check("data", ok, f"PostgreSQL {found}" if found else "none yet", "" if ok else fix)


def _answer(subject: Server) -> Check:
    status = subject.status()
    ok = status.state is State.RUNNING
    return Check("server", ok, str(status.state), "" if ok else "start it: billhook db start")


def _roles(subject: Server) -> Check:
    if subject.status().state is not State.RUNNING:
        return Check("roles", ok=False, detail="the server does not run", fix="start it: billhook db start")
    try:
        with subject.endpoint(cluster.SUPERUSER, "postgres").connect() as connection:
            lacking = roles.missing(connection)
    except psycopg.OperationalError as error:
        return Check("roles", ok=False, detail=str(error), fix="start it: billhook db start")
    fix = "start it again: billhook db start makes what is missing"
    return Check("roles", not lacking, ", ".join(lacking or roles.Role), fix if lacking else "")


def _nearest(path: Path) -> Path:
    """Return the path itself, or the nearest folder above it that exists."""
    return next(place for place in (path, *path.parents) if place.exists())


LOOKS: dict[str, Callable[[Server], Check]] = {
    "programs": _programs,
    "home": _writable,
    "disk": _space,
    "socket": _socket,
    "data": _version,
    "server": _answer,
    "roles": _roles,
}
