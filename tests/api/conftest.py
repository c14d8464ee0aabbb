"""Books with one customer, and programs that ask about them."""

import pytest
from django.test import override_settings
from tests.api.asking import Program, make_key
from tests.builders import make_books
from tests.console.visiting import PLAIN_FILES
from tests.processes import connected_to


@pytest.fixture(autouse=True)
def plain_files():
    """Static files under their plain names, so that pages of the site can be drawn."""
    with override_settings(STORAGES=PLAIN_FILES):
        yield


@pytest.fixture
def company(db, tmp_path):
    return make_books(tmp_path)


@pytest.fixture
def program(company):
    return Program(make_key(company))


@pytest.fixture
def committed(own_database, monkeypatch):
    """Let this process work, and commit, in a fresh database and home."""
    monkeypatch.setenv("BILLHOOK_HOME", own_database["BILLHOOK_HOME"])
    with connected_to(own_database):
        yield own_database
