"""Every test process gets a database of its own, cloned from one migrated template on a real server.

Without DATABASE_URL the embedded server is started in a temporary folder; with it, that server is used.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

from billhook.foundation import embedded

ROOT = Path(__file__).resolve().parent.parent
URLS = ("DATABASE_URL", "DATABASE_URL_OWNER", "DATABASE_URL_MAINTENANCE")
TEMPLATE = "BILLHOOK_TEST_TEMPLATE"
STARTED: list[embedded.Server] = []
MADE: list[str] = []


def on_database(url: str, name: str) -> str:
    """Return the address of another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def admin_url() -> str:
    """Return the address under which databases are created: the owner's, else the only login's."""
    url = os.environ.get("DATABASE_URL_OWNER") or os.environ["DATABASE_URL"]
    return on_database(url, "postgres")


def create_database(name: str, *, template: str = "") -> None:
    """Create a database, as a copy of another if one is named."""
    statement = sql.SQL("create database {}").format(sql.Identifier(name))
    if template:
        statement += sql.SQL(" template {}").format(sql.Identifier(template))
    with psycopg.connect(admin_url(), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {}").format(sql.Identifier(name)))
        connection.execute(statement)
    MADE.append(name)


def database_environment(name: str) -> dict[str, str]:
    """Return the variables that point a process at one database of the test server."""
    return {key: on_database(os.environ[key], name) for key in URLS if os.environ.get(key)}


def start_server() -> None:
    """Start the embedded server for this run in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="bhtest"))
    folder.chmod(0o755)
    server = embedded.Server(home=folder, durable=False)
    server.start()
    STARTED.append(server)
    for key, role in zip(URLS, (embedded.Role.APP, embedded.Role.OWNER, embedded.Role.MAINTENANCE), strict=True):
        os.environ[key] = server.url(role)


def make_template() -> None:
    """Create the template and migrate it in a process of its own, so that no connection to it stays open."""
    name = f"billhook_template_{os.getpid()}"
    create_database(name)
    environment = {**os.environ, **database_environment(name), "BILLHOOK_HOME": tempfile.mkdtemp(prefix="bhhome")}
    subprocess.run([sys.executable, "-m", "billhook", "migrate"], env=environment, cwd=ROOT, check=True)
    os.environ[TEMPLATE] = name


def pytest_configure(config: pytest.Config) -> None:
    """Start the server and make the template once; give each process its own copy and its own home."""
    if not hasattr(config, "workerinput"):
        if not os.environ.get("DATABASE_URL"):
            start_server()
        make_template()
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    create_database(f"{os.environ[TEMPLATE]}_{worker}", template=os.environ[TEMPLATE])
    os.environ.update(database_environment(f"{os.environ[TEMPLATE]}_{worker}"))
    os.environ["BILLHOOK_HOME"] = tempfile.mkdtemp(prefix="bhhome")
    os.environ["DJANGO_SETTINGS_MODULE"] = "billhook.site.settings"
    import django  # noqa: PLC0415 - only now do the settings know their database

    django.setup()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started; on a server that is not ours, drop what was made."""
    if hasattr(config, "workerinput"):
        return
    for server in STARTED:
        server.stop()
    if not STARTED and os.environ.get("DATABASE_URL"):
        names = [os.environ[TEMPLATE], *(f"{os.environ[TEMPLATE]}_{name}" for name in ("main", "gw0", "gw1"))]
        with suppress(psycopg.Error), psycopg.connect(admin_url(), autocommit=True) as connection:
            for name in names:
                connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def db() -> Iterator[None]:
    """Run a test in a transaction that is rolled back."""
    from django.db import transaction  # noqa: PLC0415 - Django is set up by then

    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def fresh_database(home: Path) -> Iterator[dict[str, str]]:
    """Yield the environment of a fresh database and home; the database is dropped afterwards."""
    name = f"{os.environ[TEMPLATE]}_own_{os.getpid()}_{len(MADE)}"
    create_database(name, template=os.environ[TEMPLATE])
    home.mkdir(parents=True, exist_ok=True)
    yield {**os.environ, **database_environment(name), "BILLHOOK_HOME": str(home)}
    with psycopg.connect(admin_url(), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def own_database(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Return the environment of a fresh database and home, for tests that commit, kill or run several processes."""
    with fresh_database(tmp_path / "home") as environment:
        yield environment


@pytest.fixture(scope="session")
def told_story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Return the environment in which the whole example was played once; read it, change nothing."""
    with fresh_database(tmp_path_factory.mktemp("story")) as environment:
        subprocess.run([sys.executable, "-m", "billhook", "demo", "--once"], env=environment, cwd=ROOT, check=True)
        yield environment
