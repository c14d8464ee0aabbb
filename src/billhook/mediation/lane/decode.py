"""Stage one, decode: from the bytes of a file to one row a record, with its line and its place in the original.

The columnar reader is strict and keeps a named table of what it rejects; every physical line of a reject is read again
in the slow lane. Its rows count only if it can be vouched for: as many as there are good lines, each lying on the line
that it is said to come from. Otherwise the whole file goes through the slow lane. No row is lost in silence: lines are
counted from the bytes, and headers, blank, continued, decoded and rejected lines must sum to them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from duckdb import (
    CaseExpression,
    CoalesceOperator,
    ColumnExpression,
    ConstantExpression,
    CSVLineTerminator,
    DuckDBPyConnection,
    DuckDBPyRelation,
    Expression,
    FunctionExpression,
    InvalidInputException,
)

from billhook.mediation.formats import FormatDefinition, Layout, Rule
from billhook.mediation.lane.engine import number
from billhook.mediation.lane.errors import DoesNotBalance, FileChanged
from billhook.mediation.lane.intake import MAX_LINE, Intake, examine
from billhook.mediation.lane.job import LaneJob
from billhook.mediation.lane.result import Reason, Stage, Suspended
from billhook.mediation.lane.slow import Blank, Found, Line, Lost, Outcome, main_layout, physical_lines, walk

NO_DELIMITER = "\x1e\x1f\x1e\x1f"
"""What stands in no usage file: each line is then one column."""

KEY_SEPARATOR = "\0"
"""What joins the fields of a record key; a line with a NUL is rejected, so no field holds one."""

SHOWN_SEPARATOR = "|"
BATCH_OF_LINES = 20_000

EVENT_TABLE = """
create table event (
    line_no bigint, byte_offset bigint, raw varchar, identifier varchar, a_text varchar, b_text varchar,
    started_text varchar, seconds_text varchar, answered boolean, omit_rule varchar, source_key varchar,
    record_key uuid
)
"""


PLACED_LINES = """
create table line as
select rowid + 1 as line_no, text, coalesce(sum(strlen(coalesce(text, '')) + $1)
    over (order by rowid rows between unbounded preceding and 1 preceding), 0)::bigint as byte_offset
from text_line
"""

BAD_LINES = """
create table bad as
select distinct line.line_no from reject
join line on line.byte_offset >= reject.line_byte_position - 1
    and line.byte_offset < reject.line_byte_position - 1 + greatest(strlen(reject.csv_line), 1)
