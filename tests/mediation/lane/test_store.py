"""What is stored can be followed back to the byte, and mended records move within their own batch."""

from dataclasses import replace
from datetime import date

import duckdb
import pytest

from billhook.mediation import lane
from billhook.mediation.lane import reconcile, store
from billhook.mediation.lane.errors import DoesNotBalance, FileMissing, UnsoundJob
from billhook.mediation.lane.explain import raw_line, records

MARCH = {"order_line": "O-1/calls", "first": date(2026, 3, 1), "last": date(2026, 3, 31)}


def test_a_charge_leads_to_its_records_and_they_to_the_bytes(bench, build):
    rows = [build.call(n, start=f"2026-03-{31 - n:02d} 10:00:00") for n in range(40 - 10)]
    rows.append(build.call(99, start="2026-04-01 00:00:00"))
    result = bench.run(rows)
    found = records(bench.folder / "lake", [result.records.path], limit=100, **MARCH)
    assert len(found) == 30
    assert [record.event_at for record in found] == sorted(record.event_at for record in found)
    assert all(raw_line(bench.file, record.byte_offset).decode() == record.raw for record in found)
    assert sum(record.amount_units for record in found) == sum(
        charge.amount_units for charge in result.charges if charge.local_date.month == 3
    )


def test_a_drill_down_takes_no_more_than_asked(bench, build):
    result = bench.run([build.call(n) for n in range(10)])
    lake = bench.folder / "lake"
    assert len(records(lake, [result.records.path], limit=3, **MARCH)) == 3
    assert records(lake, [result.records.path], limit=3, **{**MARCH, "order_line": "O-2/calls"}) == ()
    assert records(lake, [], limit=3, **MARCH) == ()


def test_a_missing_lake_file_or_original_is_refused_by_name(bench, build):
    with pytest.raises(FileMissing, match=r"0000000007-0001\.parquet"):
        records(bench.folder / "lake", ["records/0000000007-0001.parquet"], limit=1, **MARCH)
    bench.run([build.call(1)])
    with pytest.raises(FileMissing, match="cut short"):
        raw_line(bench.file, bench.file.stat().st_size)


def test_the_files_say_how_keys_are_made_and_are_sorted(bench, build):
    result = bench.run([build.call(n % 50, start=f"2026-03-{1 + n % 28:02d} 10:00:00") for n in range(200)])
    path = str(bench.folder / "lake" / result.records.path)
    about = dict(duckdb.execute("select key, value from parquet_kv_metadata($1)", [path]).fetchall())
    assert b"md5-128" in about[b"billhook_record_key"]
    stored = duckdb.execute("select order_line, event_at, record_key from read_parquet($1)", [path]).fetchall()
    assert stored == sorted(stored)
    assert len(stored) == result.records.rows == result.counts.rated.records


def test_a_crash_leaves_an_orphan_that_the_next_run_overwrites(bench, build, monkeypatch):
    rows = [build.call(n) for n in range(5)]
    expected = bench.run(rows)
    kept = (bench.folder / "lake" / expected.records.path).read_bytes()

    def crash(_path):
        raise OSError("the machine stopped")

    with monkeypatch.context() as patch:
        patch.setattr(store, "_force", crash)
        with pytest.raises(OSError, match="stopped"):
            bench.run([build.call(n) for n in range(9)], batch=2)
    assert not (bench.folder / "lake" / "records" / "0000000002-0001.parquet").exists()
    assert bench.run(rows) == expected
    assert (bench.folder / "lake" / expected.records.path).read_bytes() == kept
    assert bench.run(rows, batch=2).counts == expected.counts
    assert sorted(path.name for path in (bench.folder / "lake" / "records").iterdir()) == [
        "0000000001-0001.parquet",
        "0000000002-0001.parquet",
    ]


def recycled(bench, first, **edits):
    """Return the first part's suspense, mended, taken through again."""
    mended = [replace(record, parsed={**record.parsed, **edits}) for record in first.suspended]
    history = tuple(bench.folder / "lake" / file.path for file in (first.keys,) if file)
    return lane.recycle(bench.job(part=2, history=history), mended)


