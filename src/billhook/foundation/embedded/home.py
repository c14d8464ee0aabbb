"""Billhook's folder on this machine, and what the database keeps in it."""

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from billhook.foundation.embedded.accounts import Account
from billhook.foundation.embedded.errors import PasswordMissingError, naming_refusals

ROOTS_HOMES = Path("/var/lib/billhook")


def home() -> Path:
    """Return Billhook's folder: `$BILLHOOK_HOME`, else `.billhook` in the checkout, or below /var/lib for root.

    Outside a checkout the current folder takes the checkout's place.
    """
    given = os.environ.get("BILLHOOK_HOME")
    if given:
        return Path(given).expanduser().resolve()
    place = _place()
    if os.geteuid() == 0:
        return ROOTS_HOMES / hashlib.sha256(os.fsencode(place)).hexdigest()[:12]
    return place / ".billhook"


def _place() -> Path:
    checkout = Path(__file__).resolve().parents[4]
    return checkout if (checkout / "pyproject.toml").is_file() else Path.cwd()


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the database's files lie inside Billhook's folder."""

    home: Path

    @property
    def data(self) -> Path:
        """Return the folder that belongs to PostgreSQL."""
        return self.home / "postgres"

    @property
    def unfinished(self) -> Path:
        """Return the folder in which a new database is prepared before it takes its place."""
        return self.home / "postgres.unfinished"

    @property
    def runtime(self) -> Path:
        """Return where programs are copied that another account must reach."""
        return self.home / "runtime"

    @property
    def log(self) -> Path:
        """Return the file that holds the server's words."""
        return self.home / "log" / "postgres.log"

    @property
    def turnstile(self) -> Path:
        """Return the file whose lock lets one process at a time start or stop the server."""
        return self.home / "postgres.turnstile"

    @property
    def alive(self) -> Path:
        """Return the file whose lock the server's processes hold as long as one of them lives."""
        return self.home / "postgres.alive"

    @property
    def password_file(self) -> Path:
        """Return the file that holds the password of all database roles."""
        return self.home / "postgres.password"

    def make(self) -> None:
        """Make the folders that are missing.

        Raises:
            HomeNotWritableError: the system refuses.
            DiskFullError: there is no room.
        """
        with naming_refusals(self.home):
            for folder in (*reversed(self.home.parents), self.home, self.log.parent):
                _make_folder(folder)

    def admit(self, account: Account) -> None:
        """Let the server's account pass through the home folder to its data.

        Raises:
            FolderNotTraversableError: a folder above is closed to it; those are not ours to open.
        """
        if not account.is_self:
            with naming_refusals(self.home):
                self.home.chmod(self.home.stat().st_mode | 0o011)
        account.require_passage(self.home)

    def password(self) -> str:
        """Return the password of all database roles, made once when first asked for.

        Raises:
            PasswordMissingError: there are data, made with a password that is gone.
            HomeNotWritableError: it cannot be read or written.
        """
        with naming_refusals(self.password_file):
            if not self.password_file.exists():
                if (self.data / "PG_VERSION").exists():
                    raise PasswordMissingError(self.password_file)
                self.make()
                _keep_first(self.password_file, secrets.token_urlsafe(32))
            return self.password_file.read_text()


def _make_folder(folder: Path) -> None:
    """Make one folder that everybody may pass when we are root, only we ourselves otherwise."""
    if not folder.exists():
        mode = 0o711 if os.geteuid() == 0 else 0o700
        folder.mkdir(mode=mode, exist_ok=True)
        folder.chmod(mode)


def _keep_first(path: Path, text: str) -> None:
    """Write a private file whole, unless another process was faster."""
    aside = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(aside, path)
    except FileExistsError:
        pass
    finally:
        aside.unlink(missing_ok=True)
