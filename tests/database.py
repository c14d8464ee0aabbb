"""A database of its own for every test process, cloned from one migrated template on a real server.

Without DATABASE_URL the embedded server is started in a temporary folder; with it, that server is used.
"""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from billhook.foundation import embedded

ROOT = Path(__file__).resolve().parent.parent
URLS = ("DATABASE_URL", "DATABASE_URL_OWNER", "DATABASE_URL_MAINTENANCE")
TEMPLATE, FOLDER, ADMIN = "BILLHOOK_TEST_TEMPLATE", "BILLHOOK_TEST_FOLDER", "BILLHOOK_TEST_ADMIN"
STARTED: list[embedded.Server] = []
MADE: list[str] = []


def on_database(url: str, name: str) -> str:
    """Return the address of another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def admin_url() -> str:
    """Return the address under which databases are made: the superuser's of our own server, else the login's."""
    return on_database(os.environ.get(ADMIN) or os.environ["DATABASE_URL"], "postgres")


def create_database(name: str, *, template: str = "") -> None:
    """Create a database, as a copy of another if one is named."""
    statement = sql.SQL("create database {}").format(sql.Identifier(name))
    if os.environ.get(ADMIN):
        statement += sql.SQL(" owner billhook_owner")
    if template:
        statement += sql.SQL(" template {}").format(sql.Identifier(template))
    drop_database(name)
    with psycopg.connect(admin_url(), autocommit=True) as connection:
        connection.execute(statement)
    MADE.append(name)


def drop_database(name: str) -> None:
    """Drop a database if it is there, whoever is connected to it."""
    with psycopg.connect(admin_url(), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def database_environment(name: str) -> dict[str, str]:
    """Return the variables that point a process at one database of the test server."""
    return {key: on_database(os.environ[key], name) for key in URLS if os.environ.get(key)}


def start_server(folder: Path) -> None:
    """Start the embedded server for this run in a folder."""
    server = embedded.Server(home=folder / "server", durable=False)
    server.start()
    STARTED.append(server)
    os.environ[ADMIN] = server.url("postgres", "postgres")
    for key, role in zip(URLS, (embedded.Role.APP, embedded.Role.OWNER, embedded.Role.MAINTENANCE), strict=True):
        os.environ[key] = server.url(role)


def make_template(folder: Path) -> None:
    """Create the template and migrate it in a process of its own, so that no connection to it stays open."""
    name = f"billhook_template_{os.getpid()}"
    create_database(name)
    environment = {**os.environ, **database_environment(name), "BILLHOOK_HOME": str(folder / "template")}
    subprocess.run(
        [sys.executable, "-m", "billhook", "migrate"], env=environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL
    )
    os.environ[TEMPLATE] = name


def prepare() -> None:
    """Start the server and make the template once a run; give each process its own copy and its own home."""
    if TEMPLATE not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="bhtest"))
        folder.chmod(0o755)
        os.environ[FOLDER] = str(folder)
        atexit.register(clean_up)
        if not os.environ.get("DATABASE_URL"):
            start_server(folder)
        make_template(folder)
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    create_database(f"{os.environ[TEMPLATE]}_{worker}", template=os.environ[TEMPLATE])
    os.environ.update(database_environment(f"{os.environ[TEMPLATE]}_{worker}"))
    os.environ["BILLHOOK_HOME"] = str(Path(os.environ[FOLDER], "homes", worker))
    os.environ["DJANGO_SETTINGS_MODULE"] = "billhook.site.settings"


def clean_up() -> None:
    """Drop what this process made; stop the server and remove the folder if it was this process that began.

    Called when the run ends, and once more at exit, in case it ended before it had begun.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    for server in STARTED:
        server.stop()
    if not STARTED and TEMPLATE in os.environ:
        with suppress(psycopg.Error):
            for name in [*MADE, *(f"{os.environ[TEMPLATE]}_gw{place}" for place in range(8))]:
                drop_database(name)
    shutil.rmtree(os.environ[FOLDER], ignore_errors=True)


@contextmanager
def fresh_database(home: Path) -> Iterator[dict[str, str]]:
    """Yield the environment of a fresh database and home; the database is dropped afterwards."""
    name = f"{os.environ[TEMPLATE]}_own_{os.getpid()}_{len(MADE)}"
    create_database(name, template=os.environ[TEMPLATE])
    home.mkdir(parents=True, exist_ok=True)
    yield {**os.environ, **database_environment(name), "BILLHOOK_HOME": str(home)}
    drop_database(name)
