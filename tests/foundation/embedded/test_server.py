"""The embedded server: reachable, private, kept over a restart."""

import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from billhook.foundation.embedded import Role, Server, State, Status, checks


def tell(server: Server, statement: LiteralString) -> None:
    with psycopg.connect(server.url(Role.OWNER)) as connection:
        connection.execute(statement)


def ask(
    server: Server, query: LiteralString, *, role: str = Role.OWNER, database: str = "billhook"
) -> tuple[object, ...]:
    with psycopg.connect(server.url(role, database), autocommit=True) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return tuple(row)


@pytest.mark.parametrize("role", Role)
def test_every_role_reaches_the_database_with_url_and_with_djangos_settings(shared: Server, role: Role) -> None:
    settings = shared.settings(role)
    with psycopg.connect(
        dbname=settings["NAME"],
        user=settings["USER"],
        password=settings["PASSWORD"],
        host=settings["HOST"],
        port=settings["PORT"],
    ) as connection:
        assert connection.execute("select current_user, current_database()").fetchone() == (role, "billhook")
    assert ask(shared, "select current_user", role=role) == (str(role),)


def test_roles_may_do_what_they_are_for_and_nothing_else(shared: Server) -> None:
    rights = "select rolsuper, rolcreatedb, rolbypassrls, rolcreaterole from pg_roles where rolname = current_user"
    assert ask(shared, rights, role=Role.OWNER) == (False, True, False, False)
    assert ask(shared, rights, role=Role.APP) == (False, False, False, False)
    assert ask(shared, rights, role=Role.MAINTENANCE) == (False, False, True, False)


def test_owner_makes_databases_and_grants_in_them(shared: Server) -> None:
    with psycopg.connect(shared.url(Role.OWNER, "postgres"), autocommit=True) as connection:
        connection.execute("create database test_grants")
    with psycopg.connect(shared.url(Role.OWNER, "test_grants"), autocommit=True) as connection:
        connection.execute("alter default privileges grant select on tables to billhook_app")
        connection.execute("create table invoice (number text)")
    assert ask(shared, "select count(*) from invoice", role=Role.APP, database="test_grants") == (0,)
    with psycopg.connect(shared.url(Role.OWNER, "postgres"), autocommit=True) as connection:
        connection.execute("drop database test_grants")


def test_a_role_of_somebody_else_is_kept_out_of_the_books(shared: Server) -> None:
    with psycopg.connect(shared.url("postgres", "postgres"), autocommit=True) as connection:
        connection.execute("create role stranger login password 'stranger'")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(host=str(shared.socket_dir), user="stranger", password="stranger", dbname="billhook")


def test_a_wrong_password_is_refused(shared: Server) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(host=str(shared.socket_dir), user=Role.APP, password="guess", dbname="billhook")


def test_an_impostor_at_the_socket_is_not_told_the_password(make: Callable[..., Server]) -> None:
    server = make()
    server.socket_dir.mkdir(mode=0o700)
    heard: list[bytes] = []

    def impostor() -> None:
        client, _ = door.accept()
        with client:
            client.recv(1024)
            client.sendall(b"R" + struct.pack("!ii", 8, 3))  # AuthenticationCleartextPassword
            heard.append(client.recv(1024))

    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(server.socket_dir / f".s.PGSQL.{server.port}"))
        door.listen()
        thread = threading.Thread(target=impostor)
        thread.start()
        with pytest.raises(psycopg.OperationalError, match="scram-sha-256"):
            psycopg.connect(server.url(Role.APP))
        thread.join()
    assert heard == [b""]
    shutil.rmtree(server.socket_dir)


def test_nothing_listens_on_the_network_and_text_sorts_without_the_system(shared: Server) -> None:
    assert ask(shared, "show listen_addresses") == ("",)
    assert ask(shared, "show timezone") == ("UTC",)
    query = (
        "select pg_encoding_to_char(encoding), datlocprovider, datlocale from pg_database "
        "where datname = current_database()"
    )
    assert ask(shared, query) == ("UTF8", "b", "C.UTF-8")
    assert ask(shared, "select upper('é')") == ("É",)


