"""A company to sell from, and a database of the test's own in which several threads commit at once."""

import pytest
from tests.builders import make_company
from tests.processes import connected_to

from billhook.foundation.scope import company_scope


@pytest.fixture
def shop(db):
    """Open the scope of a company, which is rolled back."""
    company = make_company()
    with company_scope(company):
        yield company


@pytest.fixture
def committed(own_database, monkeypatch):
    """Let this process work, and commit, in a fresh database and home."""
    monkeypatch.setenv("BILLHOOK_HOME", own_database["BILLHOOK_HOME"])
    with connected_to(own_database):
        yield own_database
