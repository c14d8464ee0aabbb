"""Django is set up against this process's own database before any test module is looked at."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import django
import pytest
from tests.database import ROOT, clean_up, fresh_database, prepare

prepare()
django.setup()

from django.db import transaction  # noqa: E402 - only now does Django know its database


def pytest_unconfigure() -> None:
    """Clean up when the run is over."""
    clean_up()


@pytest.fixture
def db() -> Iterator[None]:
    """Run a test in a transaction that is rolled back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def own_database(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Return the environment of a fresh database and home, for tests that commit, kill or run several processes."""
    with fresh_database(tmp_path / "home") as environment:
        yield environment


@pytest.fixture(scope="session")
def told_story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Return the environment in which the whole example was played once, and the digest that its books had then.

    Read it, change nothing that others read.
    """
    with fresh_database(tmp_path_factory.mktemp("story")) as environment:
        billhook(environment, "demo", "--once")
        yield {**environment, "STORY_DIGEST": billhook(environment, "verify", "--digest", "--parts")}


def billhook(environment: dict[str, str], *words: str) -> str:
    """Run a command that has to succeed and return what it prints."""
    command = [sys.executable, "-m", "billhook", *words]
    return subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
