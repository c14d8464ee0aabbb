"""Decoding loses nothing: whatever a file holds, its records are decoded or rejected with a reason."""

import csv
import io
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billhook.mediation import lane
from billhook.mediation.lane import decode as decoding
from billhook.mediation.lane import slow
from billhook.mediation.lane.decode import decode
from billhook.mediation.lane.engine import engine
from billhook.mediation.lane.errors import FileMissing, LineTooLong
from billhook.mediation.lane.explain import raw_line
from billhook.plugins.format_asterisk.format import DEFINITION, AsteriskMaster


def undecodable(result):
    return [record for record in result.suspended if record.reason is lane.Reason.UNDECODABLE]


def test_every_row_of_a_sound_file_is_decoded_with_its_place(bench, build):
    result = bench.run([build.call(n) for n in range(50)])
    assert (result.counts.raw, result.counts.decoded.records, result.counts.rejected) == (50, 50, 0)
    assert result.counts.rated == lane.Tally(50, 50 * 61)


def test_an_empty_file_gives_nothing(bench):
    result = bench.run("")
    assert result.counts == lane.Counts()
    assert result.files == ()


@pytest.mark.parametrize("columns", [16, 17, 18, 21])
def test_the_number_of_columns_is_found_by_itself(bench, build, columns):
    full = [build.call(n) + ',"","1772.1",7' for n in range(5)]
    rows = [",".join(next(csv_fields(line))[:columns]) for line in full]
    assert bench.run(rows).counts.rated.records == 5


def csv_fields(line):
    """Yield the raw fields of a line of Asterisk's, quotes and all."""
    yield [
        f'"{field.replace(chr(34), chr(34) * 2)}"' if not field.isdigit() else field
        for field in next(csv.reader([line]))
    ]


def test_a_file_that_changes_its_columns_midway_is_read_whole(bench, build):
    longer = [build.call(n) + ',"","1772.1",7' for n in range(30, 40)]
    result = bench.run([build.call(n) for n in range(30)] + longer)
    assert result.counts.rated.records == 40
    assert result.counts.rejected == 0


def test_a_stray_quote_in_one_row_of_twenty_thousand_loses_nothing(bench, build):
    rows = [build.call(n) for n in range(20_000)]
    rows[12_345] = rows[12_345].replace('"from-customers"', '"from"customers"')
    result = bench.run(rows)
    assert (result.counts.raw, result.counts.rated.records, result.counts.rejected) == (20_000, 19_999, 1)
    (lost,) = undecodable(result)
    assert lost.line_no == 12_346
    assert raw_line(bench.file, lost.byte_offset).decode() == rows[12_345] == lost.raw


def test_a_few_bad_rows_do_not_send_the_good_ones_through_the_slow_lane(bench, build, monkeypatch):
    def whole_file(*_arguments):
        pytest.fail("the whole file went through the slow lane")

    monkeypatch.setattr(decoding, "_slow", whole_file)
    rows = [build.call(n) for n in range(300)]
    rows[7], rows[8] = rows[7].replace('"from-customers"', '"from"customers"'), "x,y"
    result = bench.run("\n".join([*rows[:100], "", *rows[100:]]) + "\n")
    assert [lost.line_no for lost in undecodable(result)] == [8, 9]
    assert result.counts.rated.records == 298


def test_a_column_too_many_is_seen_even_where_the_last_one_is_empty(bench, build):
    rows = [build.call(n) for n in range(10)]
    rows[3] = rows[3].replace('"Dial"', "Dial,now")
    rows[6] += ","
    assert [lost.line_no for lost in undecodable(bench.run(rows))] == [4, 7]


def test_an_unterminated_quote_never_swallows_its_good_neighbour(bench, build):
    rows = [build.call(n) for n in range(1000)]
    rows[500] = rows[500].replace('"PJSIP/b","Dial"', '"PJSIP/b,"Dial"')
    rows[700] = rows[700][:-1]
    result = bench.run(rows)
    assert [lost.line_no for lost in undecodable(result)] == [501, 701]
    assert result.counts.rated.records == 998


def test_a_line_break_inside_quotes_makes_one_record(bench, build):
    rows = [build.call(n) for n in range(10)]
    rows[4] = build.call(4, name="Harbour\nBakery", seconds=60)
    result = bench.run(rows)
    assert (result.counts.raw, result.counts.rated.records, result.counts.rejected) == (10, 10, 0)
    assert result.counts.rated.seconds == 9 * 61 + 60


def test_an_open_quote_before_a_record_of_two_lines_costs_only_its_own_line(bench, build):
    rows = [build.call(0), build.call(1)[:-1], build.call(2, name="Harbour\nBakery"), build.call(3)]
    result = bench.run(rows)
    assert [lost.line_no for lost in undecodable(result)] == [2]
    assert result.counts.rated.records == 3


def test_blank_lines_are_no_records(bench, build):
    result = bench.run(f"\n{build.call(1)}\n\n\n{build.call(2)}\n\n")
    assert (result.counts.raw, result.counts.rated.records) == (2, 2)


def test_a_single_line_without_its_end_counts(bench, build):
    assert bench.run(build.call(1)).counts.rated.records == 1


def test_a_whole_last_line_without_its_end_counts(bench, build):
    assert bench.run(build.call(1) + "\n" + build.call(2)).counts.rated.records == 2


