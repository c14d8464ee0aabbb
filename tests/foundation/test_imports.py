"""Files of another system: every row is taken in once, or named with what is wrong with it."""

import io
from decimal import Decimal

import pytest
from tests.builders import CLERK, OPENING, make_company

from billhook.core.errors import Refusal
from billhook.foundation.imports import cells, running
from billhook.foundation.imports.cells import CellError, Column
from billhook.foundation.imports.reading import ImportFileError, Layout, Rejected, Row, rows_of
from billhook.foundation.imports.running import ImportRunningError, Taken, UnknownImportError, run_import, try_import
from billhook.foundation.models import EventRecord, ImportJob, NumberSeries, RejectedRow
from billhook.foundation.scope import company_scope

LAYOUT = Layout(
    kind="series",
    title="Number series",
    columns=(
        Column(name="code", what="Its code.", read=cells.code(10), example="a", required=True),
        Column(name="next", what="The next number.", read=cells.whole(1, 99), example="7"),
    ),
)


class SeriesImporter:
    """Takes in number series; those of the code `bad` are refused."""

    layout = LAYOUT

    def take_in(self, rows, **_told):
        known = set(NumberSeries.objects.values_list("code", flat=True))
        if any(row.cells[0] == "bad" for row in rows):
            raise Refusal("A series may not be called bad.")
        new = [row for row in rows if row.cells[0] not in known]
        NumberSeries.objects.bulk_create(
            [NumberSeries(code=row.cells[0], pattern="x", next_number=int(row.cells[1] or 1)) for row in new]
        )
        return Taken(len(new), len(rows) - len(new))


@pytest.fixture
def company(db, monkeypatch):
    monkeypatch.setattr(running, "_importers", {})
    monkeypatch.setattr(running, "CHUNK", 3)
    running.register(SeriesImporter())
    return make_company()


def write(tmp_path, text):
    path = tmp_path / "series.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def codes(company):
    with company_scope(company):
        return sorted(NumberSeries.objects.filter(pattern="x").values_list("code", flat=True))


def take(act, company, path, **more):
    return act(company=company, kind="series", path=path, actor=CLERK, at=OPENING, **more)


def test_every_row_is_stored_or_named(company, tmp_path):
    path = write(tmp_path, "next,code\n1,a\n2,b\n,c\n0,d\n5,\n6,e f\n7\n8,bad\n9,g\n")
    done = take(run_import, company, path)
    assert codes(company) == ["a", "b", "c", "g"]
    assert [str(row) for row in done.rejected] == [
        "Line 5: next is no whole number from 1 to 99.",
        "Line 6: code is empty.",
        "Line 7: code is no code; use at most 10 letters, digits, - and _.",
        "Line 8: has 1 cells, the first line 2.",
        "Line 9: A series may not be called bad.",
    ]
    with company_scope(company):
        job = ImportJob.objects.get()
        assert (job.state, job.position, job.created, job.rejected) == ("done", 10, 4, 5)
        assert list(RejectedRow.objects.order_by("line").values_list("line", flat=True)) == [5, 6, 7, 8, 9]
        assert EventRecord.objects.filter(name="import.done").count() == 1


def test_the_same_file_again_changes_nothing(company, tmp_path):
    path = write(tmp_path, "code\na\nb\n")
    take(run_import, company, path)
    again = take(run_import, company, path)
    assert (again.created, again.unchanged, codes(company)) == (0, 2, ["a", "b"])


def test_a_dry_run_says_the_same_and_leaves_nothing(company, tmp_path):
    path = write(tmp_path, "code\na\nb\nbad\nc\n")
    tried = take(try_import, company, path)
    assert codes(company) == []
    with company_scope(company):
        assert not ImportJob.objects.exists()
    done = take(run_import, company, path)
    assert (tried.created, tried.rejected) == (done.created, done.rejected)


class Killed(BaseException):
    """The end of the process."""


