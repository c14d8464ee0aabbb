"""The stages in their order: for a whole file, and for mended records of one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from duckdb import DuckDBPyConnection

from billhook.mediation.formats import FormatDefinition
from billhook.mediation.lane import reconcile, slow
from billhook.mediation.lane.decode import EVENT_TABLE, decode, insert_records
from billhook.mediation.lane.dedupe import dedupe
from billhook.mediation.lane.engine import engine, one_row
from billhook.mediation.lane.errors import UnsoundJob
from billhook.mediation.lane.guide import guide
from billhook.mediation.lane.job import LaneJob
from billhook.mediation.lane.normalise import normalise
from billhook.mediation.lane.rate import rate
from billhook.mediation.lane.result import Counts, LaneResult, Reason, Stage, Suspended, Tally
from billhook.mediation.lane.store import store_keys, store_records

SUSPENDED = """
select line_no, byte_offset, fate.rule, fate.stage, raw, known
from fate join normal using (line_no) where bucket = 'suspended' order by line_no
"""

SPAN = """
select min(event_at), max(event_at)
from normal anti join (select line_no from fate where bucket = 'suspended') as waiting using (line_no)
"""


def run(job: LaneJob) -> LaneResult:
    """Work through a file and return what one transaction must write to make it count.

    The same file and job give the same result on every machine; files of an earlier, unfinished run are overwritten.

    Raises:
        LaneRefusal: the file, the job or the balance is unsound; nothing counts.
    """
    with engine(job) as con:
        decoded = decode(con, job)
        _stages(con, job)
        start = Counts(raw=decoded.raw, decoded_sources=decoded.records, rejected=len(decoded.rejected))
        suspended = [*decoded.rejected, *_suspended(con, job.format)]
        return _result(con, job, start, sorted(suspended, key=lambda record: record.line_no))


def recycle(job: LaneJob, records: Sequence[Suspended]) -> LaneResult:
    """Take mended records from suspense through every stage after decoding, as a new part of their batch.

    Args:
        job: of the batch, with a part of its own, and among its history the key files of the batch's earlier parts.
        records: as they were suspended, with `parsed` mended.

    Returns:
        A result whose counts are movements within the batch: they balance by themselves and are added to its counts.

    Raises:
        LaneRefusal: the records, the job or the balance is unsound; nothing counts.
    """
    _check_recycled(job, records)
    rejected = sum(record.stage is Stage.DECODE for record in records)
    before = sum((Tally(1, record.seconds) for record in records if record.stage is not Stage.DECODE), Tally())
    with engine(job) as con:
        con.execute(EVENT_TABLE)
        insert_records(con, job.format, ((it.line_no, it.byte_offset, it.raw, dict(it.parsed)) for it in records))
        _stages(con, job)
        left = Tally() - before
        start = Counts(decoded_sources=rejected, rejected=-rejected, decoded=left, suspended=left)
        parsed = {record.line_no: record.parsed for record in records}
        suspended = [replace(it, parsed=parsed[it.line_no]) for it in _suspended(con, job.format)]
        return _result(con, job, start, suspended)


def _stages(con: DuckDBPyConnection, job: LaneJob) -> None:
    """Take every decoded record to its end."""
    normalise(con, job)
    dedupe(con, job)
    guide(con, job)
    rate(con, job)


def _result(con: DuckDBPyConnection, job: LaneJob, start: Counts, suspended: Sequence[Suspended]) -> LaneResult:
    """Reconcile, then store: nothing is written that does not balance."""
    by_rule = reconcile.rules(con)
    counts = start.moved(reconcile.decoded(con), reconcile.bucketed(by_rule))
    charges = reconcile.charges(con)
    reconcile.reconcile(con, counts, charges)
    first, last = _span(con)
    return LaneResult(
        counts=counts,
        by_rule=by_rule,
        charges=charges,
        suspended=tuple(suspended),
        records=store_records(con, job),
        keys=store_keys(con, job),
        first_event=first,
        last_event=last,
    )


def _suspended(con: DuckDBPyConnection, definition: FormatDefinition) -> list[Suspended]:
    """Return the decoded records that wait for a hand, read once more for all their columns."""
    return [
        Suspended(
            line_no=line_no,
            byte_offset=byte_offset,
            reason=Reason(reason),
            stage=Stage(stage),
            parsed=slow.read(raw.encode(definition.encoding), definition) or {},
            raw=raw,
            seconds=known,
        )
        for line_no, byte_offset, reason, stage, raw, known in con.execute(SUSPENDED).fetchall()
    ]


def _span(con: DuckDBPyConnection) -> tuple[datetime | None, datetime | None]:
    """Return the first and the last start of the records that were not suspended."""
    first, last = one_row(con, SPAN)
    return (first and first.replace(tzinfo=UTC), last and last.replace(tzinfo=UTC))


def _check_recycled(job: LaneJob, records: Sequence[Suspended]) -> None:
    """Refuse a recycling that would overwrite the first part or count a record twice."""
    if job.part == 1:
        raise UnsoundJob("Recycled records need a part of their own; part 1 is the file itself.")
    if len({record.line_no for record in records}) < len(records):
        raise UnsoundJob("A record is recycled twice at once; pass each line once.")
    for record in records:
        if not record.parsed:
            raise UnsoundJob(f"Line {record.line_no} has no fields yet; fill them in before it is recycled.")
