"""Usage files are loaded: every record is counted where it ended, and a file that is no good leaves nothing behind."""

import hashlib
import shutil
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum
from tests.billing.playing import execute, happened, load, undone
from tests.builders import call, write_calls

from billhook.foundation.digest import digest
from billhook.foundation.home import home
from billhook.foundation.models import Company, EventRecord
from billhook.foundation.scope import company_scope
from billhook.mediation.events import BatchLoaded, DuplicateFileIgnored
from billhook.mediation.lake import lake, originals
from billhook.mediation.lane.errors import LineTooLong
from billhook.mediation.models import COUNTS, BatchFile, Charge, MediationBatch, SuspenseRecord
from billhook.mediation.operations import load as load_module
from billhook.mediation.refusals import FileUnreadableError, UnknownSourceError

START = datetime(2026, 3, 2, 9)  # noqa: DTZ001 - local, as a switch writes it
SECONDS = (61, 1, 3599)


def mixed_lines() -> list[str]:
    """Return one line of every fate: three rated, one each unanswered, double, foreign, unpriced, filtered, broken."""
    good = [call("KN1001", length, START + timedelta(hours=n), ordinal=n) for n, length in enumerate(SECONDS)]
    return [
        *good,
        call("KN1001", 30, START, ordinal=10, answered=False),
        good[0],
        call("KN9999", 45, START, ordinal=11),
        call("KN1001", 70, START, ordinal=12, to="00999555010203"),
        call("KN1001", 80, START, ordinal=13).replace("DOCUMENTATION", "OMIT"),
        "this is no call at all\n",
        "\n",
    ]


def fates(batch: MediationBatch) -> dict[str, tuple[int, int]]:
    """Return where the records of a batch ended: number and seconds, what is empty left out."""
    found = {name: (getattr(batch, f"{name}_records"), getattr(batch, f"{name}_seconds")) for name in COUNTS}
    return {name: pair for name, pair in found.items() if pair != (0, 0)}


def rated(seconds: int) -> Decimal:
    """Return what a call costs at 0.05 a minute, rounded once to six decimals."""
    return (Decimal(seconds) * Decimal("0.05") / 60).quantize(Decimal("0.000001"), ROUND_HALF_UP)


def test_each_record_is_counted_where_it_ended(company: Company, tmp_path: Path) -> None:
    batch = load(company, write_calls(tmp_path / "Master.csv", mixed_lines()))
    with company_scope(company):
        batch.refresh_from_db()
        assert (batch.raw_records, batch.decoded_sources, batch.rejected_records) == (9, 8, 1)
        assert (batch.decoded_records, batch.decoded_seconds) == (8, 61 + 1 + 3599 + 30 + 61 + 45 + 70 + 80)
        assert fates(batch) == {
            "rated": (3, sum(SECONDS)),
            "zero_rated": (1, 30),
            "filtered": (1, 80),
            "duplicate": (1, 61),
            "suspended": (2, 45 + 70),
        }
        suspended = SuspenseRecord.objects.order_by("line_number").values_list("line_number", "reason", "seconds")
        assert list(suspended) == [
            (6, "unknown_customer", 45),
            (7, "unknown_prefix", 70),
            (9, "undecodable", 0),
        ]
    assert [(event.raw, event.rated, event.suspended) for event in happened(company, BatchLoaded)] == [(9, 3, 3)]


def test_the_charges_are_the_sum_of_records_that_were_rounded_once_each(company: Company, tmp_path: Path) -> None:
    batch = load(company, write_calls(tmp_path / "Master.csv", mixed_lines()))
    with company_scope(company):
        sums = Charge.objects.filter(batch=batch).aggregate(Sum("records"), Sum("quantity"), Sum("amount"))
    assert sums["records__sum"] == len(SECONDS)
    assert sums["quantity__sum"] == sum(SECONDS)
    assert sums["amount__sum"] == sum(rated(seconds) for seconds in SECONDS)


def test_a_file_is_loaded_once_whatever_it_is_called(company: Company, tmp_path: Path) -> None:
    path = write_calls(tmp_path / "Master.csv", mixed_lines())
    first = load(company, path)
    files = sorted(lake(company).rglob("*.parquet"))
    renamed = path.rename(tmp_path / "Master.csv.1")
    assert load(company, renamed).pk == first.pk
    with company_scope(company):
        assert MediationBatch.objects.count() == 1
        assert Charge.objects.aggregate(Sum("records"))["records__sum"] == 3
    assert sorted(lake(company).rglob("*.parquet")) == files
    assert [event.batch for event in happened(company, DuplicateFileIgnored)] == [1]


def test_records_that_an_earlier_file_held_are_duplicates(company: Company, tmp_path: Path) -> None:
    lines = mixed_lines()
    load(company, write_calls(tmp_path / "first.csv", lines[:2]))
    second = load(company, write_calls(tmp_path / "second.csv", [lines[1], lines[2]]))
    with company_scope(company):
        second.refresh_from_db()
        assert fates(second) == {"rated": (1, 3599), "duplicate": (1, 1)}
        assert Charge.objects.aggregate(Sum("amount"))["amount__sum"] == sum(rated(seconds) for seconds in SECONDS)


def test_a_batch_whose_records_all_waited_is_remembered_as_well(company: Company, tmp_path: Path) -> None:
    foreign = call("KN9999", 45, START, ordinal=11)
    load(company, write_calls(tmp_path / "first.csv", [foreign]))
    second = load(company, write_calls(tmp_path / "second.csv", [foreign, call("KN1001", 5, START)]))
    with company_scope(company):
        second.refresh_from_db()
        assert second.rated_records == 1


