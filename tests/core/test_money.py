"""Money: exact amounts, their currencies, and sharing them out."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billhook.core import exact
from billhook.core.money import (
    CannotAllocateError,
    Currency,
    MixedCurrenciesError,
    Money,
    UnknownCurrencyError,
    allocate,
    currency,
    round_together,
    sum_money,
)
from billhook.core.rounding import Rounding, to_places

EUR = currency("EUR")
CURRENCIES = st.sampled_from([currency(code) for code in ("EUR", "JPY", "KWD", "CLF")])
WEIGHTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any)


@pytest.mark.parametrize(
    ("code", "digits"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("AFN", 2), ("IQD", 3), ("UGX", 0)]
)
def test_digits_are_those_of_iso_4217(code: str, digits: int) -> None:
    assert Currency(code).digits == digits


@pytest.mark.parametrize("code", ["eur", "XXX", "", "EURO", "XAU"])
def test_what_is_no_currency_is_refused(code: str) -> None:
    with pytest.raises(UnknownCurrencyError, match="ISO 4217"):
        Currency(code)


def test_floats_and_what_is_not_finite_are_refused() -> None:
    for bad in (0.1, Decimal("NaN"), Decimal("Infinity"), "0,05", "abc", True, None):
        with pytest.raises(exact.NotExactError):
            Money.of(bad, EUR)  # type: ignore[arg-type]
    with pytest.raises(exact.NotExactError):
        Money(0.1, EUR)  # type: ignore[arg-type]
    with pytest.raises(exact.NotExactError):
        Money.of(1, EUR) * 0.5  # type: ignore[operator]
    with pytest.raises(UnknownCurrencyError):
        Money(Decimal(1), None)  # type: ignore[arg-type]


def test_currencies_do_not_mix() -> None:
    euros, dollars = Money.of(1, "EUR"), Money.of(1, "USD")
    for mixed in (
        lambda: euros + dollars,
        lambda: euros - dollars,
        lambda: euros < dollars,
        lambda: euros <= dollars,
        lambda: euros > dollars,
        lambda: euros >= dollars,
        lambda: sum_money([euros, dollars], EUR),
    ):
        with pytest.raises(MixedCurrenciesError, match="two currencies"):
            mixed()
    assert euros != dollars


def test_it_is_written_with_the_decimals_of_its_currency() -> None:
    assert str(Money.of("20", "EUR")) == "20.00 EUR"
    assert str(Money.of("1234.5", "JPY")) == "1234.5 JPY"
    assert str(Money.of("0.0500000", "EUR")) == "0.05 EUR"
    assert str(Money.of("1E+3", "KWD")) == "1000.000 KWD"
    assert str(-Money.zero("EUR")) == "0.00 EUR"
    assert str(Money.of(20, "EUR").amount) == "20.00"


def test_arithmetic_is_exact_far_beyond_the_default_precision() -> None:
    big = Money.of("123456789012.123456789012", EUR)
    assert (big * Decimal("987654321098.987654321098")).amount == exact.from_fraction(
        Fraction("123456789012.123456789012") * Fraction("987654321098.987654321098")
    )
    assert big + Money.of("0.000000000001", EUR) - big == Money.of("0.000000000001", EUR)
    assert abs(-big) == big
    assert not Money.zero(EUR)
    assert max(Money.of(1, EUR), Money.of(2, EUR)) == Money.of(2, EUR)


@pytest.mark.parametrize(
    ("value", "mode", "expected"),
    [
        ("0.125", Rounding.HALF_UP, "0.13"),
        ("-0.125", Rounding.HALF_UP, "-0.13"),
        ("0.125", Rounding.HALF_EVEN, "0.12"),
        ("0.135", Rounding.HALF_EVEN, "0.14"),
        ("0.125", Rounding.HALF_DOWN, "0.12"),
        ("0.121", Rounding.UP, "0.13"),
        ("-0.121", Rounding.UP, "-0.13"),
        ("0.129", Rounding.DOWN, "0.12"),
        ("-0.129", Rounding.DOWN, "-0.12"),
        ("-0.121", Rounding.CEILING, "-0.12"),
        ("-0.121", Rounding.FLOOR, "-0.13"),
    ],
)
def test_every_mode_by_its_name(value: str, mode: Rounding, expected: str) -> None:
    assert str(to_places(Decimal(value), 2, mode)) == expected
    assert str(to_places(Fraction(value), 2, mode)) == expected


def test_a_fraction_without_end_is_rounded_by_all_of_its_digits() -> None:
    just_above = Fraction(1, 8) + Fraction(1, 10**40)
    assert to_places(just_above, 2, Rounding.HALF_EVEN) == Decimal("0.13")
    assert to_places(Fraction(1, 3), 6) == Decimal("0.333333")
    assert to_places(Fraction(-2, 3), 0) == Decimal(-1)
    assert str(to_places(Decimal("-0.001"), 2)) == "0.00"
    assert str(Money.of("1234.5", "JPY").rounded()) == "1235 JPY"
    assert str(Money.of("1.2345", "KWD").rounded(Rounding.HALF_EVEN)) == "1.234 KWD"


@given(st.fractions(), st.integers(0, 12), st.sampled_from(Rounding))
def test_rounding_moves_less_than_a_step_and_half_modes_at_most_half(
    value: Fraction, places: int, mode: Rounding
) -> None:
    moved = abs(Fraction(to_places(value, places, mode)) - value) * 10**places
    assert moved < 1
    if mode.startswith("half"):
        assert moved <= Fraction(1, 2)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=8), st.integers(0, 12), st.sampled_from(Rounding))
def test_decimals_and_fractions_are_rounded_alike(value: Decimal, places: int, mode: Rounding) -> None:
    assert to_places(value, places, mode) == to_places(Fraction(value), places, mode)


def test_the_largest_remainder_takes_the_odd_cent_and_the_first_wins_a_tie() -> None:
    assert [str(part.amount) for part in allocate(Money.of("100.00", EUR), [1, 1, 1])] == ["33.34", "33.33", "33.33"]
    assert [str(part.amount) for part in allocate(Money.of("0.05", EUR), [3, 7])] == ["0.02", "0.03"]
    assert [str(part.amount) for part in allocate(Money.of("-100.00", EUR), [1, 1, 1])] == [
        "-33.34",
        "-33.33",
        "-33.33",
    ]
    assert [str(part.amount) for part in allocate(Money.of(10, "JPY"), [0, 3])] == ["0", "10"]


def test_what_cannot_be_shared_is_refused() -> None:
    for weights in ([], [0, 0], [2, -1]):
        with pytest.raises(CannotAllocateError):
            allocate(Money.of(1, EUR), weights)
    with pytest.raises(CannotAllocateError, match="minor unit"):
        allocate(Money.of("0.005", EUR), [1, 1])


@given(st.integers(-(10**9), 10**9), CURRENCIES, WEIGHTS)
def test_parts_sum_to_the_whole_and_lie_within_a_unit_of_their_share(
    units: int, unit: Currency, weights: list[int]
) -> None:
    amount = Money(Decimal(units).scaleb(-unit.digits), unit)
    parts = allocate(amount, weights)
    assert sum_money(parts, unit) == amount
    for part, weight in zip(parts, weights, strict=True):
        share = Fraction(amount.amount) * weight / sum(weights)
        assert abs(Fraction(part.amount) - share) * 10**unit.digits < 1
    assert [-part for part in allocate(-amount, weights)] == list(parts)


@given(st.lists(st.fractions(-1000, 1000, max_denominator=360), min_size=1, max_size=8), CURRENCIES)
def test_pieces_rounded_together_sum_to_their_rounded_whole(pieces: list[Fraction], unit: Currency) -> None:
    rounded = round_together(pieces, unit)
    assert sum_money(rounded, unit).amount == to_places(sum(pieces, Fraction(0)), unit.digits)
    for piece, amount in zip(pieces, rounded, strict=True):
        assert abs(Fraction(amount.amount) - piece) * 10**unit.digits <= 1


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        ("1.500", 0, "1.5"),
        ("1E+2", 0, "100"),
        ("-0.0", 0, "0"),
        ("-0.00", 2, "0.00"),
        ("-0.05", 0, "-0.05"),
        ("12", 2, "12.00"),
        ("0.000001", 2, "0.000001"),
    ],
)
def test_equal_decimals_have_one_text(value: str, places: int, text: str) -> None:
    assert exact.plain(Decimal(value), places) == text


def test_a_fraction_without_finite_decimal_is_refused() -> None:
    assert exact.from_fraction(Fraction(3, 8)) == Decimal("0.375")
    with pytest.raises(exact.NotExactError, match="round it"):
        exact.from_fraction(Fraction(1, 3))
