"""Rating in columns equals core's arithmetic, to the last unit."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billhook.core.money import Currency
from billhook.core.ratecard import Rate, RateCard
from billhook.core.rating import Call, rate_call
from billhook.mediation import lane
from billhook.mediation.lane.errors import UnsoundJob
from billhook.mediation.lane.explain import records


def amounts(bench, result, order_line="O-1/calls"):
    """Return the rated records by line number."""
    rated = records(
        bench.folder / "lake",
        [file.path for file in (result.records,) if file],
        order_line=order_line,
        first=date.min,
        last=date.max,
        limit=10_000,
    )
    return {record.line_no: record for record in rated}


def test_a_hundred_minutes_in_odd_calls_cost_five(bench, build):
    lengths = [61, 7, 1801, 333, 2999, 799]
    result = bench.run([build.call(n, seconds=seconds) for n, seconds in enumerate(lengths)])
    assert sum(lengths) == 6000
    (charge,) = result.charges
    assert charge.quantity_seconds == charge.billed_seconds == 6000
    assert round(Decimal(charge.amount_units).scaleb(-6), 2) == Decimal("5.00")


@pytest.mark.parametrize(
    ("seconds", "terms", "billed", "units"),
    [
        (61, {"first": 60, "next": 60}, 120, 100_000),
        (61, {"first": 60, "next": 1}, 61, 50_833),
        (61, {"first": 45, "next": 30}, 75, 62_500),
        (6, {"first": 6, "next": 6}, 6, 5_000),
        (1, {"minimum": 30}, 30, 25_000),
        (1, {"connection_fee": "0.10"}, 1, 100_833),
        (1, {"minimum_charge": "0.25"}, 1, 250_000),
        (3, {"price_per_minute": "0.00001"}, 3, 1),
        (2, {"price_per_minute": "0.00001"}, 2, 0),
        (999_999_999, {"price_per_minute": "1.000000000001"}, 999_999_999, 16_666_666_650_017),
    ],
)
def test_increments_fees_and_one_rounding_half_up(bench, build, seconds, terms, billed, units):
    result = bench.run([build.call(1, seconds=seconds)], cards=(build.card(**terms),))
    assert [(charge.billed_seconds, charge.amount_units) for charge in result.charges] == [(billed, units)]


def test_the_longest_prefix_in_force_on_the_local_day_wins(bench, build):
    cards = (
        build.card(prefix="", destination="World", price_per_minute="9"),
        build.card(price_per_minute="0.05", valid_to=date(2026, 3, 10)),
        build.card(version="VOICE-2", price_per_minute="0.06", valid_from=date(2026, 3, 10)),
        build.card(prefix="316", destination="Netherlands Mobile", price_per_minute="0.20"),
    )
    rows = [
        build.call(1, start="2026-03-09 23:59:59", seconds=60),
        build.call(2, start="2026-03-10 00:00:00", seconds=60),
        build.call(3, called="+31612345678", seconds=60),
        build.call(4, called="+4930123456", seconds=60),
        build.call(5, called="3", seconds=60),
    ]
    rated = amounts(bench, bench.run(rows, cards=cards))
    found = [(rated[n].prefix, rated[n].card_version, rated[n].amount) for n in range(1, 6)]
    assert found == [
        *(("31", "VOICE-1", Decimal("0.05")), ("31", "VOICE-2", Decimal("0.06"))),
        *(("316", "VOICE-1", Decimal("0.20")), ("", "VOICE-1", Decimal(9)), ("", "VOICE-1", Decimal(9))),
    ]


def test_an_amount_beyond_the_column_waits_in_suspense(bench, build):
    result = bench.run([build.call(1, seconds=999_999_999)], cards=(build.card(price_per_minute="99999"),), decimals=12)
    assert [record.reason for record in result.suspended] == [lane.Reason.AMOUNT_TOO_LARGE]
    assert result.counts.rated == lane.Tally()


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"price_per_minute": "-1"}, "not negative"),
        ({"price_per_minute": "five"}, "no amount"),
        ({"price_per_minute": "NaN"}, "no amount"),
        ({"price_per_minute": "0.0000000000001"}, "at most 12 decimals"),
        ({"connection_fee": "1e30"}, "no amount"),
        ({"next": 0}, "increments"),
        ({"prefix": "+31"}, "no number"),
        ({"valid_to": date(2026, 1, 1)}, "ends before it begins"),
        ({"card": "OTHER"}, "rate card VOICE has no prices"),
    ],
)
def test_a_price_that_cannot_be_right_is_refused(bench, build, terms, words):
    with pytest.raises(UnsoundJob, match=words):
        bench.run([build.call(1)], cards=(build.card(**terms),))


def test_equal_prefixes_on_one_date_are_refused_with_both_named(bench, build):
    twins = (build.card(), build.card(destination="Holland", valid_from=date(2026, 2, 1)))
    with pytest.raises(UnsoundJob, match=r"Netherlands at 0\.05 and Holland at 0\.05"):
        bench.run([build.call(1)], cards=twins)


PRICE = st.decimals(0, 20, places=12, allow_nan=False, allow_infinity=False)
RATE = st.builds(
    Rate,
    prefix=st.text("123", max_size=3),
    price=PRICE,
    connection_fee=PRICE,
    minimum_charge=PRICE,
    first_increment=st.integers(1, 90),
    next_increment=st.integers(1, 90),
    minimum_seconds=st.integers(0, 90),
    valid_from=st.sampled_from([date(2026, 1, 1), date(2026, 3, 1)]),
)
CALL = st.builds(
    Call,
    number=st.text("123", min_size=1, max_size=5),
    day=st.dates(date(2026, 2, 25), date(2026, 3, 5)),
    seconds=st.integers(0, 10_000),
    answered=st.booleans(),
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(RATE, min_size=1, max_size=12, unique_by=lambda rate: rate.prefix),
    st.lists(CALL, min_size=1, max_size=25),
    st.integers(0, 12),
)
def test_the_lane_rates_as_core_does(bench, build, rates, calls, decimals):
    """On any card and any calls: the same rate, the same billed seconds, the same amount."""
    card = RateCard(code="VOICE", currency=Currency("EUR"), rates=tuple(rates))
    rows = [
        build.call(
            n,
            called=call.number,
            seconds=call.seconds,
            start=f"{call.day} 12:00:00",
            disposition="ANSWERED" if call.answered else "BUSY",
        )
        for n, call in enumerate(calls)
    ]
    result = bench.run(rows, cards=tuple(as_row(build, rate) for rate in rates), decimals=decimals)
    rated = amounts(bench, result)
    unknown = {record.line_no for record in result.suspended if record.reason is lane.Reason.UNKNOWN_PREFIX}
    for line, call in enumerate(calls, start=1):
        charged = call.answered and call.seconds
        assert (line in unknown) == bool(charged and card.find(call.number, call.day) is None)
        if charged and line not in unknown:
            expected = rate_call(card, call, decimals=decimals)
            assert rated[line].prefix == expected.rate.prefix
            assert rated[line].billed_seconds == expected.billed_seconds
            assert rated[line].amount == expected.amount.amount
        else:
            assert line not in rated


def as_row(build, rate):
    """Return core's rate as the lane takes it."""
    return build.card(
        prefix=rate.prefix,
        destination=rate.destination,
        price_per_minute=str(rate.price),
        connection_fee=str(rate.connection_fee),
        minimum_charge=str(rate.minimum_charge),
        first=rate.first_increment,
        next=rate.next_increment,
        minimum=rate.minimum_seconds,
        valid_from=rate.valid_from,
    )


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 5000), PRICE), min_size=1, max_size=20))
def test_amounts_equal_exact_fractions_rounded_once(bench, build, calls):
    """The reference is written here once more, with nothing shared: fractions, and half up by floor."""
    cards = tuple(build.card(prefix=f"31{n:02d}", price_per_minute=str(price)) for n, (_, price) in enumerate(calls))
    rows = [build.call(n, called=f"31{n:02d}5", seconds=seconds) for n, (seconds, _) in enumerate(calls)]
    rated = amounts(bench, bench.run(rows, cards=cards))
    for line, (seconds, price) in enumerate(calls, start=1):
        exact = Fraction(price) * seconds / 60 * 10**6
        assert rated[line].amount_units == (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)


def test_the_event_keeps_its_instant(bench, build):
    rated = amounts(bench, bench.run([build.call(1)]))
    assert rated[1].event_at - datetime(2026, 3, 5, 9, tzinfo=UTC) == timedelta()
