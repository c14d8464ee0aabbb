"""Files in Billhook's folder: whole or not there, private, and safe to write from several sides at once."""

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from billhook.foundation import home
from billhook.foundation.models import Company
from billhook.invoicing.queries import page_paths
from billhook.mediation.operations.load import PIECE, keep_original
from billhook.mediation.refusals import FileUnreadableError

AT_ONCE = 8


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch) -> Path:
    """Give each test a home that does not exist yet."""
    monkeypatch.setenv("BILLHOOK_HOME", str(tmp_path / "above" / "home"))
    monkeypatch.delenv("BILLHOOK_SECRET_KEY", raising=False)
    return tmp_path / "above" / "home"


def mode(path: Path) -> int:
    """Return the rights of a file or folder."""
    return path.stat().st_mode & 0o777


def names_in(folder: Path) -> set[str]:
    """Return the names of everything in a folder, hidden files too."""
    return {path.name for path in folder.iterdir()}


def test_folders_are_private_and_home_is_left_as_it_is(own_home):
    own_home.mkdir(parents=True)
    own_home.chmod(0o711)
    made = home.folder("lake", "kestrel")
    assert (mode(made), mode(made.parent), mode(own_home)) == (0o700, 0o700, 0o711)
    made.chmod(0o750)
    assert mode(home.folder("lake", "kestrel")) == 0o750


def test_a_home_that_is_missing_may_be_passed_by_the_databases_account(own_home):
    plain = own_home.parent.parent / "plain"
    plain.mkdir()
    home.folder("static")
    assert mode(own_home) == mode(own_home.parent) == mode(plain)


def test_a_file_is_private_and_leaves_nothing_beside_it(own_home):
    path = own_home / "documents" / "kestrel" / "a.pdf"
    home.write_whole(path, b"first")
    home.write_whole(path, b"second")
    assert path.read_bytes() == b"second"
    assert (mode(path), mode(path.parent), mode(path.parent.parent)) == (0o600, 0o700, 0o700)
    assert names_in(path.parent) == {"a.pdf"}


def test_a_file_that_is_not_settled_is_gone(own_home):
    with pytest.raises(ZeroDivisionError), home.unfinished_in(own_home / "usage") as file:
        file.write(bytes(1 // 0))
    assert names_in(own_home / "usage") == set()


def test_threads_that_write_one_path_never_show_a_part(own_home):
    path = own_home / "documents" / "a.pdf"
    contents = [bytes([65 + n]) * 300_000 for n in range(AT_ONCE)]

    def write_and_read(content: bytes) -> bytes:
        home.write_whole(path, content)
        return path.read_bytes()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        seen = list(pool.map(write_and_read, contents * 4))
    assert set(seen) <= set(contents)
    assert names_in(path.parent) == {"a.pdf"}


def test_the_key_is_made_once_by_whoever_is_first(own_home):
    with ThreadPoolExecutor(AT_ONCE) as pool:
        keys = set(pool.map(lambda _: home.secret_key(), range(AT_ONCE * 4)))
    assert len(keys) == 1
    assert len(keys.pop()) == 64
    assert mode(own_home / "secret-key") == 0o600
    assert names_in(own_home) == {"secret-key"}


def test_two_first_starts_read_one_key(own_home):
    command = [sys.executable, "-c", "from billhook.foundation.home import secret_key; print(secret_key())"]
    starts = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    printed = {start.communicate(timeout=60)[0].strip() for start in starts}
    assert printed == {(own_home / "secret-key").read_text()}


def test_an_original_is_kept_once_however_many_load_it_at_once(own_home, tmp_path):
    content = b"0123456789" * (PIECE // 4) + b"end"
    arrived = tmp_path / "Master.csv"
    arrived.write_bytes(content)
    company = Company(code="kestrel")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        kept = set(pool.map(lambda _: keep_original(company, arrived), range(AT_ONCE)))
    digest = hashlib.sha256(content).hexdigest()
    folder = own_home / "usage" / "kestrel"
    assert kept == {(digest, folder / digest)}
    assert names_in(folder) == {digest}
    assert (folder / digest).read_bytes() == content
    assert mode(folder / digest) == 0o600


def test_an_original_that_cannot_be_read_leaves_nothing(own_home, tmp_path):
    with pytest.raises(FileUnreadableError):
        keep_original(Company(code="kestrel"), tmp_path / "nowhere.csv")
    assert names_in(own_home / "usage" / "kestrel") == set()


def test_the_pages_of_a_document_are_sorted_by_number(own_home, monkeypatch):
    pdf = own_home / "documents" / "INV-2026.1-00001.pdf"
    for number in range(1, 12):
        home.write_whole(pdf.with_suffix(f".{number}.svg"), b"")
    monkeypatch.setattr("billhook.invoicing.queries.pdf_path", lambda invoice: invoice.pdf)
    found = [path.name for path in page_paths(SimpleNamespace(pdf=pdf))]
    assert found == [f"INV-2026.1-00001.{number}.svg" for number in range(1, 12)]