where line.line_no > $1
"""

GOOD_LINES = """
create table good as
select line.* from line anti join bad using (line_no) where text is not null and line_no > $1 order by line_no
"""

PLACED_ROWS = """
create table placed as
select good.line_no, good.byte_offset, good.text as raw, fast.* from good positional join fast
"""

# The reader takes a line with one column too many where the last is empty, and shifts the others: count delimiters.
SHIFTED_LINES = """
insert into bad select line_no from placed
where length(raw) - length(replace(raw, $delimiter, '')) <> inside + $columns - 1
"""


@dataclass(slots=True)
class Decoded:
    """How the lines of a file were told apart, in numbers; and the rejected ones themselves."""

    lines: int
    headers: int = 0
    blank: int = 0
    continued: int = 0
    records: int = 0
    rejected: list[Suspended] = field(default_factory=list)

    @property
    def raw(self) -> int:
        """The records that the file holds, from the count of its lines."""
        return self.lines - self.headers - self.blank - self.continued


def decode(con: DuckDBPyConnection, job: LaneJob) -> Decoded:
    """Fill the table `event` from the job's file.

    Raises:
        FileMissing: the file is not there.
        FileChanged: the file was written to meanwhile.
        LineTooLong: a line is too long for a usage record.
        DoesNotBalance: a line is unaccounted for.
    """
    con.execute(EVENT_TABLE)
    intake = examine(job.file)
    decoded = Decoded(lines=intake.lines, headers=min(job.format.header_lines, intake.lines))
    if intake.lines:
        layout = main_layout(job.file, job.format)
        if not (intake.plain(job.format) and _fast(con, job, intake, layout, decoded)):
            _slow(con, job, layout, decoded)
    if job.file.stat().st_size != intake.size:
        raise FileChanged(f"{job.file.name} is still being written to; load it again when it has stopped growing.")
    _check(con, decoded)
    return decoded


def insert_records(
    con: DuckDBPyConnection, definition: FormatDefinition, found: Iterable[tuple[int, int, str, dict[str, str]]]
) -> None:
    """Add records (line number, offset, raw text, columns) that Python has read to the table `event`."""
    columns = definition.columns
    numbers, offsets, raws, rows = [], [], [], []
    for line_no, offset, raw, record in found:
        numbers.append(line_no)
        offsets.append(offset)
        raws.append(raw)
        rows.append([record.get(column, "") for column in columns])
    relation = con.sql(
        "select unnest($1::bigint[]) as line_no, unnest($2::bigint[]) as byte_offset, unnest($3::varchar[]) as raw, "
        "unnest($4::varchar[][]) as fields",
        params=[numbers, offsets, raws, rows],
    )
    places = {
        column: FunctionExpression("list_extract", ColumnExpression("fields"), ConstantExpression(place))
        for place, column in enumerate(columns, start=1)
    }
    _insert(relation, definition, places)


def _fast(con: DuckDBPyConnection, job: LaneJob, intake: Intake, layout: Layout, decoded: Decoded) -> bool:
    """Decode with the columnar reader; return False, with nothing done, where its result cannot be vouched for."""
    headers = decoded.headers
    try:
        _read_lines(con, job, intake)
        _read_columns(con, job, intake, layout)
    except InvalidInputException:
        return False
    con.execute(BAD_LINES, [headers])
    con.execute(GOOD_LINES, [headers])
    if number(con, "select count(*) from line") != intake.lines or not _vouched(con, job.format, layout):
        return False
    con.execute(PLACED_ROWS)
    con.execute("drop table fast; drop table good")
    con.execute(SHIFTED_LINES, {"delimiter": job.format.delimiter, "columns": len(layout.columns)})
    sound = con.sql("select placed.* from placed anti join bad using (line_no)")
    _insert(sound, job.format, {column: ColumnExpression(_safe(column)) for column in layout.columns})
    decoded.records = number(con, "select count(*) from event")
    decoded.blank = number(
        con, "select count(*) from line anti join bad using (line_no) where text is null and line_no > $1", [headers]
    )
    again = con.execute(
        "select line_no, byte_offset, coalesce(text, '') from line semi join bad using (line_no) order by 1"
    ).fetchall()
    lines = (Line(no, offset, text.encode(), intake.ended or no < intake.lines) for no, offset, text in again)
    _take(con, job.format, walk(lines, job.format, layout), decoded)
    con.execute("drop table placed; drop table bad; drop table line")
    return True


def _read_lines(con: DuckDBPyConnection, job: LaneJob, intake: Intake) -> None:
    """Fill the table `line`: each physical line as it stands, with its number and its place; a blank one is null."""
    text = con.read_csv(
        str(job.file),
        auto_detect=False,
        header=False,
        delimiter=NO_DELIMITER,
        quotechar="",
        escapechar="",
        comment="",
        columns={"text": "VARCHAR"},
        strict_mode=True,
        lineterminator=_terminator(intake),
        max_line_size=MAX_LINE,
    )
    text.create("text_line")
    con.execute(PLACED_LINES, [len(b"\r\n" if intake.pairs else b"\n")])
    con.execute("drop table text_line")


def _read_columns(con: DuckDBPyConnection, job: LaneJob, intake: Intake, layout: Layout) -> None:
    """Fill the table `fast` with the columns that the lane uses, in the order of the file, and `reject` with others.

    `inside` counts the delimiters within a row's fields; the rest of its line's delimiters must separate columns.
    """
    definition = job.format
    rows = con.read_csv(
        str(job.file),
        auto_detect=False,
        header=False,
        delimiter=definition.delimiter,
        quotechar=definition.quote,
        escapechar=definition.quote,
        comment="",
        skiprows=definition.header_lines,
        columns={_safe(column): "VARCHAR" for column in layout.columns},
        strict_mode=True,
        null_padding=False,
        store_rejects=True,
        rejects_table="reject",
        rejects_scan="reject_scan",
        rejects_limit=0,
        lineterminator=_terminator(intake),
        max_line_size=MAX_LINE,
    )
    whole = FunctionExpression("concat", *(ColumnExpression(_safe(column)) for column in layout.columns))
    bare = FunctionExpression("replace", whole, ConstantExpression(definition.delimiter), ConstantExpression(""))
    inside = FunctionExpression("length", whole) - FunctionExpression("length", bare)
    used = [_safe(column) for column in layout.columns if column in _used(definition)]
    texts = (_text(ColumnExpression(column)).alias(column) for column in used)
    rows.select(*texts, inside.alias("inside")).create("fast")


def _vouched(con: DuckDBPyConnection, definition: FormatDefinition, layout: Layout) -> bool:
    """Whether each row that the columnar reader accepted lies on the good line that its position says."""
    if number(con, "select count(*) from good") != number(con, "select count(*) from fast"):
        return False
    placed = con.sql("select good.text, fast.* from good positional join fast")
    for column in {definition.started, definition.b_number, definition.key[-1]}.intersection(layout.columns):
        found = FunctionExpression("contains", ColumnExpression("text"), ColumnExpression(_safe(column)))
        if placed.filter(~found).limit(1).fetchall():
            return False
    return True


def _slow(con: DuckDBPyConnection, job: LaneJob, layout: Layout, decoded: Decoded) -> None:
    """Decode the whole file line by line."""
    lines = islice(physical_lines(job.file), decoded.headers, None)
    _take(con, job.format, walk(lines, job.format, layout), decoded)


def _take(con: DuckDBPyConnection, definition: FormatDefinition, outcomes: Iterator[Outcome], decoded: Decoded) -> None:
    """Enter what became of each line, some thousands at a time."""
    while some := list(islice(outcomes, BATCH_OF_LINES)):
        found = [outcome for outcome in some if isinstance(outcome, Found)]
        insert_records(con, definition, ((it.line.number, it.line.offset, it.raw, it.record) for it in found))
        decoded.records += len(found)
        decoded.continued += sum(it.lines - 1 for it in found)
        decoded.blank += sum(isinstance(outcome, Blank) for outcome in some)
        decoded.rejected += [_rejected(outcome) for outcome in some if isinstance(outcome, Lost)]


def _rejected(lost: Lost) -> Suspended:
    """Return a line that no reading fits as a record for suspense."""
    return Suspended(
        line_no=lost.line.number,
        byte_offset=lost.line.offset,
        reason=Reason.UNDECODABLE,
        stage=Stage.DECODE,
        parsed={},
        raw=lost.raw,
    )


def _insert(relation: DuckDBPyRelation, definition: FormatDefinition, places: Mapping[str, Expression]) -> None:
    """Add rows to `event`: a format's own columns become the ones that every format has."""
    absent = ConstantExpression("")

    def column(name: str) -> Expression:
        return places.get(name, absent)

    key = [column(name) for name in definition.key]
    joined = FunctionExpression("concat_ws", ConstantExpression(KEY_SEPARATOR), *key)
    identifiers = (_filled(column(name)) for name in definition.identifiers)
    relation.select(
        *(ColumnExpression(name) for name in ("line_no", "byte_offset", "raw")),
        CoalesceOperator(*identifiers, absent),
        column(definition.a_number),
        column(definition.b_number),
        column(definition.started),
        column(definition.seconds),
        _meets(column(definition.answered.column), definition.answered),
        _omitted(definition, places),
        FunctionExpression("concat_ws", ConstantExpression(SHOWN_SEPARATOR), *key),
        FunctionExpression("md5", joined).cast("UUID"),
    ).insert_into("event")


