"""Time bands, spans of calls and rating over both."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billhook.core import derivation
from billhook.core.banded import BandDeck, BandedCards, Session, rate_session
from billhook.core.bands import (
    EVERY_DAY,
    HOLIDAY,
    WORKDAYS,
    BandCalendar,
    BandError,
    Split,
    TimeBand,
    always,
    split_at,
)
from billhook.core.money import Money, currency
from billhook.core.price import PriceError
from billhook.core.quantity import IncrementError, Increments, UnitError, seconds_written
from billhook.core.ratecard import BeyondMaximum, OverlappingRatesError, Rate, RateCard, RateSlice
from billhook.core.rating import Call, affordable_seconds, rate_call
from billhook.core.spans import OverEdge, Span, billed_lengths

EUR = currency("EUR")
D = Decimal
DAY = date(2026, 3, 2)
PEAK = TimeBand(name="peak", start=time(8), end=time(18), days=WORKDAYS)
NIGHT = TimeBand(name="night", end=time(8), days=WORKDAYS)
EVENING = TimeBand(name="evening", start=time(18), days=WORKDAYS)
FREE_DAYS = TimeBand(name="free days", days=EVERY_DAY - WORKDAYS)
AMSTERDAM = BandCalendar(
    bands=(PEAK, NIGHT, EVENING, FREE_DAYS), holidays=frozenset({date(2026, 4, 6)}), zone="Europe/Amsterdam"
)


def rate(price: str, **options: object) -> Rate:
    return Rate(prefix="", price=D(price), **options)


def card(found: Rate) -> RateCard:
    return RateCard(code="card", currency=EUR, rates=(found,))


def cards(**options: object) -> BandedCards:
    """Return a price a second for each band of Amsterdam."""
    prices = {"peak": "2", "night": "0.5", "evening": "1", "free days": "0"}
    decks = tuple(
        BandDeck(band=name, card=card(rate(price, unit_seconds=1, connection_fee=D(10) if name == "peak" else D(0))))
        for name, price in prices.items()
    )
    return BandedCards(calendar=AMSTERDAM, decks=decks, **options)


def at(*parts: int, zone: str = "Europe/Amsterdam") -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def test_bands_by_weekday_hour_and_holiday() -> None:
    assert AMSTERDAM.band_at(at(2026, 3, 2, 8)).name == "peak"
    assert AMSTERDAM.band_at(at(2026, 3, 2, 18)).name == "evening"
    assert AMSTERDAM.band_at(at(2026, 3, 7, 12)).name == "free days"
    assert AMSTERDAM.band_at(at(2026, 4, 6, 12)).name == "free days"
    assert AMSTERDAM.band_at(at(2026, 4, 7, 7, 59)).name == "night"


def test_where_no_band_names_holidays_they_are_like_their_weekday() -> None:
    bands = (TimeBand(name="work", days=WORKDAYS), TimeBand(name="rest", days=frozenset({5, 6})))
    calendar = BandCalendar(bands=bands, holidays=frozenset({date(2026, 4, 6)}))
    assert calendar.band_at(datetime(2026, 4, 6, tzinfo=UTC)).name == "work"


def test_bands_that_overlap_leave_gaps_or_cross_midnight_are_refused() -> None:
    for bands, words in (
        ((PEAK, NIGHT, EVENING), "No band covers all of day 5"),
        ((TimeBand(name="a", end=time(9)), TimeBand(name="b", start=time(8))), "a and b overlap"),
        ((TimeBand(name="a", end=time(7)), TimeBand(name="b", start=time(8))), "a and b day 0 has a gap"),
        ((TimeBand(name="a", start=time(1)),), "No band covers"),
        ((TimeBand(name="a", end=time(9)),), "No band covers"),
        ((TimeBand(name="a"), TimeBand(name="b")), "overlap"),
        ((), "No band covers"),
    ):
        with pytest.raises(BandError, match=words):
            BandCalendar(bands=bands)
    with pytest.raises(BandError, match="cut it at midnight"):
        TimeBand(name="night", start=time(22), end=time(6))
    for days in (frozenset(), frozenset({8})):
        with pytest.raises(BandError, match="lies on the days"):
            TimeBand(name="never", days=days)
    with pytest.raises(BandError, match="ends before it starts"):
        AMSTERDAM.split(at(2026, 3, 2, 8), -1)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)),  # noqa: DTZ001, the zone follows
    st.integers(0, 3 * 86400),
    st.sampled_from(["Europe/Amsterdam", "Australia/Lord_Howe", "America/Sao_Paulo", "UTC"]),
)
def test_the_parts_of_a_call_are_contiguous_and_each_lies_in_its_band(start: datetime, seconds: int, zone: str) -> None:
    calendar = BandCalendar(bands=AMSTERDAM.bands, holidays=AMSTERDAM.holidays, zone=zone)
    begun = start.replace(tzinfo=UTC, microsecond=0)
    spans = calendar.split(begun, seconds)
    assert sum(span.seconds for span in spans) == seconds
    moment = begun
    for span in spans:
        assert span.start == moment
        for offset in {0, span.seconds // 2, max(span.seconds - 1, 0)}:
            assert calendar.band_at(moment + timedelta(seconds=offset)) == span.band
        moment += timedelta(seconds=span.seconds)


def test_the_night_on_which_the_clock_is_put_back_counts_its_hour_twice() -> None:
    early, late = TimeBand(name="early", end=time(2, 30)), TimeBand(name="late", start=time(2, 30))
    calendar = BandCalendar(bands=(early, late), zone="Europe/Amsterdam")
    spans = calendar.split(datetime(2026, 10, 25, 0, 0, tzinfo=UTC), 2 * 3600)
    assert [(span.band.name, span.seconds) for span in spans] == [
        ("early", 1800),
        ("late", 1800),
        ("early", 1800),
        ("late", 1800),
    ]
    spring = calendar.split(datetime(2026, 3, 29, 0, 0, tzinfo=UTC), 2 * 3600)
    assert [(span.band.name, span.seconds) for span in spring] == [("early", 3600), ("late", 3600)]


def test_instants_cut_a_call() -> None:
    start = datetime(2026, 3, 2, 17, tzinfo=UTC)
    assert split_at(start, 60, [start + timedelta(seconds=30), start, start + timedelta(seconds=60)]) == (30, 30)


def spans(*lengths: int, first: int, following: int = 1) -> list[Span]:
    own = Increments(first, following)
    return [Span(length=length, price=D(1), per=1, increments=own) for length in lengths]


def test_an_increment_runs_over_the_edge_of_a_span() -> None:
    assert billed_lengths(spans(30, 15, first=60)) == (60, 0)
    assert billed_lengths(spans(30, 20, 10, first=45)) == (45, 5, 10)
    assert billed_lengths(spans(1, 61, first=60, following=60)) == (60, 60)
    assert billed_lengths(spans(1, 61, first=60, following=60), OverEdge.INDEPENDENT) == (60, 120)
    with pytest.raises(IncrementError):
        spans(-1, first=1)


@given(st.lists(st.integers(0, 500), min_size=1, max_size=6), st.integers(1, 90))
def test_carried_over_spans_are_billed_as_one_call(lengths: list[int], increment: int) -> None:
    billed = billed_lengths(spans(*lengths, first=increment, following=increment))
    assert sum(billed) == Increments(increment, increment).count(sum(lengths))


def test_a_call_over_two_bands_pays_each_its_own_and_the_fee_of_its_start_once() -> None:
    session = Session(number="31", start=at(2026, 3, 2, 17, 59, 30), seconds=60)
    rated = rate_session(cards(), session)
    assert (rated.amount, rated.billed_seconds) == (Money.of("100", EUR), 60)
    assert derivation.recompute(rated.derivation) == rated.amount
    assert derivation.sentence(rated.derivation) == (
        "Connection fee 10, 30 s in peak count as 30 s at 2 for 1 s, 30 s in evening count as 30 s at 1 for 1 s, "
        "rounded to 6 decimals (half up): 100.00 EUR."
    )
    again = Session(number="31", start=session.start, seconds=60, continues=True)
    assert rate_session(cards(), again).amount == Money.of(90, EUR)
    assert rate_session(cards(split=Split.BY_START), session).amount == Money.of(130, EUR)
    assert rate_session(cards(), Session(number="31", start=session.start, seconds=0)).amount == Money.zero(EUR)


def test_limits_of_a_call_over_bands_are_those_of_its_start() -> None:
    calendar = BandCalendar(bands=(TimeBand(name="am", end=time(12)), TimeBand(name="pm", start=time(12))))
    start = datetime(2026, 3, 2, 11, 59, 50, tzinfo=UTC)

    def rated(seconds: int, **options: object) -> tuple[Decimal, int]:
        decks = tuple(
            BandDeck(band=name, card=card(rate(price, unit_seconds=1, **options)))
            for name, price in (("am", "1"), ("pm", "2"))
        )
        found = rate_session(
            BandedCards(calendar=calendar, decks=decks), Session(number="", start=start, seconds=seconds)
        )
        return found.amount.amount, found.billed_seconds

    assert rated(20) == (30, 20)
    assert rated(20, maximum_charge=D(20)) == (20, 20)
    assert rated(20, maximum_charge=D(20), beyond_maximum=BeyondMaximum.DISCONNECT) == (20, 15)
    assert rated(2, minimum_charge=D(7)) == (7, 2)
    assert rated(2, minimum_seconds=15) == (20, 15)
    assert rated(2, grace_seconds=2) == (0, 0)


def test_bands_without_their_card_are_refused() -> None:
    with pytest.raises(PriceError, match="one for each band"):
        BandedCards(calendar=AMSTERDAM, decks=cards().decks[:3])
    dollars = BandDeck(band="peak", card=RateCard(code="us", currency=currency("USD"), rates=()))
    with pytest.raises(PriceError, match="two currencies"):
        BandedCards(calendar=AMSTERDAM, decks=(dollars, *cards().decks[1:]))
    assert HOLIDAY in always().bands[0].days


def seconds_cost(found: Rate, seconds: int) -> tuple[Decimal, int]:
    rated = rate_call(card(found), Call(number="31", day=DAY, seconds=seconds))
    assert derivation.recompute(rated.derivation) == rated.amount
    return rated.amount.amount, rated.billed_seconds


def test_a_call_within_grace_costs_nothing_at_all() -> None:
    found = rate("1", connection_fee=D("0.3"), minimum_seconds=30, grace_seconds=2)
    assert seconds_cost(found, 2) == (0, 0)
    assert seconds_cost(found, 3) == (D("0.8"), 30)


def test_a_maximum_is_free_afterwards_or_disconnects() -> None:
    free = rate("0.01", unit_seconds=1, maximum_charge=D("0.62"))
    assert seconds_cost(free, 70) == (D("0.62"), 70)
    ends = rate("0.01", unit_seconds=1, maximum_charge=D("0.62"), beyond_maximum=BeyondMaximum.DISCONNECT)
    assert seconds_cost(ends, 70) == (D("0.62"), 62)
    assert seconds_cost(ends, 61) == (D("0.61"), 61)
    coarse = rate(
        "0.1",
        unit_seconds=10,
        first_increment=10,
        next_increment=10,
        maximum_charge=D("0.25"),
        beyond_maximum=BeyondMaximum.DISCONNECT,
    )
    assert seconds_cost(coarse, 70) == (D("0.2"), 20)


def test_slices_change_the_price_and_the_increment_in_mid_call() -> None:
    found = rate(
        "0.4",
        connection_fee=D("0.8"),
        first_increment=30,
        next_increment=30,
        slices=(RateSlice(from_seconds=60, price=D("0.2"), increment=10),),
    )
    assert seconds_cost(found, 85) == (D("1.3"), 90)
    assert seconds_cost(found, 60) == (D("1.2"), 60)
    for slices in (found.slices * 2, (RateSlice(from_seconds=9, price=D(0)), RateSlice(from_seconds=5, price=D(0)))):
        with pytest.raises(PriceError, match="do not rise"):
            rate("1", slices=slices)
    for options in ({"from_seconds": 0}, {"increment": 0}, {"price": D(-1)}):
        with pytest.raises(PriceError):
            RateSlice(**{"from_seconds": 1, "price": D(1), **options})


def test_a_minimum_above_the_maximum_and_a_grace_below_zero_are_refused() -> None:
    with pytest.raises(PriceError, match="lies above the maximum"):
        rate("1", minimum_charge=D(2), maximum_charge=D(1))
    with pytest.raises(PriceError):
        rate("1", grace_seconds=-1)
    with pytest.raises(PriceError, match="maximum charge"):
        rate("1", maximum_charge=D(-1))


def test_over_two_numbers_the_longest_called_prefix_that_matches_both_wins() -> None:
    rows = {"A": ("1", "56"), "B": ("12", "5"), "C": ("123", "8"), "D": ("12", "57"), "E": ("12", "")}
    deck = RateCard(
        code="two",
        currency=EUR,
        rates=tuple(
            Rate(prefix=called, origin_prefix=caller, destination=name, price=D(1))
            for name, (called, caller) in rows.items()
        ),
    )
    found = [deck.find("123456", DAY, origin=origin) for origin in ("56789", "57", "99", "8")]
    assert [rate.destination if rate else None for rate in found] == ["B", "D", "E", "C"]
    with pytest.raises(OverlappingRatesError):
        RateCard(code="two", currency=EUR, rates=deck.rates[:2] * 2)
    with pytest.raises(PriceError):
        Rate(prefix="1", origin_prefix="+5", price=D(1))


@given(st.integers(0, 500), st.integers(1, 90), st.decimals(0, 20, places=2))
def test_no_longer_call_is_affordable(requested: int, increment: int, available: Decimal) -> None:
    found = rate("0.6", connection_fee=D("0.5"), first_increment=increment, next_increment=increment)
    seconds = affordable_seconds(found, Money.of(available, EUR), requested)
    if seconds:
        assert seconds_cost(found, seconds)[0] <= available
    if seconds < requested:
        rated = rate_call(card(found), Call(number="31", day=DAY, seconds=seconds + 1), decimals=12)
        assert Fraction(rated.amount.amount) > Fraction(available)


@pytest.mark.parametrize(
    ("text", "pattern", "seconds"),
    [("   00:01:30", "_HHHH:MM:SS", 90), ("01:00:01", "HH:MM:SS", 3601), ("90", "SS", 90), ("0130", "MMSS", 90)],
)
def test_a_duration_is_read_by_its_pattern(text: str, pattern: str, seconds: int) -> None:
    assert seconds_written(text, pattern) == seconds


def test_a_duration_without_figure_is_refused() -> None:
    with pytest.raises(UnitError, match="has no figure where"):
        seconds_written("xx:30", "MM:SS")
