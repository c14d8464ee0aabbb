"""What the tests of the console do again and again: give somebody a role, sign in, ask for a page, count statements."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.builders import OPENING

from billhook.foundation.events import SYSTEM
from billhook.foundation.models import Company, Person
from billhook.foundation.operations import add_member, define_role
from billhook.foundation.permissions import Permission, all_permissions
from billhook.site import settings

PLAIN_FILES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
TEMPLATES = [
    {**engine, "OPTIONS": {**engine["OPTIONS"], "string_if_invalid": "MISSING(%s)"}} for engine in settings.TEMPLATES
]
PLAIN_SITE = {"STORAGES": PLAIN_FILES, "TEMPLATES": TEMPLATES}
"""Settings under which nothing has to be collected, and a value that a template misses is named on the page."""
MOST_STATEMENTS = 12
NOT_COUNTED = re.compile(r"SAVEPOINT|RELEASE|ROLLBACK|BEGIN|COMMIT|select set_config", re.IGNORECASE)


def member(
    company: Company, *permissions: Permission, email: str = "op@kestrel.example", password: str | None = None
) -> Person:
    """Give somebody a role in a company that allows these things, all things unless any is named."""
    role = define_role(code=email.partition("@")[0], name="Role", permissions=permissions or all_permissions())
    return add_member(
        company=company, email=email, name="Olive Porter", role=role, actor=SYSTEM, at=OPENING, password=password
    )


def signed_in(person: Person) -> Client:
    """Return a browser in which somebody is signed in."""
    client = Client(headers={"host": "localhost"})
    client.force_login(person)
    return client


def text_of(response) -> str:
    """Return what a page says, without its tags and with its entities resolved."""
    page = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)).replace("\N{NO-BREAK SPACE}", " "))


@contextmanager
def few_statements(most: int = MOST_STATEMENTS) -> Iterator[None]:
    """Fail when more statements are run than a page may need; savepoints and settings do not count."""
    with CaptureQueriesContext(connection) as captured:
        yield
    statements = [query["sql"] for query in captured if not NOT_COUNTED.match(query["sql"])]
    assert len(statements) <= most, "\n".join(statements)
