"""Periods, cadences, calendars and proration."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billhook.core import calendar
from billhook.core.cadence import Cadence, CadenceError, CadenceUnit, anchor_on
from billhook.core.calendar import BusinessCalendar, CalendarError, Roll, Terms, TermsBase, due_date
from billhook.core.period import Period, PeriodError, hull
from billhook.core.proration import Basis, ProrationError, prorate

MONTH = Cadence(CadenceUnit.MONTH)
YEAR = Cadence(CadenceUnit.YEAR)
QUARTER = Cadence(CadenceUnit.MONTH, 3)
SEMI_MONTH = Cadence(CadenceUnit.SEMI_MONTH)
DATES = st.dates(date(2000, 1, 1), date(2060, 12, 31))
CADENCES = st.builds(Cadence, st.sampled_from(CadenceUnit), st.integers(1, 14))


def day(text: str) -> date:
    """Return a date from its ISO text."""
    return date.fromisoformat(text)


def period(start: str, end: str) -> Period:
    """Return a period from the ISO texts of its ends."""
    return Period(day(start), day(end))


@st.composite
def periods(draw: st.DrawFn) -> Period:
    """Draw a period of up to two years, with at least one day."""
    start = draw(DATES)
    return Period(start, start + timedelta(days=draw(st.integers(1, 730))))


def test_a_period_ends_before_its_end() -> None:
    march = period("2026-03-01", "2026-04-01")
    assert march.days == 31
    assert march.last_day == day("2026-03-31")
    assert day("2026-03-31") in march
    assert day("2026-04-01") not in march
    assert str(march) == "2026-03-01 to before 2026-04-01"
    assert Period(march.start, march.start).is_empty


def test_a_period_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(PeriodError, match="before it starts"):
        period("2026-04-01", "2026-03-01")
    with pytest.raises(PeriodError, match="instants"):
        Period(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))


def test_intersect_split_and_subtract() -> None:
    march = period("2026-03-01", "2026-04-01")
    assert march.intersect(period("2026-03-20", "2026-05-01")) == period("2026-03-20", "2026-04-01")
    assert march.intersect(period("2026-04-01", "2026-05-01")) is None
    assert march.clip(day("2026-03-10"), None) == period("2026-03-10", "2026-04-01")
    assert march.split(day("2026-03-10"), day("2026-03-10"), day("2026-04-01")) == (
        period("2026-03-01", "2026-03-10"),
        period("2026-03-10", "2026-04-01"),
    )
    assert march.subtract([period("2026-03-10", "2026-03-12"), period("2026-02-01", "2026-03-02")]) == (
        period("2026-03-02", "2026-03-10"),
        period("2026-03-12", "2026-04-01"),
    )
    assert hull([march, period("2026-05-01", "2026-06-01")]) == period("2026-03-01", "2026-06-01")
    assert march.covers(period("2026-03-05", "2026-03-06"))
    assert not march.covers(period("2026-03-05", "2026-04-02"))


@given(periods(), st.lists(DATES, max_size=6))
def test_the_parts_of_a_period_sum_to_it(whole: Period, cuts: list[date]) -> None:
    parts = whole.split(*cuts)
    assert sum(part.days for part in parts) == whole.days
    assert parts[0].start == whole.start
    assert parts[-1].end == whole.end
    assert all(earlier.end == later.start for earlier, later in pairwise(parts))


@given(periods(), st.lists(periods(), max_size=5))
def test_what_is_left_and_what_was_taken_make_the_whole(whole: Period, others: list[Period]) -> None:
    left = whole.subtract(others)
    days = {whole.start + timedelta(days=n) for n in range(whole.days)}
    expected = {found for found in days if not any(found in other for other in others)}
    assert {part.start + timedelta(days=n) for part in left for n in range(part.days)} == expected
    assert all(earlier.end < later.start for earlier, later in pairwise(left))


def test_31_january_comes_back_after_february() -> None:
    anchor = day("2026-01-31")
    assert [str(MONTH.nth(anchor, n)) for n in range(4)] == ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]
    assert MONTH.nth(anchor, -1) == day("2025-12-31")


def test_29_february_clamps_and_returns() -> None:
    anchor = day("2024-02-29")
    assert [str(YEAR.nth(anchor, n)) for n in range(5)] == [
        "2024-02-29",
        "2025-02-28",
        "2026-02-28",
        "2027-02-28",
        "2028-02-29",
    ]


@pytest.mark.parametrize(
    ("anchor", "dates"),
    [
        ("2026-01-15", ["2026-01-15", "2026-01-31", "2026-02-15", "2026-02-28"]),
        ("2026-01-31", ["2026-01-31", "2026-02-15", "2026-02-28", "2026-03-15"]),
        ("2026-01-01", ["2026-01-01", "2026-01-16", "2026-02-01", "2026-02-16"]),
        ("2026-01-20", ["2026-01-20", "2026-02-05", "2026-02-20", "2026-03-05"]),
        ("2026-01-30", ["2026-01-30", "2026-02-15", "2026-02-28", "2026-03-15"]),
    ],
)
def test_semi_months_fall_on_the_15th_and_the_last_or_on_d_and_d_plus_15(anchor: str, dates: list[str]) -> None:
    assert [str(SEMI_MONTH.nth(day(anchor), n)) for n in range(4)] == dates


def test_a_cycle_of_fixed_days_and_of_weeks() -> None:
    assert Cadence(CadenceUnit.DAY, 28).nth(day("2026-01-01"), 13) == day("2026-12-31")
    assert Cadence(CadenceUnit.WEEK, 2).containing(day("2026-01-05"), day("2026-02-01")) == period(
        "2026-01-19", "2026-02-02"
    )


def test_a_cadence_that_stands_still_is_refused() -> None:
    with pytest.raises(CadenceError, match="never recurs"):
        Cadence(CadenceUnit.MONTH, 0)


def test_an_anchor_day_lies_in_the_month_of_the_start() -> None:
    quarter = anchor_on(10, start=day("2026-02-24"), cadence=QUARTER)
    assert QUARTER.containing(quarter, day("2026-02-24")) == period("2026-02-10", "2026-05-10")
    monthly = anchor_on(31, start=day("2026-02-24"), cadence=MONTH)
    assert MONTH.containing(monthly, day("2026-03-02")) == period("2026-02-28", "2026-03-31")
    by_quarter = anchor_on(31, start=day("2026-02-24"), cadence=QUARTER)
    assert QUARTER.after(by_quarter, day("2026-02-28")) == day("2026-05-31")
    assert anchor_on(31, start=day("2026-02-24"), cadence=YEAR) == day("2024-02-29")
    with pytest.raises(CadenceError, match="No month"):
        anchor_on(32, start=day("2026-02-24"), cadence=MONTH)


@given(CADENCES, DATES, DATES)
def test_the_periods_of_a_cadence_are_contiguous_and_the_one_with_a_day_contains_it(
    cadence: Cadence, anchor: date, found: date
) -> None:
    containing = cadence.containing(anchor, found)
    assert found in containing
    assert cadence.nth(anchor, 0) == anchor
    assert cadence.after(anchor, found) == containing.end


@given(CADENCES, st.dates(date(2020, 1, 28), date(2021, 12, 31)), st.integers(0, 400))
def test_ten_years_of_periods_neither_overlap_nor_skip_nor_drift(cadence: Cadence, anchor: date, offset: int) -> None:
    start = anchor + timedelta(days=offset)
    until = start.replace(year=start.year + 10, day=1)
    found = list(cadence.periods(anchor, start, until))
    assert start in found[0]
    assert until - timedelta(days=1) in found[-1]
    assert all(earlier.end == later.start for earlier, later in pairwise(found))
    first = cadence.index(anchor, start)
    assert all(part.start == cadence.nth(anchor, first + n) for n, part in enumerate(found))


@pytest.mark.parametrize("anchor_day", [28, 29, 30, 31])
def test_month_ends_never_drift(anchor_day: int) -> None:
    anchor = date(2024, 1, anchor_day)
    for n, found in enumerate(MONTH.periods(anchor, anchor, date(2034, 1, 1))):
        year, month = divmod(n, 12)
        month_end = (date(2024 + year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
        assert found.start == date(2024 + year, month + 1, min(anchor_day, month_end))


def test_the_local_date_of_an_instant() -> None:
    late = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)
    assert calendar.local_date(late, "Europe/Amsterdam") == day("2026-04-01")
    assert calendar.local_date(late, "America/New_York") == day("2026-03-31")
    with pytest.raises(CalendarError, match="no time zone"):
        calendar.local_date(late.replace(tzinfo=None), "UTC")
    with pytest.raises(CalendarError, match="There is no"):
        calendar.local_date(late, "Europe/Atlantis")


@pytest.mark.parametrize(
    ("on", "zone", "hours"),
    [
        ("2026-03-29", "Europe/Amsterdam", 23),
        ("2026-10-25", "Europe/Amsterdam", 25),
        ("2026-10-04", "Australia/Lord_Howe", 23.5),
        ("2026-04-05", "Australia/Lord_Howe", 24.5),
        ("2018-11-04", "America/Sao_Paulo", 23),
        ("2026-06-01", "Europe/Amsterdam", 24),
    ],
)
def test_a_day_has_as_many_seconds_as_its_zone_gives_it(on: str, zone: str, hours: float) -> None:
    assert calendar.seconds(Period.day(day(on)), zone) == hours * 3600


@given(DATES, st.sampled_from(["Europe/Amsterdam", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu"]))
def test_each_day_starts_at_an_instant_of_that_day_and_not_before(found: date, zone: str) -> None:
    start = calendar.day_start(found, zone)
    assert calendar.local_date(start, zone) == found
    assert calendar.local_date(start - timedelta(seconds=1), zone) < found


def test_due_dates_by_terms() -> None:
    invoiced = day("2026-04-01")
    assert due_date(invoiced, Terms(days=14)) == day("2026-04-15")
    assert due_date(invoiced, Terms(days=30, base=TermsBase.END_OF_MONTH)) == day("2026-05-30")
    assert due_date(invoiced, Terms(days=17, roll=Roll.FOLLOWING)) == day("2026-04-20")
    assert due_date(invoiced, Terms(days=17, roll=Roll.PRECEDING)) == day("2026-04-17")
    with pytest.raises(CalendarError, match="before the invoice"):
        Terms(days=-1)


def test_business_days_skip_weekends_and_holidays() -> None:
    easter = BusinessCalendar(holidays=frozenset({day("2026-04-03"), day("2026-04-06")}))
    assert easter.add(day("2026-04-02"), 1) == day("2026-04-07")
    assert easter.between(period("2026-04-01", "2026-04-08")) == 3
    with pytest.raises(CalendarError, match="backwards"):
        easter.add(day("2026-04-02"), -1)
    with pytest.raises(CalendarError, match="weekend"):
        BusinessCalendar(weekend=frozenset(range(7)))


def test_twelve_of_thirty_one_days() -> None:
    cycle = MONTH.containing(day("2026-01-13"), day("2026-02-01"))
    part = prorate(period("2026-02-01", "2026-02-13"), cycle=cycle, basis=Basis.DAYS)
    assert (part.used, part.whole) == (12, 31)


def test_an_annual_cycle_with_29_february_has_366_days() -> None:
    cycle = YEAR.containing(day("2024-01-01"), day("2024-06-01"))
    assert prorate(period("2024-01-01", "2024-01-02"), cycle=cycle, basis=Basis.DAYS).fraction == Fraction(1, 366)


def test_the_other_bases() -> None:
    february, march = period("2026-02-01", "2026-03-01"), period("2026-03-01", "2026-04-01")
    half = period("2026-02-16", "2026-03-01")
    assert prorate(half, cycle=february, basis=Basis.THIRTY).fraction == Fraction(15, 30)
    assert prorate(half, cycle=february, basis=Basis.NONE).is_whole
    summer_time = period("2026-03-29", "2026-03-30")
    part = prorate(summer_time, cycle=march, basis=Basis.SECONDS, zone="Europe/Amsterdam")
    assert (part.used, part.whole) == (23 * 3600, (31 * 24 - 1) * 3600)
    last_day = period("2026-03-30", "2026-03-31")
    assert prorate(last_day, cycle=last_day, basis=Basis.THIRTY).is_whole
    two_days = period("2026-03-30", "2026-04-01")
    assert prorate(last_day, cycle=two_days, basis=Basis.THIRTY).fraction == 0


def test_days_outside_of_the_cycle_are_refused() -> None:
    march = period("2026-03-01", "2026-04-01")
    with pytest.raises(ProrationError, match="does not lie"):
        prorate(period("2026-03-20", "2026-04-02"), cycle=march, basis=Basis.DAYS)
    with pytest.raises(ProrationError):
        prorate(Period(march.start, march.start), cycle=Period(march.start, march.start), basis=Basis.DAYS)


@given(periods(), st.lists(DATES, max_size=5), st.sampled_from([Basis.DAYS, Basis.THIRTY, Basis.SECONDS]))
def test_the_parts_of_a_cycle_sum_to_one(cycle: Period, cuts: list[date], basis: Basis) -> None:
    parts = [prorate(part, cycle=cycle, basis=basis, zone="Europe/Amsterdam") for part in cycle.split(*cuts)]
    assert sum(part.fraction for part in parts) == 1


@given(periods(), st.sampled_from(Basis))
def test_prorating_a_whole_cycle_changes_nothing(cycle: Period, basis: Basis) -> None:
    assert prorate(cycle, cycle=cycle, basis=basis).is_whole
