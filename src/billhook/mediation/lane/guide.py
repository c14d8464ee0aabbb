"""Stage four, guide: whose call it is, and on which order line, at the call's own time."""

from datetime import timedelta
from itertools import pairwise

from duckdb import DuckDBPyConnection

from billhook.mediation.lane.engine import one_row
from billhook.mediation.lane.errors import UnsoundJob
from billhook.mediation.lane.job import GuideRow, LaneJob
from billhook.mediation.lane.normalise import OLDEST, naive
from billhook.mediation.lane.zones import NEVER, Offset, utc_offsets

GUIDE_TABLES = """
create table guide (
    identifier varchar, customer varchar, order_line varchar, product varchar, card varchar, zone varchar,
    valid_from timestamp, valid_to timestamp
);
create table local_offset (zone varchar, start timestamp, until timestamp, seconds bigint)
"""

# A call finds its row by identifier and instant; rows of one identifier do not overlap, so it finds one at most.
GUIDED = """
create table guided as
select fresh.*, guide.customer, guide.order_line, guide.product, guide.card,
    cast(event_at + to_seconds(local_offset.seconds) as date) as local_date,
    case when guide.customer is not null then null
        when fresh.identifier in (select identifier from guide) then 'no_active_line'
        else 'unknown_customer' end as verdict_guide
from fresh
left join guide on guide.identifier = fresh.identifier
    and event_at >= guide.valid_from and event_at < guide.valid_to
left join local_offset on local_offset.zone = guide.zone
    and event_at >= local_offset.start and event_at < local_offset.until
where free_rule is null
"""

LATE = """
update guided set verdict_guide = 'too_late' where verdict_guide is null and local_date < $1
"""

FATE = """
insert into fate select line_no, 'suspended', verdict_guide, 'guide' from guided where verdict_guide is not null
"""


def guide(con: DuckDBPyConnection, job: LaneJob) -> None:
    """Fill `guided` with every chargeable record, its customer, order line and local date.

    Raises:
        UnsoundJob: two rows claim one identifier for the same time.
    """
    rows = sorted(job.guide, key=lambda row: (row.identifier, row.valid_from))
    _check(rows)
    con.execute(GUIDE_TABLES)
    _load(con, rows)
    _offsets(con, job, sorted({row.zone for row in rows}))
    con.execute(GUIDED)
    if job.late_limit is not None:
        con.execute(LATE, [job.late_limit])
    con.execute(FATE)
    con.execute("drop table guide; drop table local_offset")


def _check(rows: list[GuideRow]) -> None:
    """Refuse rows that leave open whose call it is; they come in order of identifier and start."""
    for row in rows:
        if row.valid_from.tzinfo is None or (row.valid_to is not None and row.valid_to.tzinfo is None):
            raise UnsoundJob(f"The dates of {row.identifier} have no zone; pass instants in UTC.")
    for one, other in pairwise(rows):
        if one.identifier == other.identifier and (one.valid_to is None or one.valid_to > other.valid_from):
            raise UnsoundJob(
                f"{one.identifier} belongs to {one.order_line} of {one.customer} and to {other.order_line} of "
                f"{other.customer} at the same time; end one of them before the other begins."
            )


def _load(con: DuckDBPyConnection, rows: list[GuideRow]) -> None:
    """Fill the table `guide`."""
    con.execute(
        "insert into guide select unnest($1::varchar[]), unnest($2::varchar[]), unnest($3::varchar[]), "
        "unnest($4::varchar[]), unnest($5::varchar[]), unnest($6::varchar[]), unnest($7::timestamp[]), "
        "unnest($8::timestamp[])",
        [
            [row.identifier for row in rows],
            [row.customer for row in rows],
            [row.order_line for row in rows],
            [row.product for row in rows],
            [row.card for row in rows],
            [row.zone for row in rows],
            [naive(row.valid_from) for row in rows],
            [naive(row.valid_to) if row.valid_to else NEVER for row in rows],
        ],
    )


def _offsets(con: DuckDBPyConnection, job: LaneJob, zones: list[str]) -> None:
    """Fill the table `local_offset`: each customer zone's offsets for as long as the events reach."""
    latest = naive(job.now) + timedelta(days=1)
    (first,) = one_row(con, "select min(event_at) from fresh")
    oldest = max(OLDEST, first or latest)
    rows: list[tuple[str, Offset]] = [
        (zone, offset) for zone in zones for offset in utc_offsets(zone, first=oldest, last=latest)
    ]
    con.execute(
        "insert into local_offset select unnest($1::varchar[]), unnest($2::timestamp[]), unnest($3::timestamp[]), "
        "unnest($4::bigint[])",
        [
            [zone for zone, _ in rows],
            [offset.start for _, offset in rows],
            [offset.end for _, offset in rows],
            [offset.seconds for _, offset in rows],
        ],
    )
