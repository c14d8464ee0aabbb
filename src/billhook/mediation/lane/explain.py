"""The way back: from an order line to its rated records, and from a record to the bytes it came from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import duckdb

from billhook.mediation.lane.errors import FileMissing
from billhook.mediation.lane.intake import MAX_LINE

RECORDS = """
select batch, part, line_no, byte_offset, record_key, source_key, event_at, local_date, customer, order_line, product,
    card, card_version, prefix, destination_name, a_number, b_number, seconds, billed_seconds, amount_units, decimals,
    currency, raw
from read_parquet($files)
where order_line = $order_line and local_date >= $first and local_date <= $last
order by event_at, record_key limit $limit
"""


@dataclass(frozen=True, slots=True)
class RatedRecord:
    """One rated call as the lake keeps it, in the lake's own order of columns."""

    batch: int
    part: int
    line_no: int
    byte_offset: int
    record_key: UUID
    source_key: str
    event_at: datetime
    local_date: date
    customer: str
    order_line: str
    product: str
    card: str
    card_version: str
    prefix: str
    destination_name: str
    a_number: str
    b_number: str
    seconds: int
    billed_seconds: int
    amount_units: int
    decimals: int
    currency: str
    raw: str

    @property
    def amount(self) -> Decimal:
        """The exact amount in `currency`."""
        return Decimal(self.amount_units).scaleb(-self.decimals)


def records(
    lake: Path, files: Sequence[str], *, order_line: str, first: date, last: date, limit: int
) -> tuple[RatedRecord, ...]:
    """Return an order line's rated records between two local dates, both inclusive, in order of time.

    Args:
        lake: the folder of the lake.
        files: the record files of the batches that count, relative to the lake.
        order_line: the key of the order line.
        first: the earliest local date, inclusive.
        last: the latest, inclusive.
        limit: at most so many.

    Raises:
        FileMissing: one of the files is not in the lake.
    """
    paths = [lake / file for file in files]
    for path in paths:
        if not path.is_file():
            raise FileMissing(f"The file {path.name} of rated records is missing; restore it from a backup.")
    if not paths:
        return ()
    asked = {"order_line": order_line, "first": first, "last": last, "limit": limit}
    with duckdb.connect(":memory:", config={"threads": 1}) as con:
        con.execute("set TimeZone = 'UTC'")
        rows = con.execute(RECORDS, {"files": [str(path) for path in paths], **asked}).fetchall()
    return tuple(RatedRecord(*row) for row in rows)


def raw_line(path: Path, offset: int) -> bytes:
    """Return the physical line of the original that begins at a byte offset, without its line end.

    Raises:
        FileMissing: the original is not there, or is shorter than that.
    """
    if not path.is_file() or path.stat().st_size <= offset:
        raise FileMissing(f"The original {path.name} is missing or cut short; restore it from a backup.")
    with path.open("rb") as file:
        file.seek(offset)
        return file.readline(MAX_LINE).removesuffix(b"\n").removesuffix(b"\r")