def together(one, other):
    """Return a batch's counts after a part's movements."""
    fields = ("raw", "decoded_sources", "rejected", "decoded", *(bucket.value for bucket in lane.Bucket))
    return lane.Counts(**{name: getattr(one, name) + getattr(other, name) for name in fields})


def test_a_mended_record_moves_its_count_within_its_batch(bench, build):
    first = bench.run([build.call(1), build.call(2, account="KN9999"), build.call(3, seconds="x")])
    second = recycled(bench, first, accountcode="KN1001", billsec="30")
    assert second.counts.rated == lane.Tally(2, 60)
    assert second.counts.suspended == lane.Tally(-2, -61)
    assert second.counts.decoded == lane.Tally(0, 60 - 61)
    whole = together(first.counts, second.counts)
    reconcile.balance(whole)
    assert (whole.decoded, whole.suspended) == (lane.Tally(3, 61 + 60), lane.Tally())
    found = records(bench.folder / "lake", [second.records.path], limit=9, **MARCH)
    assert [(record.part, record.line_no) for record in found] == [(2, 2), (2, 3)]


def test_an_undecodable_line_can_be_filled_in_by_hand(bench, build):
    first = bench.run([build.call(1), "garbage"])
    assert (first.counts.decoded_sources, first.counts.rejected) == (1, 1)
    fields = {"accountcode": "KN1001", "src": "1", "dst": "3120", "start": "2026-03-05 10:00:00"}
    second = recycled(bench, first, **fields, billsec="30", disposition="ANSWERED", uniqueid="by-hand-1")
    whole = together(first.counts, second.counts)
    reconcile.balance(whole)
    assert (whole.raw, whole.decoded_sources, whole.rejected, whole.rated.records) == (2, 2, 0, 2)


def test_a_record_that_is_still_wrong_waits_on_with_its_edits(bench, build):
    first = bench.run([build.call(1, account="KN9999")])
    second = recycled(bench, first, accountcode="KN8888")
    assert second.counts == lane.Counts()
    assert second.suspended[0].parsed["accountcode"] == "KN8888"
    assert second.suspended[0].reason is lane.Reason.UNKNOWN_CUSTOMER
    assert second.files == ()


def test_a_record_mended_into_one_that_already_counts_is_a_duplicate(bench, build):
    first = bench.run([build.call(1), build.call(1, account="KN9999")])
    second = recycled(bench, first, accountcode="KN1001")
    assert (second.counts.duplicate, second.counts.rated) == (lane.Tally(1, 61), lane.Tally())


def test_recycling_refuses_what_would_count_twice_or_not_at_all(bench, build):
    (waiting,) = bench.run([build.call(1, account="KN9999")]).suspended
    with pytest.raises(UnsoundJob, match="part of their own"):
        lane.recycle(bench.job(), [waiting])
    with pytest.raises(UnsoundJob, match="twice at once"):
        lane.recycle(bench.job(part=2), [waiting, waiting])
    with pytest.raises(UnsoundJob, match="Line 1 has no fields"):
        lane.recycle(bench.job(part=2), [replace(waiting, parsed={})])


@pytest.mark.parametrize(
    "counts",
    [
        lane.Counts(raw=2, decoded_sources=1),
        lane.Counts(decoded=lane.Tally(1, 60)),
        lane.Counts(decoded=lane.Tally(1, 60), rated=lane.Tally(1, 59)),
        lane.Counts(decoded=lane.Tally(2, 60), rated=lane.Tally(1, 60)),
    ],
)
def test_what_does_not_balance_is_refused(counts):
    with pytest.raises(DoesNotBalance, match="nothing was loaded"):
        reconcile.balance(counts)


def test_a_lane_that_loses_a_record_refuses_its_own_result(bench, build, monkeypatch):
    monkeypatch.setattr("billhook.mediation.lane.rate.FATE", "select 1")
    with pytest.raises(DoesNotBalance):
        bench.run([build.call(1)])
    assert not (bench.folder / "lake" / "records").exists()