@pytest.mark.parametrize("kept", [30, 120, -1, -3, -4, -14])
def test_a_truncated_last_line_is_rejected_even_where_fewer_columns_would_fit(bench, build, kept):
    result = bench.run(build.call(1) + "\n" + build.call(2)[:kept])
    assert result.counts.rated.records == 1
    assert [lost.line_no for lost in undecodable(result)] == [2]


def test_a_nul_rejects_its_own_line_only(bench, build):
    rows = [build.call(n) for n in range(5)]
    rows[2] = build.call(2, name="Har\0bour")
    result = bench.run(rows)
    (lost,) = undecodable(result)
    assert lost.line_no == 3
    assert "Har\\x00bour" in lost.raw
    assert result.counts.rated.records == 4


def test_bytes_foreign_to_the_encoding_reject_their_own_line_only(bench, build):
    good, bad = build.call(1), build.call(2, name="Bäckerei").encode("latin-1")
    result = bench.run(good.encode() + b"\n" + bad + b"\n" + build.call(3).encode() + b"\n")
    (lost,) = undecodable(result)
    assert (lost.line_no, result.counts.rated.records) == (2, 2)
    assert "B\\xe4ckerei" in lost.raw
    assert raw_line(bench.file, lost.byte_offset) == bad


def test_a_latin_1_source_is_read_when_the_format_says_so(bench, build):
    definition = AsteriskMaster().definition().parse({**DEFINITION, "encoding": "latin-1"})
    content = build.call(1, name="Bäckerei", account="KN9999").encode("latin-1") + b"\n"
    (waiting,) = bench.run(content, format=definition).suspended
    assert waiting.parsed["clid"] == '"Bäckerei" <31205551001>'


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_line_ends_and_a_byte_order_mark_change_no_place(bench, build, mark, end):
    rows = [build.call(n, account="KN9999").encode() for n in range(3)]
    result = bench.run(mark + end.join(rows) + end)
    assert [raw_line(bench.file, record.byte_offset) for record in result.suspended] == rows
    assert [record.raw.encode() for record in result.suspended] == rows


def test_mixed_line_ends_lose_nothing(bench, build):
    result = bench.run(f"{build.call(1)}\r\n{build.call(2)}\n{build.call(3)}\r\n")
    assert result.counts.rated.records == 3


def test_garbage_is_rejected_line_by_line(bench):
    result = bench.run("no csv at all\n\x01\x02,,,\n")
    assert (result.counts.raw, result.counts.rejected) == (2, 2)


def test_a_line_longer_than_any_record_is_refused(bench):
    with pytest.raises(LineTooLong, match="no file of call records"):
        bench.run(b"x" * (5 << 20))


def test_a_missing_file_is_refused_by_name(bench):
    with pytest.raises(FileMissing, match=r"Master\.csv is not there"):
        lane.run(bench.job())


def test_unescaped_quotes_are_forgiven_where_the_format_says_so(bench, build):
    definition = AsteriskMaster().definition().parse({**DEFINITION, "quirks": ["unescaped_quotes"]})
    rows = [build.call(n) for n in range(3)]
    rows[1] = rows[1].replace('"""Harbour Bakery"" <31205551001>"', '""Harbour, Bakery" <31205551001>"')
    assert bench.run(rows).counts.rejected == 1
    result = bench.run(rows, format=definition, guide=(build.guide(identifier="other"),))
    assert result.counts.rejected == 0
    assert result.suspended[1].parsed["clid"] == '"Harbour, Bakery" <31205551001>'


FIELD = st.text(st.sampled_from('ab1 ,"\n;'), max_size=6)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(FIELD, FIELD, FIELD), max_size=12), st.randoms(use_true_random=False))
def test_the_columnar_reader_and_the_slow_lane_agree(bench, texts, chance):
    """Whatever a CSV writer writes, damaged or not, both lanes decode the same records and lose the same lines."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    for name, data, user in texts:
        writer.writerow(
            [
                *["KN1001", "31", "3120", "ctx", name],
                *["c", "d", "Dial", data],
                *["s"] * 3,
                *["1"] * 2,
                "ANSWERED",
                "BILLING",
                "1.1",
                user,
            ]
        )
    content = damaged(out.getvalue(), chance)
    bench.file.write_bytes(content.encode())
    assert events(bench, fast=True) == events(bench, fast=False)


def damaged(content: str, chance: Random) -> str:
    """Return a text with up to two characters put in or taken out."""
    for _ in range(chance.randrange(3)):
        place = chance.randrange(len(content) + 1)
        content = content[:place] + chance.choice(['"', "\n", ",", ',""', ""]) + content[place + chance.randrange(2) :]
    return content


def events(bench, *, fast: bool):
    definition = AsteriskMaster().definition()
    if not fast:
        definition = definition.parse({**DEFINITION, "encoding": "latin-1"})
    job = bench.job(format=definition)
    with engine(job) as con:
        decoded = decode(con, job)
        rows = con.execute("select * from event order by line_no").fetchall()
    lost = [(record.line_no, record.byte_offset, record.raw) for record in decoded.rejected]
    return decoded.raw, decoded.blank, rows, sorted(lost)


def test_lines_apart_are_never_joined(build):
    definition = AsteriskMaster().definition()
    first, second = build.call(1, name="Harbour\nBakery").encode().split(b"\n")
    lines = [slow.Line(1, 0, first), slow.Line(3, 900, second)]
    assert [type(outcome) for outcome in slow.walk(lines, definition, definition.layouts[2])] == [slow.Lost, slow.Lost]
