"""Time bands: peak, off-peak and holidays by the local clock, and the cutting of calls over them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from billhook.core.calendar import day_start, local_date
from billhook.core.errors import Refusal
from billhook.core.period import ONE_DAY

HOLIDAY = 7
WORKDAYS = frozenset(range(5))
EVERY_DAY = frozenset(range(8))


class BandError(Refusal):
    """Bands that overlap or leave a gap, or a call that ends before it starts."""


class Split(StrEnum):
    """Which band prices usage that lasts over several."""

    BANDS = "bands"
    """Each band its own part: the default for voice."""
    BY_START = "by_start"
    """The band of the start all of it: the default for data and messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeBand:
    """A part of the day on some weekdays, from `start` up to, not including, `end` (None: midnight).

    Days are 0 for Monday to 6 for Sunday, and 7 for holidays.
    """

    name: str
    start: time = time.min
    end: time | None = None
    days: frozenset[int] = EVERY_DAY

    def __post_init__(self) -> None:
        """Refuse no days, days that do not exist, and an end before the start."""
        if not self.days or not self.days <= EVERY_DAY:
            raise BandError(f"The band {self.name} lies on the days {sorted(self.days)}; give some of 0 to 7.")
        if self.end is not None and self.end <= self.start:
            raise BandError(f"The band {self.name} ends at {self.end}, not after its start; cut it at midnight.")

    def contains(self, kind: int, clock: time) -> bool:
        """Return whether a time of day on a kind of day lies in it."""
        return kind in self.days and self.start <= clock and (self.end is None or clock < self.end)


@dataclass(frozen=True, slots=True)
class BandSpan:
    """The seconds of a call that lie in one band, from an instant."""

    band: TimeBand
    start: datetime
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BandCalendar:
    """Bands that cover every minute of every kind of day once, in a zone.

    Args:
        bands: where none names holidays, a holiday is like its weekday.
        holidays: dates that are holidays.
        zone: whose clock counts.
    """

    bands: tuple[TimeBand, ...]
    holidays: frozenset[date] = frozenset()
    zone: str = "UTC"

    def __post_init__(self) -> None:
        """Refuse a zone that does not exist, bands that overlap, and gaps between them, naming what is wrong."""
        local_date(datetime.min.replace(year=2, tzinfo=UTC), self.zone)
        for kind in sorted(EVERY_DAY):
            if kind != HOLIDAY or self._knows_holidays:
                _refuse_overlap_or_gap(kind, [band for band in self.bands if kind in band.days])

    @property
    def _knows_holidays(self) -> bool:
        return any(HOLIDAY in band.days for band in self.bands)

    def band_at(self, at: datetime) -> TimeBand:
        """Return the band of an instant."""
        local = at.astimezone(ZoneInfo(self.zone))
        is_holiday = self._knows_holidays and local.date() in self.holidays
        kind = HOLIDAY if is_holiday else local.weekday()
        return next(band for band in self.bands if band.contains(kind, local.time()))

    def split(self, start: datetime, seconds: int) -> tuple[BandSpan, ...]:
        """Cut a call where the band changes; the parts are contiguous and last as long as the call.

        Args:
            start: an instant.
            seconds: whole seconds, at least 0; a day may have 23 or 25 hours of them.

        Raises:
            BandError: the call lasts less than nothing.
        """
        end = start + timedelta(seconds=seconds)
        spans: list[BandSpan] = []
        for first, following in pairwise([start, *self._cuts(start, end), end]):
            band, length = self.band_at(first), int((following - first).total_seconds())
            if spans and spans[-1].band == band:
                spans[-1] = BandSpan(band, spans[-1].start, spans[-1].seconds + length)
            else:
                spans.append(BandSpan(band, first, length))
        return tuple(spans)

    def _cuts(self, start: datetime, end: datetime) -> list[datetime]:
        """Return the instants inside a call at which a band may change, in order."""
        if end < start:
            raise BandError(f"A call from {start} to {end} ends before it starts; correct the record.")
        found: set[datetime] = set()
        day = local_date(start, self.zone)
        while day <= local_date(end, self.zone):
            found.update(self._cuts_of(day))
            day += ONE_DAY
        return sorted(cut for cut in found if start < cut < end)

    def _cuts_of(self, day: date) -> Iterator[datetime]:
        """Yield the instants of a day at which a band may start: twice where the clock shows a time twice."""
        yield day_start(day, self.zone)
        zone = ZoneInfo(self.zone)
        for band in self.bands:
            local = datetime.combine(day, band.start, zone)
            yield local.astimezone(UTC)
            yield local.replace(fold=1).astimezone(UTC)
        changed = self._clock_change(day_start(day, self.zone), day_start(day + ONE_DAY, self.zone))
        if changed:
            yield changed

    def _clock_change(self, low: datetime, high: datetime) -> datetime | None:
        """Return the second between two instants at which the clock is put forward or back, or None."""
        zone = ZoneInfo(self.zone)
        before = low.astimezone(zone).utcoffset()
        if before == high.astimezone(zone).utcoffset():
            return None
        while high - low > timedelta(seconds=1):
            middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
            low, high = (middle, high) if middle.astimezone(zone).utcoffset() == before else (low, middle)
        return high


def always(name: str = "any time") -> BandCalendar:
    """Return a calendar of one band without end."""
    return BandCalendar(bands=(TimeBand(name=name),))


def split_at(start: datetime, seconds: int, cuts: Iterable[datetime]) -> tuple[int, ...]:
    """Return the lengths, in seconds, of the parts into which instants cut a call."""
    end = start + timedelta(seconds=seconds)
    inside = sorted({cut for cut in cuts if start < cut < end})
    return tuple(int((later - earlier).total_seconds()) for earlier, later in pairwise([start, *inside, end]))


def _refuse_overlap_or_gap(kind: int, bands: Sequence[TimeBand]) -> None:
    """Refuse bands of one kind of day that do not follow each other from midnight to midnight."""
    ordered = sorted(bands, key=lambda band: band.start)
    if not ordered or ordered[0].start != time.min or ordered[-1].end is not None:
        raise BandError(f"No band covers all of day {kind}; let the bands run from midnight to midnight.")
    for earlier, later in pairwise(ordered):
        if earlier.end is None or later.start < earlier.end:
            raise BandError(f"The bands {earlier.name} and {later.name} overlap on day {kind}; end one before.")
        if later.start > earlier.end:
            raise BandError(f"Between the bands {earlier.name} and {later.name} day {kind} has a gap; close it.")
