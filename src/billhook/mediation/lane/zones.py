"""Zones as tables of offsets, so that a column of times is turned by one join and by the same rules as core's.

DuckDB's own conversion is not used: it reads a repeated hour as its second occurrence and carries its own copy of the
zone data.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

EVER = datetime(1, 1, 1)  # noqa: DTZ001 - wall times and UTC columns are naive here
NEVER = datetime(9999, 12, 31)  # noqa: DTZ001
_DAY = timedelta(days=1)
_EDGE = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Offset:
    """Seconds east of UTC for a stretch of naive time, half-open."""

    start: datetime
    end: datetime
    seconds: int


@dataclass(frozen=True, slots=True)
class _Change:
    """A change of a zone's offset at a naive UTC time."""

    at: datetime
    before: int
    after: int


def utc_offsets(zone: str, *, first: datetime, last: datetime) -> tuple[Offset, ...]:
    """Return the offsets by naive UTC time; exact for instants from first to last, both inclusive."""
    return _stretches(zone, first, last, lambda change: change.at)


def wall_offsets(zone: str, *, first: datetime, last: datetime) -> tuple[Offset, ...]:
    """Return the offsets by naive local time; exact for local times from first to last, both inclusive.

    A local time that occurs twice counts as its first occurrence; one that is skipped is read with the offset before.
    """
    return _stretches(zone, first, last, lambda it: it.at + timedelta(seconds=max(it.before, it.after)))


def _stretches(
    zone: str, first: datetime, last: datetime, boundary: Callable[[_Change], datetime]
) -> tuple[Offset, ...]:
    """Return the stretches between changes, the first and the last without end."""
    info = ZoneInfo(zone)
    start, end = _naive(first) - _EDGE, _naive(last) + _EDGE
    changes = tuple(_changes(info, start, end))
    edges = (EVER, *(boundary(change) for change in changes), NEVER)
    seconds = (_offset(info, start), *(change.after for change in changes))
    return tuple(Offset(*edge, offset) for edge, offset in zip(pairwise(edges), seconds, strict=True))


def _changes(info: ZoneInfo, start: datetime, end: datetime) -> Iterator[_Change]:
    """Yield each change of offset between two naive UTC times, found to the second."""
    at = start
    while at < end:
        upto = at + _DAY
        if (before := _offset(info, at)) != (after := _offset(info, upto)):
            yield _Change(_bisect(info, at, upto), before, after)
        at = upto


def _bisect(info: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """Return the first second at which the offset is no longer that of `low`."""
    before, low_second, high_second = _offset(info, low), 0, int((high - low).total_seconds())
    while high_second - low_second > 1:
        middle = (low_second + high_second) // 2
        if _offset(info, low + timedelta(seconds=middle)) == before:
            low_second = middle
        else:
            high_second = middle
    return low + timedelta(seconds=high_second)


def _offset(info: ZoneInfo, utc: datetime) -> int:
    """Return the zone's offset in seconds at a naive UTC time."""
    offset = utc.replace(tzinfo=UTC).astimezone(info).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def _naive(instant: datetime) -> datetime:
    """Return an instant as naive UTC in whole seconds; a naive one is taken as it is."""
    return (instant.astimezone(UTC) if instant.tzinfo else instant).replace(tzinfo=None, microsecond=0)
