"""What the lane needs to know to work through one file: the file, its format, who is who, and the prices."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from billhook.mediation.formats import FormatDefinition, check_zone
from billhook.mediation.lane.errors import UnsoundJob

MAX_DECIMALS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideRow:
    """Whose service an identifier is for some time, and how its calls are priced.

    Args:
        zone: the customer's time zone; it decides the local date of a call.
        valid_from: first instant, inclusive.
        valid_to: end, exclusive; None while it lasts.
    """

    identifier: str
    customer: str
    order_line: str
    product: str
    card: str
    zone: str
    valid_from: datetime
    valid_to: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRow:
    """The price of one prefix in one version of a rate card.

    Args:
        price_per_minute: decimal text, at most 12 decimals, in the job's currency.
        connection_fee: decimal text, charged once a call.
        first: seconds that are billed whole at the start of a call.
        next: seconds of each further increment.
        minimum: a shorter call is billed as if it lasted this many seconds.
        minimum_charge: decimal text; a call costs at least this, its connection fee included.
        valid_from: first local date, inclusive.
        valid_to: end, exclusive; None while it lasts.
    """

    card: str
    version: str
    prefix: str
    destination: str
    price_per_minute: str
    connection_fee: str = "0"
    first: int = 1
    next: int = 1
    minimum: int = 0
    minimum_charge: str = "0"
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberPlan:
    """How a switch writes numbers: what stands before an international and before a national one.

    Args:
        country_code: the calling code of national numbers; None where the switch writes none.
        international: what is dialled before a calling code.
        national: what is dialled before an area code.
    """

    country_code: str | None = None
    international: str = "00"
    national: str = "0"


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneJob:
    """One part of one batch: a usage file and everything that its records are judged by.

    Args:
        file: the original; it is read, never changed.
        source_zone: the zone of the file's times where the format names none.
        part: 1 for the file itself, more for each recycling.
        lake: the folder under which rated records and record keys are kept.
        decimals: the record decimals; each record's amount is rounded once to them, half up.
        history: key files of earlier batches and parts; a record whose key is there is a duplicate.
        now: an event that starts later is suspended.
        late_limit: an event whose local date is earlier is suspended; None accepts any age.
        threads: how many threads DuckDB may use.
        memory: how much memory DuckDB may use before it spills to disk.
    """

    file: Path
    format: FormatDefinition
    source_zone: str
    batch: int
    part: int = 1
    lake: Path
    guide: tuple[GuideRow, ...]
    cards: tuple[CardRow, ...]
    currency: str
    decimals: int = 6
    history: tuple[Path, ...] = ()
    now: datetime
    late_limit: date | None = None
    numbers: NumberPlan = NumberPlan()
    threads: int = 2
    memory: str = "2GB"

    def __post_init__(self) -> None:
        """Refuse a job that could not be done as asked."""
        if self.now.tzinfo is None:
            raise UnsoundJob("The job's time has no zone; pass an instant in UTC.")
        if not 0 <= self.decimals <= MAX_DECIMALS:
            raise UnsoundJob(f"A record cannot have {self.decimals} decimals; choose 0 to {MAX_DECIMALS}.")
        if self.batch < 1 or self.part < 1:
            raise UnsoundJob("Batches and their parts are numbered from 1.")
        for zone in {self.zone, *(row.zone for row in self.guide)}:
            check_zone(zone)

    @property
    def zone(self) -> str:
        """The zone of the times in the file: the format's own, else the source's."""
        return self.format.zone or self.source_zone
