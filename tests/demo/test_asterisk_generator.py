"""The demo's file is what Asterisk would have written, and the lane finds in it what was planted."""

import csv
from datetime import UTC, date, datetime

import phonenumbers
import pytest

from billhook.mediation import lane
from billhook.plugins.format_asterisk.format import AsteriskMaster
from billhook.site.demo.asterisk import CallAccount, rate_card_rows, write_master_csv

FIRST, UNTIL = datetime(2026, 2, 28, 23, tzinfo=UTC), datetime(2026, 3, 31, 22, tzinfo=UTC)
ZONE = "Europe/Amsterdam"
ACCOUNTS = tuple(
    CallAccount(f"KN{n}", f"3120555{n}", f"Customer {n}", minutes=100 if n == 1001 else None) for n in range(1001, 1011)
)


def write(path, **given):
    usual = {"seed": 7, "first": FIRST, "until": UNTIL, "accounts": ACCOUNTS, "zone": ZONE}
    return write_master_csv(path, **{**usual, **given})


def lines(path):
    return path.read_bytes().decode().splitlines()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path):
    one, two, three = tmp_path / "1.csv", tmp_path / "2.csv", tmp_path / "3.csv"
    assert write(one) == write(two)
    write(three, seed=8)
    assert one.read_bytes() == two.read_bytes() != three.read_bytes()


def test_a_row_is_written_as_asterisk_writes_it(tmp_path):
    path = tmp_path / "Master.csv"
    made = write(path)
    assert path.read_bytes().endswith(b'"\n')
    assert made.rows == len(lines(path))
    assert 300 <= made.rows <= 600
    unanswered = lines(path)[made.planted.unanswered[0] - 1]
    assert unanswered.count('",,"') == 1
    quoted = lines(path)[made.planted.quoted_name - 1]
    assert ',"""Joe ""The Hook"" Smith, Sales"" <' in quoted


@pytest.mark.parametrize("columns", [16, 17, 18, 21])
def test_columns_come_by_option(tmp_path, columns):
    path = tmp_path / "Master.csv"
    write(path, columns=columns)
    assert {len(row) for row in csv.reader(lines(path), strict=True)} == {columns}


def test_other_column_counts_and_silence_are_refused(tmp_path):
    with pytest.raises(ValueError, match="not 19"):
        write(tmp_path / "x.csv", columns=19)
    with pytest.raises(ValueError, match="No account"):
        write(tmp_path / "x.csv", accounts=[])


@pytest.mark.parametrize("seed", range(5))
def test_a_hundred_minutes_are_a_hundred_minutes_in_calls_of_odd_length(tmp_path, seed):
    path = tmp_path / "Master.csv"
    made = write(path, seed=seed)
    seconds = [
        int(row[13])
        for n, row in enumerate(csv.reader(lines(path)), start=1)
        if row[0] == "KN1001"
        and row[14] == "ANSWERED"
        and n not in (made.planted.duplicate, made.planted.unknown_prefix)
    ]
    assert sum(seconds) == made.billable_seconds["KN1001"] == 6000
    assert all(length % 2 for length in seconds)


def test_numbers_are_real_but_for_the_one_that_no_country_has(tmp_path):
    path = tmp_path / "Master.csv"
    made = write(path)
    for number, row in enumerate(csv.reader(lines(path)), start=1):
        digits = row[2].removeprefix("00").removeprefix("+")
        valid = digits[:3] != "999" and phonenumbers.is_valid_number(phonenumbers.parse(f"+{digits}"))
        assert valid == (number != made.planted.unknown_prefix)


def test_the_deck_holds_every_calling_code_and_names_its_rows():
    deck = rate_card_rows("0.07")
    prefixes = [row.prefix for row in deck]
    assert len(set(prefixes)) == len(prefixes) < 500
    assert {str(code) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE} <= set(prefixes)
    assert all(row.destination and row.price_per_minute == "0.07" for row in deck)
    assert {row.prefix: row.destination for row in deck}["31"] == "Netherlands"


def test_the_lane_finds_exactly_what_was_planted(tmp_path):
    path = tmp_path / "Master.csv"
    made = write(path)
    result = lane.run(job(path, tmp_path / "lake"))
    counts, planted = result.counts, made.planted
    assert [(it.line_no, it.reason) for it in result.suspended] == sorted(
        [
            (planted.unknown_customer, lane.Reason.UNKNOWN_CUSTOMER),
            (planted.unknown_prefix, lane.Reason.UNKNOWN_PREFIX),
        ]
    )
    assert counts.zero_rated.records == len(planted.unanswered)
    assert (counts.raw, counts.duplicate.records, counts.rejected) == (made.rows, 1, 0)
    seconds = {}
    for charge in result.charges:
        seconds[charge.order_line] = seconds.get(charge.order_line, 0) + charge.billed_seconds
    assert seconds == made.billable_seconds
    units = sum(charge.amount_units for charge in result.charges if charge.order_line == "KN1001")
    assert (units + 5000) // 10_000 == 500, "March's calls of customer 1001 cost exactly 5.00"
    assert all(date(2026, 3, 1) <= charge.local_date <= date(2026, 3, 31) for charge in result.charges)


def job(path, lake):
    guide = tuple(
        lane.GuideRow(
            identifier=account.identifier,
            customer=account.identifier[2:],
            order_line=account.identifier,
            product="CALLS",
            card="VOICE",
            zone=ZONE,
            valid_from=FIRST,
        )
        for account in ACCOUNTS
    )
    cards = tuple(
        lane.CardRow(
            card="VOICE",
            version="1",
            prefix=row.prefix,
            destination=row.destination,
            price_per_minute=row.price_per_minute,
            valid_from=date(2026, 3, 1),
        )
        for row in rate_card_rows()
    )
    return lane.LaneJob(
        file=path,
        format=AsteriskMaster(zone=ZONE).definition(),
        source_zone="UTC",
        batch=1,
        lake=lake,
        guide=guide,
        cards=cards,
        currency="EUR",
        now=UNTIL,
    )