def test_a_source_that_nobody_set_up_is_refused(company: Company, tmp_path: Path) -> None:
    path = write_calls(tmp_path / "Master.csv", mixed_lines())
    with pytest.raises(UnknownSourceError, match="choose one of pbx"):
        load(company, path, source="pabx")
    nothing_is_left(company)


@pytest.mark.parametrize("name", ["missing.csv", "folder"])
def test_what_cannot_be_read_is_refused(company: Company, tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(FileUnreadableError, match=f"{name} cannot be read: .*Check the path"):
        load(company, tmp_path / name)
    nothing_is_left(company)


def test_a_line_without_end_is_refused(company: Company, tmp_path: Path) -> None:
    path = tmp_path / "disk.img"
    path.write_bytes(b"x" * (5 << 20))
    with pytest.raises(LineTooLong):
        load(company, path)
    nothing_is_left(company)


def test_an_empty_file_is_a_batch_of_nothing(company: Company, tmp_path: Path) -> None:
    batch = load(company, write_calls(tmp_path / "Master.csv", []))
    with company_scope(company):
        batch.refresh_from_db()
        assert (batch.raw_records, batch.decoded_records, batch.size) == (0, 0, 0)
        assert not Charge.objects.exists()


def noise(length: int) -> bytes:
    """Return bytes that look like chance and are the same each time."""
    blocks = (hashlib.sha256(str(n).encode()).digest() for n in range(length // 32))
    return b"".join(blocks)


@pytest.mark.parametrize(
    "content",
    [noise(64_000), b"\0" * 100, b"a\0b,c\n" * 50, b'"\n"\n"\n', b"\xff\xfe1\x001\x00\n", b"\r\r\r", b",,,,\n" * 9],
    ids=["noise", "nul", "nul in lines", "quotes", "utf-16", "returns", "commas"],
)
def test_garbage_is_counted_and_waits(company: Company, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "Master.csv"
    path.write_bytes(content)
    batch = load(company, path)
    with company_scope(company):
        batch.refresh_from_db()
        assert batch.raw_records == batch.rejected_records > 0
        assert SuspenseRecord.objects.filter(batch=batch).count() == batch.raw_records
        assert not Charge.objects.exists()
    assert (originals(company) / batch.stored_as).read_bytes() == content


def test_good_records_among_garbage_are_rated(company: Company, tmp_path: Path) -> None:
    good = call("KN1001", 61, START).encode()
    path = tmp_path / "Master.csv"
    path.write_bytes(b"\0\xff\xfe\n" + good + b'"\n' + noise(320) + b"\n")
    batch = load(company, path)
    with company_scope(company):
        batch.refresh_from_db()
        assert fates(batch) == {"rated": (1, 61)}
        assert batch.rejected_records == batch.raw_records - 1


def test_a_record_with_a_hostile_text_waits_with_its_text(company: Company, tmp_path: Path) -> None:
    line = call("KN9999", 5, START).replace("from-customers", "a\\u0000b\x1b[31m")
    batch = load(company, write_calls(tmp_path / "Master.csv", [line]))
    with company_scope(company):
        assert SuspenseRecord.objects.get(batch=batch).parsed["dcontext"] == "a\\u0000b\x1b[31m"


@pytest.mark.parametrize("name", [b"Master\xff.csv", b"Mas\nter.csv"])
def test_a_file_with_an_odd_name_is_loaded_all_the_same(company: Company, tmp_path: Path, name: bytes) -> None:
    path = write_calls(tmp_path / name.decode(errors="surrogateescape"), mixed_lines()[:1])
    batch = load(company, path)
    with company_scope(company):
        batch.refresh_from_db()
        assert batch.rated_records == 1
        assert batch.file_name.startswith("Mas")


@pytest.mark.parametrize("column", ["rated_records", "rejected_records", "suspended_seconds"])
def test_the_database_refuses_a_batch_that_does_not_balance(company: Company, tmp_path: Path, column: str) -> None:
    load(company, write_calls(tmp_path / "Master.csv", mixed_lines()))
    with company_scope(company), pytest.raises(IntegrityError, match="balance"), transaction.atomic():
        execute(f"update mediation_mediationbatch set {column} = {column} + 1")  # noqa: S608 - the test's own words


def test_after_a_crash_before_the_commit_the_same_file_ends_in_the_same_books(
    company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_calls(tmp_path / "Master.csv", mixed_lines())
    with undone():
        load(company, path)
        undisturbed = digest(company)
    shutil.rmtree(home() / "lake")
    with monkeypatch.context() as patch:
        patch.setattr(load_module, "emit", crash)
        with pytest.raises(RuntimeError, match="power cut"):
            load(company, path)
    nothing_is_left(company)
    orphans = [file for file in lake(company).rglob("*") if file.is_file()]
    assert orphans
    for orphan in orphans:
        orphan.write_bytes(b"half a file")
    load(company, path)
    assert digest(company) == undisturbed


def crash(*_: object, **__: object) -> None:
    """Play a process that dies."""
    raise RuntimeError("power cut")


def nothing_is_left(company: Company) -> None:
    """Check that a refused load has left no row behind."""
    with company_scope(company):
        for model in (MediationBatch, BatchFile, Charge, SuspenseRecord):
            assert not model.objects.exists(), model.__name__
        assert not EventRecord.objects.filter(name__startswith="usage.").exists()
