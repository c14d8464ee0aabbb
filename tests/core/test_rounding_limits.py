"""Where rounding, sharing and prorating end: figures of nothing, of forty digits, halves, and sums of zero."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from billhook.core import exact
from billhook.core.money import Currency, Money, allocate, currency, round_together
from billhook.core.period import Period
from billhook.core.proration import Basis, Proportion, prorate
from billhook.core.rounding import Rounding, to_places

EUR = currency("EUR")
D = Decimal
HUGE = D("1234567890123456789012345678901234567.89")
MARCH = Period(date(2026, 3, 1), date(2026, 4, 1))


@pytest.mark.parametrize(
    ("places", "text"),
    [
        (-2, "1.2E+3"),
        (-1, "1.23E+3"),
        (0, "1235"),
        (15, "1234.567890123456789"),
        (16, "1234.5678901234567890"),
        (17, "1234.56789012345678900"),
    ],
)
def test_any_number_of_decimals_may_be_kept(places: int, text: str) -> None:
    assert str(to_places(D("1234.567890123456789"), places)) == text
    if places >= 0:
        assert str(to_places(Fraction("1234.567890123456789"), places)) == text


def test_nothing_has_no_sign() -> None:
    assert str(to_places(Fraction(0), 2)) == str(to_places(D("-0.001"), 2)) == "0.00"
    assert str((-Money.zero(EUR)).amount) == "0.00"
    assert str(to_places(Fraction(-1, 1000), 2)) == "0.00"
    assert str(to_places(Fraction(-1, 1000), 2, Rounding.FLOOR)) == "-0.01"


def test_an_amount_is_neither_more_nor_less_than_itself() -> None:
    one, two = Money.of(1, EUR), Money.of(2, EUR)
    assert (one > one, one < one, one >= one, one <= one) == (False, False, True, True)  # noqa: PLR0124
    assert (two > one, two < one, two >= one, two <= one) == (True, False, True, False)


@pytest.mark.parametrize("kind", [D, Fraction])
def test_pieces_are_rounded_together_in_the_mode_asked_for(kind: type[Decimal] | type[Fraction]) -> None:
    pieces = [kind("0.001"), kind("0.002")]
    for mode, cents in ((Rounding.UP, "0.01"), (Rounding.HALF_UP, "0.00"), (Rounding.DOWN, "0.00")):
        assert sum(part.amount for part in round_together(pieces, EUR, mode)) == D(cents)
        assert round_together(pieces[:1], EUR, mode)[0].amount == D(cents)


@pytest.mark.parametrize("kind", [D, Fraction])
@pytest.mark.parametrize(
    ("parts", "cents"),
    [
        (["0.006", "-0.006"], [1, -1]),
        (["-0.006", "0.006"], [-1, 1]),
        (["0.004", "-0.004"], [0, 0]),
        (["0.014", "-0.007", "-0.007"], [2, -1, -1]),
        (["0.005", "0.005"], [1, 0]),
        (["-0.005", "-0.005"], [-1, 0]),
        (["-0.006", "-0.006"], [-1, 0]),
        (["0.0125", "-0.0025"], [1, 0]),
    ],
)
def test_pieces_of_either_sign(kind: type[Decimal] | type[Fraction], parts: list[str], cents: list[int]) -> None:
    rounded = round_together([kind(part) for part in parts], EUR)
    assert [part.amount.scaleb(2) for part in rounded] == cents


def test_a_currency_is_known_by_its_code() -> None:
    assert Money(D(1), Currency("EUR")) + Money.of(1, EUR) == Money.of(2, EUR)


@pytest.mark.parametrize(
    ("digits", "codes"),
    [(0, "BIF JPY XPF"), (2, "AED CHF CHW HKD HRK LAK MUR MVR SDG SEK WST XAD ZWG"), (3, "BHD TND"), (4, "CLF UYW")],
)
def test_the_smallest_step_of_a_currency(digits: int, codes: str) -> None:
    steps = {str(Money.of("0.123456", code).rounded().amount) for code in codes.split()}
    assert steps == {str(round(D("0.123456"), digits))}


def test_amounts_of_forty_digits_keep_every_one() -> None:
    assert str(allocate(Money(HUGE, EUR), [1])[0].amount) == str(HUGE)
    parts = allocate(Money(HUGE, EUR), [1, 1])
    assert exact.total(part.amount for part in parts) == HUGE
    assert parts[0].amount - parts[1].amount == D("0.01")
    for pieces in ([HUGE, D("0.004")], [Fraction(HUGE), Fraction("0.004")]):
        assert [str(part.amount) for part in round_together(pieces, EUR)] == [str(HUGE), "0.00"]


def test_sums_and_products_of_decimals_and_fractions() -> None:
    third = Fraction(1, 3)
    assert exact.total([]) == exact.total_of([]) == 0
    assert exact.total_of([D("0.1"), D("0.2")]) == D("0.3")
    assert exact.total_of([D("0.1"), third]) == Fraction(13, 30)
    assert exact.product(D("0.1"), D(3)) == D("0.3")
    assert exact.product(D("0.1"), third) == exact.product(third, D("0.1")) == Fraction(1, 30)
    assert exact.difference(D("0.3"), D("0.1")) == D("0.2")
    assert exact.difference(D("0.3"), third) == Fraction(-1, 30)
    assert exact.difference(third, D("0.3")) == Fraction(1, 30)
    both = (exact.product(D(2), D(3)), exact.difference(D(3), D(2)), exact.total_of([D(2)]))
    assert all(isinstance(found, Decimal) for found in both)


@pytest.mark.parametrize(
    ("days", "basis", "part"),
    [
        (16, Basis.NONE, (1, 1, Basis.NONE)),
        (31, Basis.NONE, (1, 1, Basis.NONE)),
        (31, Basis.DAYS, (1, 1, Basis.DAYS)),
        (31, Basis.SECONDS, (1, 1, Basis.SECONDS)),
        (16, Basis.DAYS, (16, 31, Basis.DAYS)),
        (16, Basis.THIRTY, (16, 30, Basis.THIRTY)),
        (29, Basis.THIRTY, (29, 30, Basis.THIRTY)),
        (30, Basis.THIRTY, (29, 30, Basis.THIRTY)),
        (16, Basis.SECONDS, (16 * 86400, 31 * 86400, Basis.SECONDS)),
    ],
)
def test_the_part_of_march_that_its_first_days_are(days: int, basis: Basis, part: tuple[int, int, Basis]) -> None:
    used = Period(MARCH.start, date.fromordinal(MARCH.start.toordinal() + days))
    found = prorate(used, cycle=MARCH, basis=basis)
    assert found == Proportion(*part)
    assert found.fraction == Fraction(part[0], part[1])
    assert found.is_whole is (part[0] == part[1])
    if used == MARCH:
        assert prorate(MARCH, cycle=MARCH, basis=basis) == Proportion(*part)


def test_months_of_thirty_days_make_years_of_360() -> None:
    cycle = Period(date(2025, 12, 15), date(2026, 1, 15))
    assert prorate(Period(date(2025, 12, 20), cycle.end), cycle=cycle, basis=Basis.THIRTY).fraction == Fraction(25, 30)
    year = Period(date(2025, 12, 15), date(2026, 12, 15))
    assert prorate(cycle, cycle=year, basis=Basis.THIRTY) == Proportion(30, 360, Basis.THIRTY)


def test_seconds_are_those_of_the_zone() -> None:
    used = Period(date(2026, 3, 29), date(2026, 3, 30))
    found = prorate(used, cycle=MARCH, basis=Basis.SECONDS, zone="Europe/Amsterdam")
    assert found == Proportion(23 * 3600, 31 * 86400 - 3600, Basis.SECONDS)


def test_a_cycle_that_has_no_day_in_months_of_thirty_is_counted_in_days() -> None:
    thirtieth = Period(date(2026, 3, 30), date(2026, 3, 31))
    nothing = Period(thirtieth.start, thirtieth.start)
    assert prorate(thirtieth, cycle=thirtieth, basis=Basis.THIRTY) == Proportion(1, 1, Basis.THIRTY)
    assert prorate(nothing, cycle=thirtieth, basis=Basis.THIRTY) == Proportion(0, 1, Basis.DAYS)
