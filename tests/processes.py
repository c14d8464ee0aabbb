"""Databases and processes of a test's own; nothing here needs Django to be set up when it is imported."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from django.db import connections

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def connected_to(environment: Mapping[str, str]) -> Iterator[None]:
    """Let this process work in the database of `own_database`: for tests that commit; threads follow."""
    name = urlsplit(environment["DATABASE_URL"]).path[1:]
    before = {alias: connections[alias].settings_dict["NAME"] for alias in connections}
    point_to(dict.fromkeys(before, name))
    try:
        yield
    finally:
        point_to(before)


def point_to(names: Mapping[str, str]) -> None:
    """Close every connection; the next one of an alias is to the database named."""
    for alias, name in names.items():
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name


PRELUDE = "import django; django.setup()\n"


def start_python(environment: Mapping[str, str], source: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a script in a process of its own, with Django set up; it may import `tests.builders`."""
    return subprocess.Popen(
        [sys.executable, "-c", PRELUDE + source, *arguments],
        env=dict(environment),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_python(environment: Mapping[str, str], source: str, *arguments: str) -> str:
    """Run a script to its end and return what it printed; a failure of it fails the test with its own words."""
    process = start_python(environment, source, *arguments)
    printed, complaints = process.communicate(timeout=120)
    assert process.returncode == 0, complaints
    return printed
