"""The account that the server runs as: ourselves, or a service user when we are root."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from billhook.foundation.embedded.errors import AccountRefusedError, FolderNotTraversableError

SERVICE_USER = "billhook"
FALLBACK_USER = "nobody"
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
"""What the server's programs see: no PG* variable of the caller can reach them."""

FIRST_CLOSED = 'for folder; do test -x "$folder" || { printf %s "$folder"; exit 1; }; done'


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the machine that PostgreSQL's programs run as."""

    name: str
    uid: int
    gid: int

    @property
    def is_self(self) -> bool:
        """Return whether that is the user we already are."""
        return self.uid == os.geteuid()

    def own(self, path: Path) -> None:
        """Give a file or folder to this account."""
        if not self.is_self:
            os.chown(path, self.uid, self.gid)

    def run(
        self, command: Sequence[str | Path], *, output: IO[bytes] | int = subprocess.PIPE, keep: Sequence[int] = ()
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a program as this account, outside our terminal, and return when it ends.

        Args:
            command: the program and its arguments.
            output: where both its outputs go; by default into the result's `stdout`.
            keep: open files that the program inherits.

        Raises:
            AccountRefusedError: we may not become this account.
        """
        drop = {} if self.is_self else {"user": self.uid, "group": self.gid, "extra_groups": []}
        try:
            return subprocess.run(  # type: ignore[call-overload,no-any-return]
                [str(part) for part in command],
                check=False,
                cwd="/",
                env=ENVIRONMENT,
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=keep,
                **drop,
            )
        except PermissionError as error:
            raise AccountRefusedError(self.name, str(error)) from error

    def require_passage(self, folder: Path) -> None:
        """Refuse a folder that this account cannot reach from the root of the file system.

        Raises:
            FolderNotTraversableError: the folder itself or one above it is closed.
        """
        if self.is_self:
            return
        tried = self.run(["/bin/sh", "-c", FIRST_CLOSED, "sh", *reversed(folder.parents), folder])
        if tried.returncode:
            raise FolderNotTraversableError(Path(tried.stdout.decode()), self.name)


def account_for(data: Path) -> Account:
    """Return who runs the server over a data folder: its owner when we are root, else we ourselves."""
    if os.geteuid() != 0:
        return myself()
    owner = data.stat() if data.exists() else None
    if owner is not None and owner.st_uid != 0:
        return _account(owner.st_uid, owner.st_gid)
    return _service_account()


def myself() -> Account:
    """Return the user we are."""
    return _account(os.geteuid(), os.getegid())


def _account(uid: int, gid: int) -> Account:
    try:
        return Account(pwd.getpwuid(uid).pw_name, uid, gid)
    except KeyError:
        return Account(str(uid), uid, gid)


def _service_account() -> Account:
    """Return the service user, made on first need; `nobody` where users cannot be made."""
    if _named(SERVICE_USER) is None and (useradd := shutil.which("useradd", path=ENVIRONMENT["PATH"])):
        options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
        myself().run([useradd, *options, "--shell", "/usr/sbin/nologin", SERVICE_USER])
    found = _named(SERVICE_USER) or _named(FALLBACK_USER)
    if found is None:
        raise AccountRefusedError(SERVICE_USER, "no such user, and none can be made")
    return found


def _named(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(name, entry.pw_uid, entry.pw_gid) if entry.pw_uid else None
