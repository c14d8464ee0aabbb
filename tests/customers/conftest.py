"""A company with one account type, and a database of the test's own where several threads commit."""

import pytest
from tests.processes import connected_to


@pytest.fixture
def company(db):
    """Stand in the scope of a company with the account type business."""
    from tests.customers.joining import open_company  # noqa: PLC0415 - Django is set up by then

    from billhook.foundation.scope import company_scope  # noqa: PLC0415 - Django is set up by then

    company = open_company()
    with company_scope(company):
        yield company


@pytest.fixture
def committed(own_database, monkeypatch):
    """Let this process work, and commit, in a fresh database and home."""
    monkeypatch.setenv("BILLHOOK_HOME", own_database["BILLHOOK_HOME"])
    with connected_to(own_database):
        yield own_database
