"""Billhook's own folder: keys, documents, the usage lake, the mailbox, the embedded database."""

import os
import secrets
from pathlib import Path

from billhook.foundation import embedded


def home() -> Path:
    """Return the folder, `$BILLHOOK_HOME` or the default of this checkout and user."""
    return embedded.home()


def folder(name: str, *parts: str) -> Path:
    """Return a folder inside home, made if it is missing."""
    path = home().joinpath(name, *parts)
    path.mkdir(parents=True, exist_ok=True)
    return path


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, even over a crash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    with aside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def secret_key() -> str:
    """Return the key that signs sessions and links: `$BILLHOOK_SECRET_KEY`, else one made once and kept in home."""
    given = os.environ.get("BILLHOOK_SECRET_KEY")
    if given:
        return given
    path = home() / "secret-key"
    if not path.exists():
        write_whole(path, secrets.token_urlsafe(48).encode())
        path.chmod(0o600)
    return path.read_text()
