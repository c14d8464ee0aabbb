"""One DuckDB connection for one run of the lane."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection

from billhook.mediation.lane.job import LaneJob


@contextmanager
def engine(job: LaneJob) -> Iterator[DuckDBPyConnection]:
    """Give a connection in memory that keeps the order of rows, works in UTC and fetches nothing from a network."""
    spill = job.lake / ".spill" / f"{job.batch}-{job.part}"
    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": job.threads,
        "memory_limit": job.memory,
        "temp_directory": str(spill),
        "preserve_insertion_order": True,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    with duckdb.connect(":memory:", config=settings) as con:
        con.execute("set TimeZone = 'UTC'")
        yield con


def number(con: DuckDBPyConnection, query: str, parameters: object = None) -> int:
    """Return the one whole number that a query gives; an empty sum is 0."""
    return int(one_row(con, query, parameters)[0] or 0)


def one_row(con: DuckDBPyConnection, query: str, parameters: object = None) -> tuple[Any, ...]:
    """Return the one row that an aggregate gives; the connection is free again afterwards."""
    (row,) = con.execute(query, parameters).fetchall()
    return tuple(row)
