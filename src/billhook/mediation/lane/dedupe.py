"""Stage three, dedupe: a record counts once, however often and in whatever order it arrives.

The record key is 128 bits of MD5 over the format's key fields joined by NUL, which no field can hold; the same on every
machine. Within a file the lowest line stays; against history, the keys of earlier batches are probed with the new ones.
"""

from duckdb import DuckDBPyConnection

from billhook.mediation.lane.errors import FileMissing
from billhook.mediation.lane.job import LaneJob

ALGORITHM = "md5-128 of the format's key fields joined by NUL"

CANDIDATE = """
create table candidate as
select line_no, record_key, row_number() over (partition by record_key order by line_no) > 1 as again
from normal where verdict is null and omit_rule is null
"""

# The new keys are the build side: history may be a hundred times as long.
KNOWN = """
create table known_key as
select distinct past.record_key from read_parquet($1) as past semi join candidate using (record_key)
"""

FATE = """
create table fate as
select line_no, 'filtered' as bucket, omit_rule as rule, 'normalise' as stage from normal where omit_rule is not null
union all
select line_no, 'suspended', verdict, 'normalise' from normal where omit_rule is null and verdict is not null
union all
select line_no, 'duplicate', case when again then 'in_file' else 'in_history' end, 'dedupe'
from candidate left join known_key using (record_key) where again or known_key.record_key is not null
"""

FRESH = "create table fresh as select normal.* from normal anti join fate using (line_no)"

ZERO_RATED = """
insert into fate select line_no, 'zero_rated', free_rule, 'dedupe' from fresh where free_rule is not null
"""


def dedupe(con: DuckDBPyConnection, job: LaneJob) -> None:
    """Fill `fresh` with the records that count, and begin `fate`: where each of the others ended, and why.

    Raises:
        FileMissing: a key file of history is not there; without it a record might be billed twice.
    """
    for path in job.history:
        if not path.is_file():
            raise FileMissing(f"The key file {path.name} of an earlier batch is missing; restore it from a backup.")
    con.execute(CANDIDATE)
    if job.history:
        con.execute(KNOWN, [[str(path) for path in job.history]])
    else:
        con.execute("create table known_key (record_key uuid)")
    con.execute(FATE)
    con.execute(FRESH)
    con.execute(ZERO_RATED)
    con.execute("drop table candidate; drop table known_key")
