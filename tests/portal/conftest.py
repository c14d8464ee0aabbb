"""A company with an open sign-up page, and a browser of somebody who has no account."""

import pytest
from django.test import Client, override_settings
from tests.builders import CLERK, OPENING, make_books
from tests.console.visiting import PLAIN_SITE

from billhook.foundation.operations import open_sign_up


@pytest.fixture(autouse=True)
def plain_site():
    """Nothing has to be collected, and a value that a template misses is named on the page."""
    with override_settings(**PLAIN_SITE):
        yield


@pytest.fixture
def company(db, tmp_path):
    company = make_books(tmp_path)
    open_sign_up(company=company, account_type="business", without_card=False, actor=CLERK, at=OPENING)
    return company


@pytest.fixture
def visitor(company):
    return Client(headers={"host": "localhost"})
