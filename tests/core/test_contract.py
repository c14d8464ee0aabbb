"""Contracts: terms, notice, renewal, uplift, ramps and claw-back."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.agreements import EUR, FIRST, MONTH, agreement, billed, day, line

from billhook.core import canonical
from billhook.core.agreement import Alignment
from billhook.core.billed import BilledPart
from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.cancellation import PercentOfRest, Term, cancellation_fee
from billhook.core.claw_back import ClawBackBy, ClawBackError, Given, TermDiscount, claw_back, earned
from billhook.core.commitment import Commitment
from billhook.core.contract import Contract, ContractError, Notice, NoticeTo, Renewal
from billhook.core.derivation import Derivation, recompute, sentence
from billhook.core.draft import bill
from billhook.core.money import Money
from billhook.core.period import Period
from billhook.core.price.flat import Flat
from billhook.core.ramp import Ramp, RampError, RampStep
from billhook.core.uplift import (
    IndexFigure,
    IndexUplift,
    PercentUplift,
    PriceIndex,
    UpliftBase,
    UpliftError,
    uplifted,
    uplifted_over,
)

YEAR, QUARTER = Cadence(CadenceUnit.YEAR), Cadence(CadenceUnit.MONTH, 3)
CONTRACT = Contract(key="K-1", start=date(2026, 1, 1), term=YEAR, notice=Notice(length=QUARTER))
D = Decimal


def eur(amount: str | int) -> Money:
    """Return euros."""
    return Money.of(amount, EUR)


def test_notice_in_time_ends_the_term_and_late_notice_the_next_one() -> None:
    assert CONTRACT.ends_on(date(2026, 9, 30)) == date(2027, 1, 1), "three whole months lie between"
    assert CONTRACT.ends_on(date(2026, 10, 1)) == date(2028, 1, 1)
    assert CONTRACT.ends_on(date(2025, 12, 1)) == date(2027, 1, 1), "notice before the start keeps the minimum term"
    assert CONTRACT.ends_on(None) is None
    counts = replace(CONTRACT, notice=Notice(length=QUARTER, day_counts=True))
    assert counts.ends_on(date(2026, 10, 1)) == date(2027, 1, 1)
    assert replace(CONTRACT, notice=Notice()).ends_on(date(2026, 12, 31)) == date(2027, 1, 1)


def test_renewal_is_for_the_same_term_month_by_month_or_none() -> None:
    same, monthly, ending = (replace(CONTRACT, renewal=way) for way in Renewal)
    june = date(2027, 6, 15)
    assert same.term_on(june) == Period(date(2027, 1, 1), date(2028, 1, 1))
    assert monthly.term_on(june) == Period(date(2027, 6, 1), date(2027, 7, 1))
    assert ending.term_on(june) is None
    assert ending.ends_on(None) == ending.ends_on(june) == date(2027, 1, 1)
    assert monthly.ends_on(june) == date(2027, 10, 1), "three months and to the end of a month"
    assert same.rest(june) == Period(june, date(2028, 1, 1))
    assert ending.rest(june).is_empty
    with pytest.raises(ContractError, match="ask for a day from then on"):
        same.term_on(date(2025, 12, 31))


def test_months_after_a_term_return_to_the_day_of_the_start() -> None:
    last = Contract(key="K", start=date(2026, 1, 31), term=MONTH, renewal=Renewal.MONTHLY)
    assert last.term_on(date(2026, 2, 28)) == Period(date(2026, 2, 28), date(2026, 3, 31))
    days = replace(last, term=Cadence(CadenceUnit.DAY, 45))
    assert days.term_on(date(2026, 3, 20)) == Period(date(2026, 3, 17), date(2026, 4, 17))


def test_notice_to_the_end_of_a_period_waits_for_the_minimum_term() -> None:
    calendar = Notice(
        length=Cadence(CadenceUnit.WEEK, 6), to=NoticeTo.END_OF_PERIOD, period=QUARTER, anchor=date(2026, 1, 1)
    )
    contract = Contract(key="K", start=date(2026, 2, 10), term=Cadence(CadenceUnit.MONTH, 6), notice=calendar)
    assert contract.ends_on(date(2026, 3, 1)) == date(2026, 10, 1), "10 August, then the end of its quarter"
    assert contract.ends_on(date(2026, 8, 19)) == date(2026, 10, 1)
    assert contract.ends_on(date(2026, 8, 20)) == date(2027, 1, 1)
    own = replace(contract, notice=Notice(to=NoticeTo.END_OF_PERIOD, period=MONTH))
    assert own.ends_on(date(2026, 8, 1)) == date(2026, 8, 10)
    assert own.ends_on(date(2026, 8, 10)) == date(2026, 9, 10)


def test_terms_and_notice_that_mean_nothing_are_refused() -> None:
    half = Cadence(CadenceUnit.SEMI_MONTH)
    with pytest.raises(ContractError, match="half months"):
        replace(CONTRACT, term=half)
    with pytest.raises(ContractError, match="no length in days"):
        Notice(length=half)
    with pytest.raises(ContractError, match="needs a period"):
        Notice(to=NoticeTo.END_OF_PERIOD)
    with pytest.raises(ContractError, match="takes no period"):
        Notice(period=MONTH)


DAYS = st.dates(date(2024, 1, 1), date(2032, 12, 31))
LENGTHS = st.builds(
    Cadence,
    st.sampled_from([CadenceUnit.DAY, CadenceUnit.WEEK, CadenceUnit.MONTH, CadenceUnit.YEAR]),
    st.integers(1, 24),
)


@given(DAYS, LENGTHS, st.none() | LENGTHS, st.sampled_from([Renewal.SAME_TERM, Renewal.MONTHLY]), st.integers(0, 4000))
def test_an_end_is_the_first_that_notice_reaches_in_time(
    start: date, term: Cadence, length: Cadence | None, renewal: Renewal, after: int
) -> None:
    contract = Contract(key="K", start=start, term=term, notice=Notice(length=length), renewal=renewal)
    notified = start + timedelta(days=after)
    end = contract.ends_on(notified)
    assert end is not None
    assert end >= contract.minimum.end
    assert notified <= contract.notice.last_day(end)
    last = contract.term_on(end - timedelta(days=1))
    assert last is not None
    assert last.end == end, "a contract ends with a term"
    assert last.start == start or contract.notice.last_day(last.start) < notified, "the end before was too early"
    later = contract.ends_on(notified + timedelta(days=1))
    assert later is not None
    assert later >= end


def test_the_rest_that_notice_leaves_is_what_a_cancellation_fee_counts() -> None:
    asked = date(2026, 7, 1)
    rest = CONTRACT.rest(asked)
    term = Term(period=Period(CONTRACT.start, rest.end), cadence=MONTH, price=eur(20))
    fee = cancellation_fee(PercentOfRest(percent=D(50)), term, asked)
    assert fee.result == eur(60), "half of six months"


def amount(derivation: Derivation) -> str:
    """Return the amount of a derivation that can be computed again and stored."""
    assert recompute(derivation) == derivation.result
    assert canonical.from_bytes(Derivation, canonical.to_bytes(derivation)) == derivation
    return str(derivation.result.amount)


def test_a_percentage_compounds_or_stands_on_the_first_price_and_is_rounded_once() -> None:
    start = date(2026, 3, 1)
    three = PercentUplift(percent=D(3))
    found = [uplifted(eur("19.99"), three, start=start, on=date(year, 3, 1)) for year in (2026, 2027, 2028, 2029)]
    assert [amount(item) for item in found] == ["19.99", "20.59", "21.21", "21.84"]
    assert amount(uplifted(eur("19.99"), three, start=start, on=date(2027, 2, 28))) == "19.99"
    first = replace(three, base=UpliftBase.FIRST_PRICE)
    assert amount(uplifted(eur("19.99"), first, start=start, on=date(2029, 3, 1))) == "21.79"
    assert sentence(found[1]) == (
        "The first price 19.99, uplifted on 2027-03-01 by 3 % (as agreed), rounded to 2 decimals (half up): 20.59 EUR."
    )
    unit = uplifted(Money.of("0.05", EUR), three, start=start, on=date(2027, 3, 1), places=6)
    assert amount(unit) == "0.051500"


CPI = PriceIndex(
    key="CPI",
    figures=(
        IndexFigure(valid_from=date(2027, 1, 1), figure=D("104.0")),
        IndexFigure(valid_from=date(2026, 1, 1), figure=D("100.0")),
        IndexFigure(valid_from=date(2028, 1, 1), figure=D("101.4")),
        IndexFigure(valid_from=date(2029, 1, 1), figure=D("111.54")),
    ),
)


def test_an_index_lifts_by_its_figures_of_the_anniversaries() -> None:
    start, on = date(2026, 3, 1), date(2029, 3, 1)
    index = IndexUplift(index=CPI, may_fall=True)
    assert amount(uplifted(eur(100), index, start=start, on=on)) == "111.54", "it telescopes"
    assert amount(uplifted(eur(100), replace(index, may_fall=False), start=start, on=on)) == "114.40", "1.04 x 1.10"
    capped = replace(index, may_fall=False, at_most=D(5))
    assert amount(uplifted(eur(100), capped, start=start, on=on)) == "109.20", "1.04 x 1.05"
    assert amount(uplifted(eur(100), replace(capped, base=UpliftBase.FIRST_PRICE), start=start, on=on)) == "109.00"
    assert "CPI from 100.0 to 104.0" in sentence(uplifted(eur(100), index, start=start, on=date(2027, 3, 1)))


def test_a_period_is_cut_at_the_anniversaries() -> None:
    year = Period(date(2026, 9, 1), date(2027, 9, 1))
    parts = uplifted_over(eur(100), PercentUplift(percent=D(3)), year, start=date(2026, 3, 1))
    assert [(str(days.start), amount(price)) for days, price in parts] == [
        ("2026-09-01", "100.00"),
        ("2027-03-01", "103.00"),
    ]
    leap = uplifted_over(eur(1), PercentUplift(percent=D(3)), Period(date(2028, 2, 29), date(2033, 1, 1)), start=LEAP)
    assert [str(days.start) for days, _ in leap[1:]] == ["2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]


LEAP = date(2028, 2, 29)


def test_uplifts_that_leave_no_price_are_refused() -> None:
    with pytest.raises(UpliftError, match="above -100"):
        PercentUplift(percent=D(-100))
    with pytest.raises(UpliftError, match="above zero"):
        IndexFigure(valid_from=FIRST, figure=D(0))
    with pytest.raises(UpliftError, match="at least 0"):
        IndexUplift(index=CPI, at_most=D(-1))
    with pytest.raises(UpliftError, match="keep one"):
        PriceIndex(key="CPI", figures=(CPI.figures[0], CPI.figures[0]))
    with pytest.raises(UpliftError, match="no figure for 2025"):
        uplifted(eur(1), IndexUplift(index=CPI), start=date(2025, 3, 1), on=FIRST)
    with pytest.raises(UpliftError, match="mend"):
        uplifted(eur(1), PercentUplift(percent=D(3)), start=FIRST, on=date(2026, 2, 28))
    falling = PercentUplift(percent=D(-60), base=UpliftBase.FIRST_PRICE)
    with pytest.raises(UpliftError, match="below zero"):
        uplifted(eur(1), falling, start=FIRST, on=date(2028, 3, 1))


@given(st.decimals("-99", "50", places=2), st.integers(0, 30), st.integers(0, 10**7))
def test_a_compounded_uplift_is_the_power_rounded_once(percent: Decimal, years: int, cents: int) -> None:
    price = Money(D(cents).scaleb(-2), EUR)
    found = uplifted(price, PercentUplift(percent=percent), start=FIRST, on=YEAR.nth(FIRST, years))
    exactly = Fraction(price.amount) * (1 + Fraction(percent) / 100) ** years
    assert abs(Fraction(found.result.amount) - exactly) <= Fraction(1, 200)
    assert recompute(found) == found.result


RAMP = Ramp(
    (
        RampStep(starts_on=day("05-11"), quantity=D(3)),
        RampStep(starts_on=day("04-01"), quantity=D(2), commitment=eur(50)),
        RampStep(starts_on=day("06-01"), price=Flat(currency=EUR, amount=D("30.00"))),
        RampStep(starts_on=day("07-01"), commitment=eur(0)),
    )
)


def test_a_ramp_gives_a_version_for_each_stretch_and_prorates_a_step_within_a_period() -> None:
    versions = RAMP.lines(line("L", active_until=day("09-01")))
    assert [(item.key, str(item.quantity), item.active_until) for item in versions] == [
        ("L/2026-03-01", "1", day("04-01")),
        ("L/2026-04-01", "2", day("05-11")),
        ("L/2026-05-11", "3", day("06-01")),
        ("L/2026-06-01", "3", day("09-01")),
    ], "a step of the commitment alone cuts no line"
    draft = bill(agreement(*versions), (), day("06-01"))
    assert [row[1:] for row in billed(draft)] == [
        ("03-01", "04-01", "20.00"),
        ("04-01", "05-01", "20.00"),
        ("05-01", "05-11", "6.45"),
        ("05-11", "06-01", "13.55"),
        ("06-01", "07-01", "30.00"),
    ]


def test_a_ramp_keeps_the_periods_of_its_line_and_what_is_billed() -> None:
    own = line("L", alignment=Alignment.OWN, active_from=day("03-10"), billed_through=day("05-10"))
    versions = RAMP.lines(own)
    assert {item.order_start for item in versions} == {day("03-10")}
    assert [item.billed_through for item in versions] == [day("05-10"), day("05-10"), None, None]
    draft = bill(agreement(*versions), (), day("05-12"))
    assert billed(draft)[0][:3] == ("L/2026-04-01", "05-10", "05-11"), "what was agreed, of 10 May, is billed"
    assert versions[-1].active_until is None


def test_a_ramp_of_commitments() -> None:
    first = Commitment(
        key="C", description="", amount=eur(10), cadence=MONTH, anchor=FIRST, active_from=FIRST, order_lines=("L",)
    )
    found = RAMP.commitments(first)
    assert [(item.key, item.amount, item.active_until) for item in found] == [
        ("C/2026-03-01", eur(10), day("04-01")),
        ("C/2026-04-01", eur(50), day("07-01")),
    ], "and none from July on"
    draft = bill(agreement(*RAMP.lines(line("L")), commitments=found), (), day("05-01"))
    assert draft is not None
    assert [(row.line_key, str(row.amount.amount)) for row in draft.lines if row.line_key.startswith("C")] == [
        ("C/2026-04-01", "30.00")
    ]


def test_ramps_that_change_nothing_or_twice_are_refused() -> None:
    with pytest.raises(RampError, match="changes nothing"):
        RampStep(starts_on=FIRST)
    with pytest.raises(RampError, match="at least 0"):
        RampStep(starts_on=FIRST, quantity=D(-1))
    with pytest.raises(RampError, match="at least 0"):
        RampStep(starts_on=FIRST, commitment=eur(-1))
    with pytest.raises(RampError, match="at least one"):
        Ramp(())
    with pytest.raises(RampError, match="join them"):
        Ramp((RAMP.steps[0], RAMP.steps[0]))
    part = BilledPart(period=Period(day("03-01"), day("04-01")), amount=eur(20))
    with pytest.raises(RampError, match="as it was agreed"):
        RAMP.lines(line("L", billed=(part,)))


LADDER = (
    TermDiscount(term=YEAR, percent=D(5)),
    TermDiscount(term=Cadence(CadenceUnit.YEAR, 2), percent=D(10)),
)
TWO_YEARS = Period(date(2026, 1, 1), date(2028, 1, 1))


def test_leaving_early_gives_term_discounts_back() -> None:
    given_so_far = Given(list_price=eur(1500), discount=eur(150))
    left = date(2027, 4, 1)
    found = {by: amount(claw_back(by, given_so_far, term=TWO_YEARS, ended_on=left, ladder=LADDER)) for by in ClawBackBy}
    assert found == {
        ClawBackBy.ALL: "150.00",
        ClawBackBy.UNSERVED: "56.51",
        ClawBackBy.RERATED: "75.00",
    }, "150 x 275/730; 10 % given, a year earns 5 %"
    assert earned(LADDER, Period(TWO_YEARS.start, date(2026, 12, 31))) == 0
    capped = claw_back(ClawBackBy.ALL, given_so_far, term=TWO_YEARS, ended_on=left, cap=eur(100))
    assert amount(capped) == "100.00"
    for by in ClawBackBy:
        assert claw_back(by, given_so_far, term=TWO_YEARS, ended_on=TWO_YEARS.end).result == eur(0)


def test_claw_backs_out_of_range_are_refused() -> None:
    some = Given(list_price=eur(10), discount=eur(1))
    with pytest.raises(ClawBackError, match="withdraw"):
        claw_back(ClawBackBy.ALL, some, term=TWO_YEARS, ended_on=date(2025, 12, 31))
    with pytest.raises(ClawBackError, match="cap"):
        claw_back(ClawBackBy.ALL, some, term=TWO_YEARS, ended_on=FIRST, cap=eur(-1))
    with pytest.raises(ClawBackError, match="was not taken off"):
        Given(list_price=eur(1), discount=eur(2))
    with pytest.raises(ClawBackError, match="at most 100"):
        TermDiscount(term=YEAR, percent=D(101))


@given(st.sampled_from(ClawBackBy), st.integers(0, 10**6), st.integers(0, 100), st.integers(0, 800))
def test_no_more_is_given_back_than_was_given_and_no_more_for_a_longer_service(
    by: ClawBackBy, cents: int, percent: int, days: int
) -> None:
    price = Money(D(cents).scaleb(-2), EUR)
    some = Given(list_price=price, discount=Money(price.amount * percent / 100, EUR).rounded())
    ended = TWO_YEARS.start + timedelta(days=days)
    now, later = (
        claw_back(by, some, term=TWO_YEARS, ended_on=on, ladder=LADDER).result
        for on in (ended, ended + timedelta(days=1))
    )
    assert eur(0) <= later <= now <= some.discount
