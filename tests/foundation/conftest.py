"""A database of the test's own, in which this process commits, kills and looks again."""

import pytest
from tests.processes import connected_to


@pytest.fixture
def committed(own_database, monkeypatch):
    """Let this process work, and commit, in a fresh database and home."""
    monkeypatch.setenv("BILLHOOK_HOME", own_database["BILLHOOK_HOME"])
    with connected_to(own_database):
        yield own_database
