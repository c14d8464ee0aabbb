"""Taxes: which rule holds, where it is rounded, and that net and tax make the gross."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billhook.core.exact import NotExactError
from billhook.core.money import Money, currency, sum_money
from billhook.core.tax import Taxable, Taxed, TaxError, TaxPolicy, TaxRounding, TaxRule, Treatment, assess

EUR = currency("EUR")
DAY = date(2026, 3, 31)
D = Decimal


def rule(category: str, percent: str, code: str = "VAT", **dates: Any) -> TaxRule:
    """Return a tax on a category of products."""
    return TaxRule(tax_category=category, code=code, name=f"{code} {percent} %", percent=D(percent), **dates)


def taxable(amount: str, category: str = "standard", day: date = DAY) -> Taxable:
    """Return a line amount in euros."""
    return Taxable(Money.of(amount, EUR), category, day)


def taxes(found: Taxed) -> list[tuple[str, str, str]]:
    """Return percent, base and tax of each tax line."""
    return [(str(line.percent), str(line.base.amount), str(line.amount.amount)) for line in found.lines]


VAT = TaxPolicy(rules=(rule("standard", "21"), rule("reduced", "9")))


def with_rounding(rounding: TaxRounding) -> TaxPolicy:
    """Return the two rates of value-added tax under a rounding."""
    return TaxPolicy(rules=VAT.rules, rounding=rounding)


def test_tax_is_rounded_by_rate_by_line_or_once() -> None:
    lines = [taxable("0.07"), taxable("0.07"), taxable("0.07"), taxable("0.15", "reduced")]
    assert taxes(assess(with_rounding(TaxRounding.RATE), lines, EUR)) == [("9", "0.15", "0.01"), ("21", "0.21", "0.04")]
    assert taxes(assess(with_rounding(TaxRounding.LINE), lines, EUR)) == [("9", "0.15", "0.01"), ("21", "0.21", "0.03")]
    exactly = taxes(assess(with_rounding(TaxRounding.EXACT_TOTAL), lines, EUR))
    assert exactly == [("9", "0.15", "0.01"), ("21", "0.21", "0.05")]


def test_prices_that_contain_the_tax() -> None:
    found = assess(VAT, [taxable("121.00"), taxable("10.00"), taxable("10.90", "reduced")], EUR, inclusive=True)
    assert taxes(found) == [("9", "10.00", "0.90"), ("21", "108.26", "22.74")]
    assert [str(net.amount) for net in found.nets] == ["100.00", "8.26", "10.00"]


def test_a_credit_is_taxed_like_the_charge_it_takes_back() -> None:
    charge, credit = (assess(VAT, [taxable(amount)], EUR).lines[0].amount for amount in ("0.50", "-0.50"))
    assert charge == -credit == Money.of("0.11", EUR)


def test_the_rate_is_the_one_in_force_on_the_day() -> None:
    change = date(2026, 4, 1)
    policy = TaxPolicy(rules=(rule("standard", "19", valid_until=change), rule("standard", "21", valid_from=change)))
    found = assess(policy, [taxable("100"), taxable("100", day=change)], EUR)
    assert taxes(found) == [("19", "100.00", "19.00"), ("21", "100.00", "21.00")]


def test_two_taxes_on_one_category() -> None:
    policy = TaxPolicy(rules=(rule("standard", "7", "PST"), rule("standard", "5", "GST")))
    assert taxes(assess(policy, [taxable("10.10")], EUR)) == [("5", "10.10", "0.51"), ("7", "10.10", "0.71")]
    inclusive = assess(policy, [taxable("11.20")], EUR, inclusive=True)
    assert taxes(inclusive) == [("5", "10.00", "0.50"), ("7", "10.00", "0.70")]


def test_reverse_charge_takes_the_tax_away_and_says_why() -> None:
    policy = TaxPolicy(
        rules=VAT.rules, treatment=Treatment(category="AE", name="Reverse charge", reason="Article 196, 2006/112/EC")
    )
    (line,) = assess(policy, [taxable("100"), taxable("50", "reduced")], EUR).lines
    assert (line.category, line.base, line.amount) == ("AE", Money.of(150, EUR), Money.zero(EUR))
    assert line.reason == "Article 196, 2006/112/EC"


def test_a_category_without_rate_is_shown_as_untaxed_not_left_out() -> None:
    (line,) = assess(TaxPolicy(), [taxable("20.00")], EUR).lines
    assert (line.category, line.percent, line.base, line.amount) == ("O", D(0), Money.of(20, EUR), Money.zero(EUR))
    assert "standard" in line.reason
    exempt = TaxPolicy(
        rules=(
            TaxRule(
                tax_category="standard", code="VAT", name="Exempt", percent=D(0), category="E", reason="Article 132"
            ),
        )
    )
    assert assess(exempt, [taxable("20.00")], EUR, inclusive=True).lines[0].category == "E"


def test_rules_that_contradict_are_refused() -> None:
    with pytest.raises(TaxError, match="overlap"):
        TaxPolicy(rules=(rule("standard", "19"), rule("standard", "21", valid_from=DAY)))
    with pytest.raises(TaxError, match="at least 0"):
        rule("standard", "-1")
    with pytest.raises(TaxError, match="swap"):
        rule("standard", "1", valid_from=DAY, valid_until=DAY)
    with pytest.raises(NotExactError):
        TaxRule(tax_category="standard", code="VAT", name="VAT", percent=0.21)  # type: ignore[arg-type]


LINES = st.lists(
    st.builds(
        Taxable,
        st.integers(-(10**6), 10**7).map(lambda cents: Money(D(cents).scaleb(-2), EUR)),
        st.sampled_from(["standard", "reduced", "unknown", "both"]),
        st.just(DAY),
    ),
    max_size=10,
)
RULES = (rule("standard", "21"), rule("reduced", "9"), rule("both", "5", "GST"), rule("both", "9.975", "QST"))


@given(LINES, st.sampled_from(TaxRounding), st.booleans())
def test_tax_and_net_make_the_gross(lines: list[Taxable], rounding: TaxRounding, inclusive: bool) -> None:
    found = assess(TaxPolicy(rules=RULES, rounding=rounding), lines, EUR, inclusive=inclusive)
    amounts = sum_money((line.amount for line in lines), EUR)
    net, tax = sum_money(found.nets, EUR), sum_money((line.amount for line in found.lines), EUR)
    assert net + tax == amounts if inclusive else net == amounts
    assert all(line.amount == line.amount.rounded() and line.base == line.base.rounded() for line in found.lines)
    once_taxed = sum_money((line.base for line in found.lines if line.code != "QST"), EUR)
    assert once_taxed == net


@given(LINES, st.sampled_from(TaxRounding))
def test_tax_is_within_a_cent_of_exact_for_each_thing_rounded(lines: list[Taxable], rounding: TaxRounding) -> None:
    found = assess(TaxPolicy(rules=RULES, rounding=rounding), lines, EUR)
    for line in found.lines:
        allowed = Fraction(len(lines), 200) if rounding is TaxRounding.LINE else Fraction(1, 100)
        assert abs(Fraction(line.amount.amount) - Fraction(line.base.amount) * Fraction(line.percent) / 100) <= allowed
    total = sum(Fraction(line.base.amount) * Fraction(line.percent) / 100 for line in found.lines)
    tax = sum_money((line.amount for line in found.lines), EUR)
    if rounding is TaxRounding.EXACT_TOTAL:
        assert abs(Fraction(tax.amount) - total) <= Fraction(1, 200)


@given(LINES, st.sampled_from(TaxRounding), st.booleans(), st.randoms())
def test_the_order_of_lines_does_not_change_the_tax(
    lines: list[Taxable], rounding: TaxRounding, inclusive: bool, random: object
) -> None:
    policy = TaxPolicy(rules=RULES, rounding=rounding)
    turned = list(lines)
    random.shuffle(turned)  # type: ignore[attr-defined]
    first, second = (assess(policy, found, EUR, inclusive=inclusive) for found in (lines, turned))
    assert [line.amount for line in first.lines] == [line.amount for line in second.lines]