def test_files_are_private(shared: Server) -> None:
    layout = shared.layout
    private = (layout.password_file, layout.log, layout.alive, layout.turnstile, shared.data, shared.socket_dir)
    assert [path for path in private if path.stat().st_mode & 0o077] == []


def test_starting_twice_keeps_the_one_server(shared: Server) -> None:
    before = shared.status()
    endpoint = shared.start()
    assert shared.status() == before
    assert before.state is State.RUNNING
    assert endpoint.url == shared.url(Role.OWNER)


def test_a_missing_role_is_made_again(shared: Server) -> None:
    with psycopg.connect(shared.url("postgres"), autocommit=True) as connection:
        connection.execute("revoke connect on database billhook from billhook_app")
        connection.execute("drop role billhook_app")
        assert [check.name for check in checks(shared) if not check.ok] == ["roles"]
        connection.execute("update pg_database set datacl = null where datname = 'billhook'")
    shared.start()
    assert ask(shared, "select 1", role=Role.APP) == (1,)


def test_stop_and_start_keep_the_data(shared: Server) -> None:
    password, sockets = shared.password, shared.socket_dir
    tell(shared, "create table kept as select 25.00 as amount")
    shared.stop()
    assert shared.status() == Status(State.STOPPED, None)
    assert not sockets.exists()
    shared.stop()
    shared.start()
    assert shared.password == password
    assert ask(shared, "select amount::text from kept") == ("25.00",)


def test_the_server_outlives_its_starter(shared: Server) -> None:
    shared.stop()
    script = (
        "import sys; from pathlib import Path; from billhook.foundation.embedded import Server;"
        "Server(home=Path(sys.argv[1]), durable=False).start()"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    subprocess.run([sys.executable, "-c", script, str(shared.home)], check=True, env=environment)
    assert ask(shared, "select 1") == (1,)


def test_a_home_thrown_away_under_a_running_server_begins_anew(make: Callable[..., Server]) -> None:
    first = make()
    first.start()
    tell(first, "create table old (n int)")
    left_sockets, pid = first.socket_dir, first.status().pid
    shutil.rmtree(first.home)
    second = Server(home=first.home, durable=False)
    second.start()
    try:
        assert second.socket_dir != left_sockets
        assert ask(second, "select to_regclass('old')") == (None,)
    finally:
        assert pid is not None
        with suppress(ProcessLookupError):  # it ends by itself once it misses its folder
            os.kill(pid, signal.SIGQUIT)
    shutil.rmtree(left_sockets, ignore_errors=True)


def test_the_address_may_be_asked_before_the_first_start_and_home_may_be_long(make: Callable[..., Server]) -> None:
    server = make("/".join(["The baker's books, in a folder with a long name"] * 5))
    before = server.settings(Role.APP)
    assert server.status() == Status(State.STOPPED, None)
    server.start()
    assert server.settings(Role.APP) == before
    assert ask(server, "select 1", role=Role.APP) == (1,)


def test_checks_are_well_when_running_and_change_nothing_before(ground: Path, shared: Server) -> None:
    assert [check for check in checks(shared) if not check.ok] == []
    fresh = Server(home=ground / "home")
    found = {check.name: check for check in checks(fresh)}
    assert not fresh.home.exists()
    assert [name for name, check in found.items() if not check.ok] == ["server", "roles"]
    assert "billhook db start" in found["server"].fix


def test_default_home_is_given_by_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from_environment = tmp_path / "given"
    monkeypatch.setenv("BILLHOOK_HOME", str(from_environment))
    code = "from billhook.foundation.embedded import home; print(home())"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    said = subprocess.run([sys.executable, "-c", code], check=True, env=environment, capture_output=True, text=True)
    assert said.stdout.strip() == str(from_environment)
    del environment["BILLHOOK_HOME"]
    said = subprocess.run([sys.executable, "-c", code], check=True, env=environment, capture_output=True, text=True)
    default = Path(said.stdout.strip())
    assert default.parent == Path("/var/lib/billhook") if os.geteuid() == 0 else default.name == ".billhook"
