"""Tables of offsets say what the zone itself says, at any moment."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from billhook.mediation.lane.zones import EVER, NEVER, utc_offsets, wall_offsets

ZONES = ["UTC", "Europe/Amsterdam", "America/New_York", "Africa/Casablanca", "Australia/Lord_Howe", "Asia/Kathmandu"]
FIRST, LAST = datetime(2024, 12, 1), datetime(2026, 12, 31)  # noqa: DTZ001
MOMENTS = st.datetimes(FIRST, LAST).map(lambda moment: moment.replace(microsecond=0))
TABLES = {
    zone: (utc_offsets(zone, first=FIRST, last=LAST), wall_offsets(zone, first=FIRST, last=LAST)) for zone in ZONES
}


def at(offsets, moment):
    (found,) = [offset.seconds for offset in offsets if offset.start <= moment < offset.end]
    return timedelta(seconds=found)


@settings(max_examples=300)
@given(st.sampled_from(ZONES), MOMENTS)
def test_any_moment_has_the_zones_own_offset(zone, moment):
    by_utc, by_wall = TABLES[zone]
    assert at(by_utc, moment) == moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).utcoffset()
    assert at(by_wall, moment) == moment.replace(tzinfo=ZoneInfo(zone), fold=0).utcoffset()


def test_every_change_of_clocks_is_found_to_the_second():
    changes = [offset.start for offset in utc_offsets("Europe/Amsterdam", first=FIRST, last=LAST)][1:]
    assert datetime(2026, 3, 29, 1) in changes  # noqa: DTZ001
    assert datetime(2026, 10, 25, 1) in changes  # noqa: DTZ001


def test_the_stretches_leave_no_gap():
    for tables in TABLES.values():
        for offsets in tables:
            assert (offsets[0].start, offsets[-1].end) == (EVER, NEVER)
            assert all(one.end == other.start for one, other in pairwise(offsets))
