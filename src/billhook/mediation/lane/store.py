"""Stage six, store: immutable Parquet files, whole on disk before anyone may count on them.

A file is written under another name, forced to disk and renamed. It counts only once its batch's row is committed; what
a crash leaves behind is overwritten by the next run of the same part.
"""

import hashlib
import os
from pathlib import Path

from duckdb import DuckDBPyConnection

from billhook.mediation.lane.dedupe import ALGORITHM
from billhook.mediation.lane.engine import number
from billhook.mediation.lane.intake import CHUNK
from billhook.mediation.lane.job import LaneJob
from billhook.mediation.lane.result import LakeFile

LAYOUT_VERSION = "1"
ROWS_PER_GROUP = 20_480
"""Small enough that a drill-down into one order line reads little, a multiple of DuckDB's vector."""

RECORDS = """
copy (
    select $batch::bigint as batch, $part::integer as part, line_no, byte_offset, record_key, source_key,
        event_at at time zone 'UTC' as event_at, local_date, customer, order_line, product, card,
        version as card_version, prefix, destination as destination_name, a_number, b_number, seconds, billed_seconds,
        amount_units, $decimals::integer as decimals, $currency::varchar as currency, raw
    from rated order by order_line, rated.event_at, record_key
) to $path (format parquet, compression zstd, row_group_size $group_size, kv_metadata $about)
"""

KEYS = """
copy (
    select record_key, cast(event_at as date) as event_day
    from fresh semi join (select line_no from fate where bucket in ('rated', 'zero_rated')) as counted using (line_no)
    order by event_day, record_key
) to $path (format parquet, compression zstd, row_group_size $group_size, kv_metadata $about)
"""


def store_records(con: DuckDBPyConnection, job: LaneJob) -> LakeFile | None:
    """Write the rated records in total order of line, time and key; None where there are none."""
    settings = {"batch": job.batch, "part": job.part, "decimals": job.decimals, "currency": job.currency}
    return _store(con, job, "records", RECORDS, number(con, "select count(*) from rated"), settings)


def store_keys(con: DuckDBPyConnection, job: LaneJob) -> LakeFile | None:
    """Write the keys of every record that counts, by UTC day; None where there are none."""
    rows = number(con, "select count(*) from fate where bucket in ('rated', 'zero_rated')")
    return _store(con, job, "keys", KEYS, rows, {})


def _store(
    con: DuckDBPyConnection, job: LaneJob, kind: str, copy: str, rows: int, settings: dict[str, object]
) -> LakeFile | None:
    """Write one file of a part of a batch."""
    name = f"{job.batch:010d}-{job.part:04d}.parquet"
    target = job.lake / kind / name
    if not rows:
        target.unlink(missing_ok=True)
        return None
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{name}.part")
    about = {"billhook_layout": LAYOUT_VERSION, "billhook_record_key": ALGORITHM}
    con.execute(copy, {**settings, "path": str(draft), "group_size": ROWS_PER_GROUP, "about": about})
    _force(draft)
    draft.replace(target)
    _force(target.parent)
    return LakeFile(path=f"{kind}/{name}", rows=rows, sha256=_digest(target))


def _force(path: Path) -> None:
    """Force a file, or the names in a folder, to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