def _omitted(definition: FormatDefinition, places: Mapping[str, Expression]) -> Expression:
    """Return the name of the first rule by which a record is filtered, or null."""
    nothing = ConstantExpression(None).cast("VARCHAR")
    named = [
        CaseExpression(_meets(places[rule.column], rule), ConstantExpression(rule.name)).otherwise(nothing)
        for rule in definition.omit
        if rule.column in places
    ]
    return CoalesceOperator(*named, nothing)


def _meets(value: Expression, rule: Rule) -> Expression:
    """Whether a column holds one of a rule's values."""
    return _text(value).isin(*(ConstantExpression(allowed) for allowed in rule.values))


def _filled(value: Expression) -> Expression:
    """Return a text without blanks around it, or null where nothing is left."""
    trimmed = FunctionExpression("trim", value)
    return CaseExpression(trimmed != ConstantExpression(""), trimmed)


def _text(value: Expression) -> Expression:
    """Return a column of the columnar reader as text: it reads an empty field as null."""
    return CoalesceOperator(value, ConstantExpression(""))


def _used(definition: FormatDefinition) -> set[str]:
    """Return the columns that any later stage looks at."""
    rules = (definition.answered, *definition.omit)
    roles = {definition.a_number, definition.b_number, definition.started, definition.seconds}
    return {*definition.identifiers, *roles, *definition.key, *(rule.column for rule in rules)}


def _safe(column: str) -> str:
    """Return a column's name beside the lane's own columns."""
    return f"field_{column}"


def _terminator(intake: Intake) -> CSVLineTerminator:
    """Return a file's line end in the reader's own words."""
    return CSVLineTerminator.CARRIAGE_RETURN_LINE_FEED if intake.pairs else CSVLineTerminator.LINE_FEED


def _check(con: DuckDBPyConnection, decoded: Decoded) -> None:
    """Refuse a decoding in which a record was lost or invented.

    Raises:
        DoesNotBalance: the records and the rejected lines are not what the count of line feeds says.
    """
    events = number(con, "select count(distinct line_no) from event")
    if not decoded.raw == decoded.records + len(decoded.rejected) or events != decoded.records:
        raise DoesNotBalance(
            f"The file holds {decoded.raw} records, but {events} were decoded and {len(decoded.rejected)} rejected; "
            "nothing was loaded. Keep the file and report it."
        )
