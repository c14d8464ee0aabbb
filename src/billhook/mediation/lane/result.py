"""What the lane hands back: where every record ended, the charges, and what waits in suspense."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Self


class Bucket(StrEnum):
    """Where a decoded record ends; each ends in exactly one."""

    RATED = "rated"
    METERED = "metered"
    ZERO_RATED = "zero_rated"
    FILTERED = "filtered"
    DUPLICATE = "duplicate"
    ABSORBED = "absorbed"
    HELD = "held"
    SUSPENDED = "suspended"


class Stage(StrEnum):
    """The stage at which a record was suspended."""

    DECODE = "decode"
    NORMALISE = "normalise"
    GUIDE = "guide"
    RATE = "rate"


class Reason(StrEnum):
    """Why a record waits in suspense."""

    UNDECODABLE = "undecodable"
    BAD_TIME = "bad_time"
    BAD_SECONDS = "bad_seconds"
    NEGATIVE_SECONDS = "negative_seconds"
    BAD_NUMBER = "bad_number"
    FUTURE = "future"
    TOO_LATE = "too_late"
    UNKNOWN_CUSTOMER = "unknown_customer"
    NO_ACTIVE_LINE = "no_active_line"
    UNKNOWN_PREFIX = "unknown_prefix"
    AMOUNT_TOO_LARGE = "amount_too_large"


@dataclass(frozen=True, slots=True)
class Tally:
    """A number of records and the seconds known of them; a record of unknown or negative length counts 0 seconds."""

    records: int = 0
    seconds: int = 0

    def __add__(self, other: Self) -> Self:
        """Return the sum."""
        return type(self)(self.records + other.records, self.seconds + other.seconds)

    def __sub__(self, other: Self) -> Self:
        """Return the difference, which is negative where a record left."""
        return type(self)(self.records - other.records, self.seconds - other.seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The two balances of a batch; of a recycled part, the movements (which may be negative) within its batch.

    Args:
        raw: records as the file holds them: its lines less headers, blank lines and continued lines.
        decoded_sources: raw records that could be read.
        rejected: raw records that could not; they wait in suspense as `undecodable`.
        decoded: what the readable ones gave.
    """

    raw: int = 0
    decoded_sources: int = 0
    rejected: int = 0
    decoded: Tally = Tally()
    rated: Tally = Tally()
    metered: Tally = Tally()
    zero_rated: Tally = Tally()
    filtered: Tally = Tally()
    duplicate: Tally = Tally()
    absorbed: Tally = Tally()
    held: Tally = Tally()
    suspended: Tally = Tally()

    @property
    def ended(self) -> Tally:
        """The sum of all buckets; it must equal `decoded`."""
        return sum((self.bucket(bucket) for bucket in Bucket), Tally())

    def moved(self, decoded: Tally, ended: Mapping[Bucket, Tally]) -> Self:
        """Return the counts with further records decoded and ended in their buckets."""
        return replace(
            self,
            decoded=self.decoded + decoded,
            rated=self.rated + ended[Bucket.RATED],
            metered=self.metered + ended[Bucket.METERED],
            zero_rated=self.zero_rated + ended[Bucket.ZERO_RATED],
            filtered=self.filtered + ended[Bucket.FILTERED],
            duplicate=self.duplicate + ended[Bucket.DUPLICATE],
            absorbed=self.absorbed + ended[Bucket.ABSORBED],
            held=self.held + ended[Bucket.HELD],
            suspended=self.suspended + ended[Bucket.SUSPENDED],
        )

    def bucket(self, bucket: Bucket) -> Tally:
        """Return what ended in one bucket."""
        tally: Tally = getattr(self, bucket.value)
        return tally


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How many records ended in a bucket for one named rule or reason."""

    bucket: Bucket
    rule: str
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeRow:
    """What one order line owes for the calls of one local day at one price version; exact, never rounded again.

    Args:
        quantity_seconds: as used.
        billed_seconds: after minimum and increments.
        amount_units: the amount in units of 10^-(record decimals) of the job's currency.
    """

    order_line: str
    customer: str
    card_version: str
    product: str
    local_date: date
    records: int
    quantity_seconds: int
    billed_seconds: int
    amount_units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspended:
    """A record that waits for a hand: where it stands, why, and what could be read of it.

    Args:
        line_no: its first physical line in the original, from 1.
        byte_offset: where that line begins, from 0.
        stage: `decode` for one that was rejected; it is counted as rejected, not as suspended.
        parsed: column to text, to be mended and recycled; empty where nothing could be read.
        raw: the line as text; bytes foreign to the encoding are shown as escapes.
        seconds: what its batch counts for it in the control sum.
    """

    line_no: int
    byte_offset: int
    reason: Reason
    stage: Stage
    parsed: Mapping[str, str]
    raw: str
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class LakeFile:
    """An immutable file in the lake.

    Args:
        path: relative to the lake, so that the lake can be moved.
        rows: how many rows it holds.
        sha256: of its bytes, in hexadecimal.
    """

    path: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneResult:
    """Everything that one transaction must write to make a part of a batch count.

    Args:
        charges: in order of line, date, version, product and customer.
        suspended: rejected and suspended records in order of line number.
        records: the file of rated records; None where none was rated.
        keys: the file of record keys for later duplicates; None where there are none.
        first_event: start of the earliest dated record; None where none has a date.
        last_event: start of the latest.
    """

    counts: Counts
    by_rule: tuple[RuleCount, ...]
    charges: tuple[ChargeRow, ...]
    suspended: tuple[Suspended, ...]
    records: LakeFile | None
    keys: LakeFile | None
    first_event: datetime | None
    last_event: datetime | None

    @property
    def files(self) -> tuple[LakeFile, ...]:
        """The files that were written."""
        return tuple(file for file in (self.records, self.keys) if file is not None)

    @property
    def amount_units(self) -> int:
        """The sum of all charges, the control sum of money."""
        return sum(charge.amount_units for charge in self.charges)