def test_an_interrupted_import_goes_on_behind_its_last_chunk(company, tmp_path):
    path = write(tmp_path, "code\n" + "".join(f"s{n}\n" for n in range(8)))
    lines = []

    def watch(progress):
        lines.append(progress.line)
        if len(lines) == 2:
            raise Killed

    with pytest.raises(Killed):
        take(run_import, company, path, watch=watch)
    assert len(codes(company)) == 6
    done = take(run_import, company, path, watch=watch)
    assert (lines, done.created, len(codes(company))) == ([4, 7, 9], 8, 8)


def test_a_file_that_somebody_else_moved_on_is_refused(company, tmp_path):
    path = write(tmp_path, "code\n" + "".join(f"s{n}\n" for n in range(8)))

    def meddle(_progress):
        with company_scope(company):
            ImportJob.objects.update(position=99)

    with pytest.raises(ImportRunningError, match=r"series\.csv is being imported by somebody else"):
        take(run_import, company, path, watch=meddle)


def test_an_unknown_kind_is_refused(company, tmp_path):
    with pytest.raises(UnknownImportError, match="no import of cats; choose one of series"):
        run_import(company=company, kind="cats", path=write(tmp_path, "code\n"), actor=CLERK, at=OPENING)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "is empty"),
        ("kode\na\n", "names 'kode'"),
        ("code,code\na,a\n", "names code twice"),
        ("next\n1\n", "does not name code"),
        ('"code\na\n', "is not written as CSV"),
    ],
)
def test_a_first_line_that_is_not_of_its_kind_is_refused_and_nothing_is_kept(company, tmp_path, text, what):
    with pytest.raises(ImportFileError, match=what):
        take(run_import, company, write(tmp_path, text))
    with company_scope(company):
        assert not ImportJob.objects.exists()


def rows(data):
    return list(rows_of(io.BytesIO(data), LAYOUT))


def test_a_byte_order_mark_line_ends_and_quotes_are_read():
    assert rows(b'\xef\xbb\xbfcode,next\r\n"a",1\r\n\r\n b ,\r\n') == [Row(2, ("a", "1")), Row(4, ("b", ""))]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"caf\xe9,1", "is not UTF-8; save the file in that encoding"),
        (b"a\x00b,1", "has control characters; take them out"),
        (b'"a"b,1', "is not written as CSV (',' expected after '\"')"),
        (b"a" * 200_000 + b",1", "is not written as CSV (field larger than field limit (131072))"),
    ],
)
def test_garbage_is_named_and_the_rows_after_it_are_read(data, reason):
    bad, good = rows(b"code,next\n" + data + b"\nz,3\n")
    assert isinstance(bad, Rejected)
    assert (bad.line, bad.reason, good) == (2, reason, Row(3, ("z", "3")))


def test_the_example_of_a_layout_is_a_file_of_it():
    assert [type(row) for row in rows(LAYOUT.example.encode())] == [Row]


@pytest.mark.parametrize(
    ("read", "good", "bad"),
    [
        (cells.text(3), "abc", "abcd"),
        (cells.code(3), "a-1", "a b"),
        (cells.day, "2026-02-28", "2026-02-30"),
        (cells.day, "2026-02-28", "20260228"),
        (cells.decimal(3, 2), "-123.45", "1,5"),
        (cells.decimal(3, 2), "0.10", "1.234"),
        (cells.decimal(3, 2), "1", "1e2"),
        (cells.decimal(3, 2, least=Decimal(0)), "0", "-0.01"),
        (cells.whole(1, 12), "12", "13"),
        (cells.whole(1, 12), "1", "²"),
        (cells.choice("a", "b"), "a", "c"),
        (cells.email, "a@b.example", "a@b"),
        (cells.currency, "JPY", "XYZ1"),
        (cells.country, "NL", "nl"),
        (cells.zone, "Europe/Amsterdam", "Mars/Olympus"),
    ],
)
def test_cells_are_read_or_refused(read, good, bad):
    assert read(good) == good
    with pytest.raises(CellError):
        read(bad)


def test_the_unprintable_of_an_address_is_kept():
    layout = Layout(kind="x", title="X", columns=(Column(name="address", what="", read=cells.text(50)),))
    assert list(rows_of(io.BytesIO(b'address\n"Quay 1\nTown"\nnext\n'), layout)) == [
        Row(2, ("Quay 1\nTown",)),
        Row(4, ("next",)),
    ]
