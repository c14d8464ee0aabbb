"""Servers in short-lived folders that every account can reach."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from billhook.foundation.embedded import Server


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what starts servers of its own, so that a run against another server can leave it out."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.embedded)


def open_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="bh"))
    folder.chmod(0o755)
    return folder


def build(home: Path, programs: Path, **more: Any) -> Server:
    server = Server(home=home, **{"durable": False, **more})
    server.layout.make()
    server.layout.runtime.symlink_to(programs)
    return server


@pytest.fixture(scope="session")
def programs() -> Iterator[Path]:
    """The copy of PostgreSQL's programs that the servers share, since a copy for each would take most of the time."""
    folder = open_folder()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def kept(programs: Path) -> Iterator[Server]:
    """A server whose database is made once for all tests of a module."""
    folder = open_folder()
    server = build(folder / "home", programs)
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture
def shared(kept: Server) -> Server:
    """The module's server, running, whatever the last test did to it."""
    kept.start()
    return kept


@pytest.fixture
def ground() -> Iterator[Path]:
    """An empty folder that any user may pass."""
    folder = open_folder()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def make(ground: Path, programs: Path) -> Iterator[Callable[..., Server]]:
    """Make servers below the ground; whatever runs in the end is stopped."""
    made: list[Server] = []

    def remember(name: str = "home", **more: Any) -> Server:
        made.append(build(ground / name, programs, **more))
        return made[-1]

    yield remember
    for server in made:
        server.stop()
