"""Formulas: arithmetic over named figures, and nothing else."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billhook.core.expression import Figure, FormulaError, evaluate
from billhook.core.money import currency
from billhook.core.price.formula import Formula

EUR, USD = currency("EUR"), currency("USD")
D = Decimal


def test_a_formula_is_arithmetic_over_named_figures() -> None:
    price = Formula(currency=EUR, expression="min(units * 0.05, 10) + 2 * seats", names=("seats",))
    assert price.price_with(D(100), {"seats": D(3)}).amount == D(11)
    with pytest.raises(FormulaError, match="needs seats"):
        price.price(D(1))
    assert Formula(currency=EUR, expression="units / 3").price(D(1)).amount == D("0.333333333333")


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("-units + +2 ** 3", "5"),
        ("ceil(units / 2) * 1.10", "2.2"),
        ("floor(7 / 2) + abs(-1) + 7 // 2 + 7 % 4", "10"),
        ("max(1, 2, units)", "3"),
        ("10 if 1 < units <= 3 and not units == 2 or 0 else 20", "10"),
        ("(units != 3) + (units >= 3) + (units > 3)", "1"),
    ],
)
def test_what_formulas_come_to(expression: str, value: str) -> None:
    assert evaluate(expression, [Figure("units", D(3))]) == Fraction(value)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "units +",
        "__import__('os')",
        "units.real",
        "units[0]",
        "[units]",
        "(lambda: 1)()",
        "'text'",
        "1j",
        "open",
        "cents",
        "min()",
        "abs(1, 2)",
        "min(units, key=units)",
        "0.12345678901234567891",
        "1e999",
        "True",
        "units := 1",
        "(" * 40 + "1" + ")" * 40 + "+" + "-" * 40 + "1",
        "1 + " * 200 + "1",
        "units if units else open",
    ],
)
def test_a_formula_that_is_more_than_arithmetic_is_refused(expression: str) -> None:
    with pytest.raises(FormulaError):
        Formula(currency=EUR, expression=expression)


@pytest.mark.parametrize(
    "expression", ["1 / units", "2 ** (units + 0.5)", "2 ** 13", "((9 ** 12) ** 12) ** 12", "1 % units"]
)
def test_a_formula_without_a_value_is_refused(expression: str) -> None:
    with pytest.raises(FormulaError):
        Formula(currency=EUR, expression=expression).price(D(0))


@given(st.text("0123456789.+-*/%() unitsmaxceil,<>=ifelse", max_size=40))
def test_any_text_is_a_formula_or_is_refused(text: str) -> None:
    try:
        Formula(currency=EUR, expression=text).price(D(3))
    except FormulaError:
        return
    assert evaluate(text, [Figure("units", D(3))]) == evaluate(text, [Figure("units", D(3))])
