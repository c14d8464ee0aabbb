"""The embedded server after kills, stale marks, interrupted first starts and starters in a hurry."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from billhook.foundation.embedded import Role, Server, State, locks
from billhook.foundation.embedded.accounts import account_for

STARTER = (
    "import sys; from pathlib import Path; from billhook.foundation.embedded import Server;"
    "server = Server(home=Path(sys.argv[1]), durable=False); server.start(); print(server.status().pid)"
)
linux_only = pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="reads /proc")


def starter(home: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.Popen(
        [sys.executable, "-c", STARTER, str(home)], env=environment, stdout=subprocess.PIPE, text=True
    )


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def book(server: Server) -> None:
    with psycopg.connect(server.url(Role.OWNER)) as connection:
        connection.execute("drop table if exists booked")
        connection.execute("create table booked as select generate_series(1, 1000) as n")


def booked(server: Server) -> int:
    with psycopg.connect(server.url(Role.OWNER)) as connection:
        row = connection.execute("select sum(n) from booked").fetchone()
    assert row is not None
    return int(row[0])


@contextmanager
def innocent(server: Server) -> Iterator[subprocess.Popen[bytes]]:
    """Run an unrelated process as the very account that the server runs as."""
    account = account_for(server.data)
    drop = {} if account.is_self else {"user": account.uid, "group": account.gid, "extra_groups": []}
    process = subprocess.Popen(["/bin/sleep", "60"], cwd="/", **drop)  # type: ignore[call-overload]
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@linux_only
@pytest.mark.parametrize("whole", [True, False], ids=["with its children", "alone"])
def test_a_killed_server_recovers_with_what_was_committed(shared: Server, whole: bool) -> None:
    shared.stop()
    server = replace(shared, durable=True)
    server.start()
    book(server)
    pid = server.status().pid
    assert pid is not None
    victims = [pid, *children(pid)] if whole else [pid]
    assert len(children(pid)) > 1
    for victim in victims:
        with suppress(ProcessLookupError):  # a child may have ended by itself meanwhile
            os.kill(victim, signal.SIGKILL)
    server.start()
    assert server.status().pid not in {None, pid}
    assert booked(server) == 500500


def test_starters_at_once_get_one_server(make: Callable[..., Server]) -> None:
    server = make()
    racing = [starter(server.home) for _ in range(3)]
    pids = {process.communicate(timeout=60)[0].strip() for process in racing}
    assert pids == {str(server.status().pid)}
    assert [process.returncode for process in racing] == [0, 0, 0]


def test_a_number_that_now_belongs_to_another_process_is_not_taken_for_the_server(shared: Server) -> None:
    server = shared
    book(server)
    pid = server.status().pid
    mark = server.data / "postmaster.pid"
    said = mark.read_text()
    server.stop()
    with innocent(server) as process:
        stale = said.replace(str(pid), str(process.pid), 1)
        server.socket_dir.mkdir(mode=0o700)
        for path in (mark, server.socket_dir / f".s.PGSQL.{server.port}.lock"):
            path.write_text(stale)
            account_for(server.data).own(path)
        account_for(server.data).own(server.socket_dir)
        assert server.status().state is State.STOPPED
        server.start(timeout=20)
        assert booked(server) == 500500
        assert server.status().pid != process.pid
        server.stop()
        mark.write_text(stale)
        server.stop()
        assert process.poll() is None
    mark.unlink()


def test_a_starter_killed_while_making_the_database_leaves_nothing_in_the_way(make: Callable[..., Server]) -> None:
    server = make()
    process = starter(server.home)
    while not (server.layout.unfinished / "data" / "base").exists():
        assert process.poll() is None, "the starter was too fast to be killed"
        time.sleep(0.001)
    process.kill()
    process.communicate()
    assert not server.data.exists()
    assert locks.held(server.layout.alive), "initdb should still hold the lock of the data"
    server.start()
    book(server)
    assert booked(server) == 500500
    assert sorted(path.name for path in server.home.iterdir() if "unfinished" in path.name) == []


def test_stop_is_final_even_while_a_client_is_at_work(shared: Server) -> None:
    with psycopg.connect(shared.url(Role.APP)) as busy:
        busy.execute("select pg_backend_pid()")
        shared.stop()
        with pytest.raises(psycopg.OperationalError):
            busy.execute("select 1")
    assert shared.status().state is State.STOPPED
