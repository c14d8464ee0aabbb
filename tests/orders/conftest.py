"""A database of the test's own, in which several threads commit at once."""

import pytest
from tests.processes import connected_to


@pytest.fixture
def committed(own_database, monkeypatch):
    """Let this process work, and commit, in a fresh database and home."""
    monkeypatch.setenv("BILLHOOK_HOME", own_database["BILLHOOK_HOME"])
    with connected_to(own_database):
        yield own_database
