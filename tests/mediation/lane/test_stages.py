"""Normalise, filter, dedupe and guide: every record ends in one place, for one reason."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from billhook.mediation import lane
from billhook.mediation.lane.errors import FileMissing, UnsoundJob
from billhook.plugins.format_asterisk.format import AsteriskMaster


def reasons(result):
    return [(record.line_no, record.reason) for record in result.suspended]


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("2026-03-29 01:59:59", datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC)),
        ("2026-03-29 02:30:00", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        ("2026-03-29 03:00:00", datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        ("2026-10-25 01:59:59", datetime(2026, 10, 24, 23, 59, 59, tzinfo=UTC)),
        ("2026-10-25 02:30:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-10-25 03:00:00", datetime(2026, 10, 25, 2, 0, tzinfo=UTC)),
    ],
)
def test_local_times_become_utc_on_the_nights_that_clocks_change(bench, build, local, utc):
    """The repeated hour is read as its first occurrence, the skipped one with the offset before."""
    assert bench.run([build.call(1, start=local)]).first_event == utc


def test_a_file_in_gmt_ignores_the_sources_zone(bench, build):
    result = bench.run([build.call(1)], format=AsteriskMaster(usegmtime=True).definition())
    assert result.first_event == datetime(2026, 3, 5, 10, tzinfo=UTC)


def test_the_day_is_the_customers_own(bench, build):
    result = bench.run([build.call(1, start="2026-03-31 23:30:00")], source_zone="UTC")
    assert [charge.local_date for charge in result.charges] == [date(2026, 4, 1)]


@pytest.mark.parametrize("dialled", ["0031201234567", "+31201234567", "31201234567", "+31 (20) 123-45.67"])
def test_numbers_become_digits_with_their_calling_code(bench, build, dialled):
    assert bench.run([build.call(1, called=dialled)]).counts.rated.records == 1


def test_a_national_number_takes_the_sources_calling_code(bench, build):
    rows = [build.call(1, called="0201234567")]
    assert bench.run(rows, numbers=lane.NumberPlan(country_code="31")).counts.rated.records == 1
    assert reasons(bench.run(rows)) == [(1, lane.Reason.UNKNOWN_PREFIX)]


@pytest.mark.parametrize("disposition", ["NO ANSWER", "BUSY", "FAILED", "CONGESTION", "CANCEL"])
def test_an_unanswered_call_is_no_charge(bench, build, disposition):
    result = bench.run([build.call(1, disposition=disposition), build.call(2, seconds=0)])
    assert result.counts.zero_rated == lane.Tally(2, 61)
    assert [(count.rule, count.tally.records) for count in result.by_rule] == [("no_seconds", 1), ("unanswered", 1)]
    assert result.charges == ()


def test_an_unanswered_call_to_nobody_known_waits_for_no_one(bench, build):
    row = build.call(1, account="KN9999", called="s", disposition="BUSY")
    assert bench.run([row]).counts.zero_rated.records == 1


def test_a_record_to_be_omitted_is_filtered_and_counted_by_its_rule(bench, build):
    result = bench.run([build.call(1, ama="OMIT"), build.call(2)])
    assert result.counts.filtered == lane.Tally(1, 61)
    assert lane.RuleCount(lane.Bucket.FILTERED, "ama_omit", lane.Tally(1, 61)) in result.by_rule


@pytest.mark.parametrize(
    ("fault", "reason", "known"),
    [
        ({"start": "yesterday"}, lane.Reason.BAD_TIME, 61),
        ({"start": ""}, lane.Reason.BAD_TIME, 61),
        ({"seconds": "12.7"}, lane.Reason.BAD_SECONDS, 0),
        ({"seconds": ""}, lane.Reason.BAD_SECONDS, 0),
        ({"seconds": -5}, lane.Reason.NEGATIVE_SECONDS, 0),
        ({"start": "2027-01-01 01:00:01"}, lane.Reason.FUTURE, 61),
        ({"called": "conference"}, lane.Reason.BAD_NUMBER, 61),
        ({"called": ""}, lane.Reason.BAD_NUMBER, 61),
        ({"account": "KN9999"}, lane.Reason.UNKNOWN_CUSTOMER, 61),
        ({"start": "2025-12-31 23:59:59"}, lane.Reason.NO_ACTIVE_LINE, 61),
        ({"called": "0099912345"}, lane.Reason.UNKNOWN_PREFIX, 61),
    ],
)
def test_a_faulty_record_waits_with_its_reason_and_keeps_its_fields(bench, build, fault, reason, known):
    result = bench.run([build.call(1), build.call(2, **fault), build.call(3)])
    (waiting,) = result.suspended
    assert (waiting.line_no, waiting.reason, waiting.seconds) == (2, reason, known)
    assert waiting.parsed["uniqueid"] == "1772.2"
    assert result.counts.suspended == lane.Tally(1, known)
    assert result.counts.rated.records == 2


def test_a_call_older_than_the_limit_waits(bench, build):
    rows = [build.call(1, start="2026-02-28 23:59:59"), build.call(2, start="2026-03-01 00:00:00")]
    assert reasons(bench.run(rows, late_limit=date(2026, 3, 1))) == [(1, lane.Reason.TOO_LATE)]


def test_the_caller_identifies_where_the_account_is_empty(bench, build):
    rows = [build.call(1, account=""), build.call(2, account="  ")]
    assert bench.run(rows, guide=(build.guide(identifier="31205551001"),)).counts.rated.records == 2


def test_a_moved_service_is_charged_to_its_owner_at_the_calls_own_time(bench, build):
    moved = datetime(2026, 3, 9, 23, tzinfo=UTC)
    guide = (
        build.guide(valid_to=moved),
        build.guide(customer="1002", order_line="O-2/calls", valid_from=moved),
    )
    result = bench.run(
        [build.call(1, start="2026-03-09 23:59:59"), build.call(2, start="2026-03-10 00:00:00")], guide=guide
    )
    assert [(charge.customer, charge.order_line) for charge in result.charges] == [
        ("1001", "O-1/calls"),
        ("1002", "O-2/calls"),
    ]


def test_two_owners_at_once_are_refused(bench, build):
    with pytest.raises(UnsoundJob, match="O-1/calls of 1001 and to O-2/calls of 1002 at the same time"):
        bench.run([build.call(1)], guide=(build.guide(), build.guide(customer="1002", order_line="O-2/calls")))


def test_an_exact_duplicate_counts_once_and_the_first_line_stays(bench, build):
    result = bench.run([build.call(1), build.call(2), build.call(1), build.call(1)])
    assert result.counts.duplicate == lane.Tally(2, 122)
    assert result.counts.rated.records == 2


def test_the_same_file_again_adds_nothing(bench, build):
    rows = [build.call(n, disposition="ANSWERED" if n % 3 else "BUSY") for n in range(30)]
    first = bench.run(rows)
    again = bench.run(rows, batch=2, history=(bench.folder / "lake" / first.keys.path,))
    assert again.counts.duplicate == again.counts.decoded == first.counts.decoded
    assert (again.charges, again.files) == ((), ())


def test_an_overlapping_file_adds_only_what_is_new(bench, build):
    first = bench.run([build.call(n) for n in range(20)])
    keys = (bench.folder / "lake" / first.keys.path,)
    second = bench.run([build.call(n) for n in range(10, 35)], batch=2, history=keys)
    assert (second.counts.duplicate.records, second.counts.rated.records) == (10, 15)


def test_a_suspended_record_is_no_ones_duplicate(bench, build):
    rows = [build.call(1, account="KN9999")]
    first = bench.run(rows)
    assert first.keys is None
    assert bench.run(rows, batch=2).counts.suspended.records == 1


def test_history_that_is_missing_is_refused(bench, build):
    with pytest.raises(FileMissing, match=r"key file 7\.parquet"):
        bench.run([build.call(1)], history=(bench.folder / "7.parquet",))


def test_other_order_same_charges(bench, build):
    rows = [build.call(n % 70, called=f"0031{n % 7}0123{n % 70}", seconds=n % 70) for n in range(100)]
    first = bench.run(rows)
    Random(1).shuffle(rows)  # noqa: S311 - repeatable, not secret
    second = bench.run(rows, batch=2)
    assert (second.charges, second.counts) == (first.charges, first.counts)


def test_two_runs_write_the_same_bytes(bench, build):
    rows = [build.call(n, start=f"2026-03-{1 + n % 28:02d} 10:00:00") for n in range(5000)]
    assert bench.run(rows) == lane.run(bench.job(threads=1))


def test_a_time_without_zone_is_refused(bench):
    with pytest.raises(UnsoundJob, match="no zone"):
        bench.job(now=datetime(2026, 1, 1) + timedelta())  # noqa: DTZ001
