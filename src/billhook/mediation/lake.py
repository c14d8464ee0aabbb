"""Where originals and lake files lie, and what of the lake enters the digest of the books."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from billhook.foundation.digest import add_to_digest
from billhook.foundation.home import folder
from billhook.foundation.models import Company
from billhook.mediation.models import BatchFile


def lake(company: Company) -> Path:
    """Return the folder of a company's rated records and record keys."""
    return folder("lake", company.code)


def originals(company: Company) -> Path:
    """Return the folder in which the files that arrived are kept unchanged, by the hash of their content."""
    return folder("usage", company.code)


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def lake_lines(company: Company) -> Iterable[bytes]:
    """Return one line for each lake file that counts: its path and the hash of what lies there now."""
    root = lake(company)
    for path in sorted(BatchFile.objects.values_list("path", flat=True)):
        yield f"{path} {file_hash(root / path)}".encode()


add_to_digest("lake", lake_lines)
