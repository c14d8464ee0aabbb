"""Taxes of other kinds than one percentage: fixed ones, those that stand on others, and rates that change."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billhook.core.agreement import Agreement, ChargeKind, Cycle
from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.derivation import Derivation
from billhook.core.document import DraftLine
from billhook.core.money import Currency, Money, currency, sum_money
from billhook.core.period import Period
from billhook.core.tax import Taxable, Taxed, TaxLine, assess, group_key
from billhook.core.tax_rules import FixedPer, RateDay, TaxError, TaxPolicy, TaxRounding, TaxRule, Treatment, chosen
from billhook.core.taxing import taxed_lines, taxed_on

EUR, JPY = currency("EUR"), currency("JPY")
D = Decimal
MARCH = Period(date(2026, 3, 1), date(2026, 4, 1))
CHANGE = date(2026, 3, 11)
DAY = MARCH.last_day
ROUNDINGS = tuple(TaxRounding)


def rule(code: str, percent: str = "0", category: str = "goods", **more: object) -> TaxRule:
    """Return a tax on a category of products."""
    return TaxRule(tax_category=category, code=code, name=code, percent=D(percent), **more)  # type: ignore[arg-type]


def taxable(amount: str, category: str = "goods", quantity: str = "1", unit: Currency = EUR) -> Taxable:
    """Return a line amount on the last day of March."""
    return Taxable(Money.of(amount, unit), category, DAY, D(quantity))


def found(taxed: Taxed) -> dict[str, str]:
    """Return the tax by its code."""
    return {line.code: str(line.amount.amount) for line in taxed.lines}


GST = rule("GST", "5")
QST = rule("QST", "9.975", compound=True)
STACKED = (GST, QST)


def policy(*rules: TaxRule, rounding: TaxRounding = TaxRounding.RATE, day: RateDay = RateDay.LAST_DAY) -> TaxPolicy:
    """Return a policy of some rules."""
    return TaxPolicy(rules=rules, rounding=rounding, rate_day=day)


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_a_compound_tax_stands_on_the_rounded_first_one(rounding: TaxRounding) -> None:
    taxed = assess(policy(*STACKED, rounding=rounding), [taxable("100.10")], EUR)
    assert found(taxed) == {"GST": "5.01", "QST": "10.48"}  # 5.005 is 5.01; 9.975 % of 105.11 is 10.4847
    assert [line.base for line in taxed.lines] == [Money.of("100.10", EUR)] * 2


@pytest.mark.parametrize(
    ("rounding", "gst", "qst"),
    [(TaxRounding.LINE, "0.02", "0.02"), (TaxRounding.RATE, "0.01", "0.02"), (TaxRounding.EXACT_TOTAL, "0.01", "0.02")],
)
def test_each_mode_rounds_both_taxes_alike(rounding: TaxRounding, gst: str, qst: str) -> None:
    lines = [taxable("0.11"), taxable("0.10")]  # 0.0055 + 0.0050 by line; 0.0105 together
    assert found(assess(policy(*STACKED, rounding=rounding), lines, EUR)) == {"GST": gst, "QST": qst}


@pytest.mark.parametrize(
    ("rounding", "qst"), [(TaxRounding.LINE, "0.30"), (TaxRounding.RATE, "0.31"), (TaxRounding.EXACT_TOTAL, "0.31")]
)
def test_a_compound_tax_is_rounded_where_the_mode_says(rounding: TaxRounding, qst: str) -> None:
    taxed = assess(policy(*STACKED, rounding=rounding), [taxable("1.00")] * 3, EUR)
    assert found(taxed) == {"GST": "0.15", "QST": qst}  # 9.975 % of 1.05 is 0.1047, of 3.15 is 0.3142


def test_by_line_a_compound_tax_stands_on_the_first_tax_of_its_own_line() -> None:
    by_line = policy(*STACKED, rounding=TaxRounding.LINE)
    taxed = assess(by_line, [taxable("100"), taxable("-50")], EUR)
    assert found(taxed) == {"GST": "2.50", "QST": "5.23"}  # 10.47 on 105.00, less 5.24 on 52.50


def test_the_names_of_taxes_do_not_say_which_comes_first() -> None:
    rules = (rule("A", "9.975", compound=True), rule("B", "5"))
    assert found(assess(policy(*rules), [taxable("100.10")], EUR)) == {"A": "10.48", "B": "5.01"}


def test_a_first_tax_that_spans_categories_is_shared_before_one_stands_on_it() -> None:
    rules = (*STACKED, rule("GST", "5", "services"), rule("QST", "9.975", "books", compound=True))
    lines = [taxable("30.10"), taxable("10.10", "services"), taxable("8.00", "books")]
    # 5 % of 40.20 is 2.01: 1.505 and 0.505 are shared as 1.51 and 0.50, for the earlier wins a tie;
    # QST stands on 31.61 and on 8.00: 3.1531 + 0.798 = 3.9511
    assert found(assess(policy(*rules), lines, EUR)) == {"GST": "2.01", "QST": "3.95"}
    by_line = policy(*rules, rounding=TaxRounding.LINE)
    assert found(assess(by_line, lines, EUR)) == {"GST": "2.02", "QST": "3.95"}


def test_a_compound_tax_on_a_first_one_of_nothing() -> None:
    rules = (rule("GST", "0"), QST, rule("GST", "0", "services"))
    assert found(assess(policy(*rules), [taxable("100"), taxable("50", "services")], EUR)) == {
        "GST": "0.00",
        "QST": "9.98",
    }


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_prices_that_contain_a_compound_tax(rounding: TaxRounding) -> None:
    taxed = assess(policy(*STACKED, rounding=rounding), [taxable("115.47")], EUR, inclusive=True)
    assert [str(net.amount) for net in taxed.nets] == ["100.00"]  # 1.05 x 1.09975 = 1.1547375
    assert found(taxed) == {"GST": "5.00", "QST": "10.47"}
    assert found(assess(policy(*STACKED), [taxable("114.40")], EUR, inclusive=True)) == {"GST": "4.95", "QST": "10.38"}


def test_a_compound_tax_that_stands_on_no_other() -> None:
    for inclusive, amount in ((False, "100"), (True, "109.98")):
        taxed = assess(policy(QST), [taxable(amount)], EUR, inclusive=inclusive)
        assert taxed.lines[0].base == Money.of(100, EUR)
        assert found(taxed) == {"QST": "9.98"}


@pytest.mark.parametrize(
    ("rounding", "nets", "tax"),
    [
        (TaxRounding.LINE, ["0.08", "0.08", "0.08"], "0.06"),
        (TaxRounding.RATE, ["0.09", "0.08", "0.08"], "0.05"),
        (TaxRounding.EXACT_TOTAL, ["0.09", "0.08", "0.08"], "0.05"),
    ],
)
def test_where_a_contained_tax_is_rounded(rounding: TaxRounding, nets: Sequence[str], tax: str) -> None:
    taxed = assess(policy(rule("VAT", "21"), rounding=rounding), [taxable("0.10")] * 3, EUR, inclusive=True)
    assert [str(net.amount) for net in taxed.nets] == nets  # each 0.082645, together 0.247934
    assert found(taxed) == {"VAT": tax}


def test_a_contained_tax_is_rounded_by_rate_or_once() -> None:
    rules = (rule("VAT", "21"), rule("VAT", "9", "food"))
    lines = [taxable("0.10"), taxable("0.16", "food")]  # 0.0826 and 0.1468, together 0.2294
    by_rate = assess(policy(*rules), lines, EUR, inclusive=True)
    once = assess(policy(*rules, rounding=TaxRounding.EXACT_TOTAL), lines, EUR, inclusive=True)
    assert [str(net.amount) for net in by_rate.nets] == ["0.08", "0.15"]
    assert [str(net.amount) for net in once.nets] == ["0.08", "0.15"]
    more = [*lines, taxable("0.10", "exempt")]
    thrice = assess(policy(*rules, rounding=TaxRounding.EXACT_TOTAL), more, EUR, inclusive=True)
    assert sum_money(thrice.nets, EUR) == Money.of("0.33", EUR)
    assert [line.percent for line in thrice.lines] == [D(0), D(9), D(21)]


def test_one_rate_on_two_categories_of_products_is_one_tax_line() -> None:
    rules = (rule("VAT", "21"), rule("VAT", "21", "services"))
    for inclusive, base, tax in ((False, "30.00", "6.30"), (True, "24.79", "5.21")):
        (line,) = assess(policy(*rules), [taxable("10"), taxable("20", "services")], EUR, inclusive=inclusive).lines
        assert (str(line.base.amount), str(line.amount.amount)) == (base, tax)
    assert group_key(policy(*rules), "goods", DAY) == group_key(policy(*rules), "services", DAY)
    assert group_key(policy(*rules), "goods", DAY) != group_key(policy(*rules), "other", DAY)


def test_two_contained_taxes_of_nothing() -> None:
    lines = assess(policy(rule("A"), rule("B")), [taxable("10"), taxable("-3")], EUR, inclusive=True).lines
    assert [(line.code, line.base, line.amount) for line in lines] == [
        (code, Money.of(7, EUR), Money.zero(EUR)) for code in ("A", "B")
    ]


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize(("per", "tax"), [(FixedPer.INVOICE, "0.15"), (FixedPer.LINE, "0.30"), (FixedPer.UNIT, "0.75")])
def test_a_fixed_tax_of_an_invoice_a_line_or_a_unit(rounding: TaxRounding, per: FixedPer, tax: str) -> None:
    levy = policy(rule("LEVY", fixed=D("0.15"), per=per), rounding=rounding)
    lines = [taxable("0.50", quantity="3"), taxable("20.00", quantity="2"), taxable("-1.00"), taxable("0.00")]
    taxed = assess(levy, lines, EUR)
    assert found(taxed) == {"LEVY": tax}
    assert taxed.lines[0].base == Money.of("19.50", EUR)


def test_a_fixed_tax_of_an_invoice_is_charged_once_over_categories() -> None:
    levies = [rule("LEVY", category=name, fixed=D(2)) for name in ("goods", "services")]
    rules = (*levies, rule("VAT", "10"))
    taxed = assess(policy(*rules), [taxable("10"), taxable("20", "services"), taxable("5")], EUR)
    assert found(taxed) == {"LEVY": "2.00", "VAT": "1.50"}
    assert taxed.nets == (Money.of(10, EUR), Money.of(20, EUR), Money.of(5, EUR))


def test_a_tax_line_says_all_that_its_rule_says() -> None:
    green = rule("GREEN", "1.5", category="goods", reason="Act 7", account="green tax")
    (line,) = assess(policy(green), [taxable("100")], EUR).lines
    assert line == TaxLine(
        code="GREEN",
        name="GREEN",
        category="S",
        percent=D("1.5"),
        base=Money.of(100, EUR),
        amount=Money.of("1.50", EUR),
        reason="Act 7",
        account="green tax",
    )


def test_what_is_untaxed_says_why() -> None:
    (line,) = assess(TaxPolicy(), [taxable("100")], EUR).lines
    assert (line.code, line.name, line.category) == ("none-O", "No tax", "O")
    assert line.reason == "No tax rate is set for goods."
    away = TaxPolicy(rules=STACKED, treatment=Treatment(category="G", name="Export", reason="Article 146"))
    rules = away.rules_on("services", DAY)
    assert [(found.tax_category, found.code, found.percent) for found in rules] == [("services", "none-G", D(0))]
    assert TaxPolicy().rules_on("goods", DAY)[0].tax_category == "goods"
    assert hash(GST) == hash(rule("GST", "5")) != hash(QST)


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_no_lines_have_no_tax(rounding: TaxRounding) -> None:
    for inclusive in (False, True):
        assert assess(policy(*STACKED, rounding=rounding), [], EUR, inclusive=inclusive) == Taxed((), ())


def test_a_currency_without_decimals() -> None:
    taxed = assess(policy(rule("CT", "10"), rounding=TaxRounding.LINE), [taxable("15", unit=JPY)] * 2, JPY)
    assert found(taxed) == {"CT": "4"}


def test_the_category_of_a_line_is_the_nearest_that_is_set() -> None:
    assert chosen(line="a", product="b", customer="c", company="d") == "a"
    assert chosen(product="b", customer="c", company="d") == "b"
    assert chosen(customer="c", company="d") == "c"
    assert chosen(company="d") == "d"


LOW, HIGH = rule("VAT", "10", valid_until=CHANGE), rule("VAT", "20", valid_from=CHANGE)


def line(amount: str, *, tax_day: date | None = None, category: str = "goods", quantity: str = "1") -> DraftLine:
    """Return a line for March."""
    worth = Money.of(amount, EUR)
    return DraftLine(
        key=f"{category}/{amount}",
        line_key=category,
        kind=ChargeKind.RECURRING,
        description=category,
        period=MARCH,
        quantity=D(quantity),
        unit="",
        unit_price=None,
        amount=worth,
        net=worth,
        tax_category=category,
        product="",
        revenue_account="sales",
        derivation=Derivation((), worth),
        tax_day=tax_day,
    )


def agreed(tax: TaxPolicy, *, inclusive: bool = False) -> Agreement:
    """Return an agreement under a policy."""
    cycle = Cycle(cadence=Cadence(CadenceUnit.MONTH), anchor=MARCH.start, next_bill=MARCH.end)
    return Agreement(customer="1001", currency=EUR, cycle=cycle, lines=(), tax=tax, tax_inclusive=inclusive)


def rates(taxed: Taxed) -> list[tuple[str, str, str]]:
    """Return percentage, base and tax of each tax line."""
    return [(str(item.percent), str(item.base.amount), str(item.amount.amount)) for item in taxed.lines]


def test_a_line_has_the_rate_of_its_last_day_or_of_a_given_one() -> None:
    last_day = agreed(policy(LOW, HIGH))
    assert rates(taxed_lines(last_day, [line("31.00")])) == [("20", "31.00", "6.20")]
    assert rates(taxed_lines(last_day, [line("31.00", tax_day=MARCH.start)])) == [("10", "31.00", "3.10")]
    assert taxed_on(line("1")) == DAY
    assert taxed_on(line("1", tax_day=CHANGE)) == CHANGE


def test_a_line_is_split_by_days_where_its_rate_changes() -> None:
    split = agreed(policy(LOW, HIGH, rule("VAT", "10", "food"), day=RateDay.SPLIT))
    lines = [line("31.00"), line("10.00", tax_day=MARCH.start), line("7.00", category="food")]
    taxed = taxed_lines(split, lines)
    assert rates(taxed) == [("10", "27.00", "2.70"), ("20", "21.00", "4.20")]
    assert taxed.nets == tuple(item.amount for item in lines)
    thirds = taxed_lines(split, [line("1.00")])
    assert rates(thirds) == [("10", "0.32", "0.03"), ("20", "0.68", "0.14")]  # 10 and 21 days of 31
    contained = taxed_lines(agreed(split.tax, inclusive=True), [line("31.00"), line("1.10", category="food")])
    assert rates(contained) == [("10", "10.09", "1.01"), ("20", "17.50", "3.50")]
    assert [str(net.amount) for net in contained.nets] == ["26.59", "1.00"]


def test_a_split_line_pays_a_tax_by_unit_for_all_of_its_units() -> None:
    levy = rule("LEVY", fixed=D("0.10"), per=FixedPer.UNIT)
    for day in (RateDay.LAST_DAY, RateDay.SPLIT):
        assert found(taxed_lines(agreed(policy(levy, day=day)), [line("9.00", quantity="3")])) == {"LEVY": "0.30"}


def test_the_days_on_which_rates_change() -> None:
    dated = policy(LOW, HIGH, rule("VAT", "5", "food", valid_from=MARCH.start, valid_until=date(2027, 1, 1)))
    assert dated.changes("goods") == (CHANGE,)
    assert dated.changes("food") == (MARCH.start, date(2027, 1, 1))
    assert dated.changes("books") == ()
    away = TaxPolicy(rules=(LOW, HIGH), treatment=Treatment(category="G", name="Export", reason="Article 146"))
    assert away.changes("goods") == ()


AMOUNTS = st.integers(1, 10**6).map(lambda cents: Money(D(cents).scaleb(-2), EUR))
LINES = st.lists(st.builds(Taxable, AMOUNTS, st.sampled_from(["goods", "services"]), st.just(DAY)), max_size=6)


@given(LINES, st.sampled_from(TaxRounding), st.booleans())
def test_net_and_stacked_taxes_make_the_gross(lines: list[Taxable], rounding: TaxRounding, inclusive: bool) -> None:
    stacked = policy(*STACKED, rule("GST", "5", "services"), rounding=rounding)
    taxed = assess(stacked, lines, EUR, inclusive=inclusive)
    amounts = sum_money((item.amount for item in lines), EUR)
    net, tax = sum_money(taxed.nets, EUR), sum_money((item.amount for item in taxed.lines), EUR)
    assert net + tax == amounts if inclusive else net == amounts
    assert all(item.amount == item.amount.rounded() and item.amount.amount >= 0 for item in taxed.lines)


def test_a_compound_tax_stands_on_the_first_tax_of_its_own_lines_whatever_their_sign() -> None:
    gst_everywhere = policy(rule("GST", "5"), rule("QST", "9.975", compound=True), rule("GST", "5", "services"))
    taxed = assess(
        gst_everywhere,
        [Taxable(Money.of("100", EUR), "goods", DAY), Taxable(Money.of("-50", EUR), "services", DAY)],
        EUR,
    )
    assert found(taxed) == {"GST": "2.50", "QST": "10.47"}  # 105.00 x 9.975 % = 10.47375


def test_categories_at_one_rate_are_rounded_together_where_prices_contain_the_tax() -> None:
    one_rate = policy(rule("VAT", "21"), rule("VAT", "21", "services"))
    halves = [taxable("10", category) for category in ("goods", "services")]
    (vat,) = assess(one_rate, halves, EUR, inclusive=True).lines
    assert (str(vat.base.amount), str(vat.amount.amount)) == ("16.53", "3.47")


def test_one_code_with_two_fixed_amounts_an_invoice_is_refused() -> None:
    with pytest.raises(TaxError, match="ECO is 1 and 2 an invoice"):
        policy(rule("ECO", fixed=D(1)), rule("ECO", "0", "services", fixed=D(2)))


def test_by_line_a_compound_tax_stands_on_first_taxes_rounded_by_line_not_on_their_shares() -> None:
    half = rule("PST", "50", compound=True)
    taxed = assess(policy(GST, half, rounding=TaxRounding.LINE), [taxable("0.11")] * 3, EUR)
    assert found(taxed) == {"GST": "0.03", "PST": "0.18"}  # three times half of 0.12


def test_by_rate_a_compound_tax_stands_on_the_share_of_a_first_tax_that_was_rounded_once() -> None:
    rules = (GST, rule("GST", "5", "services"), rule("PST", "50", "services", compound=True))
    taxed = assess(policy(*rules), [taxable("30.10"), taxable("10.10", "services")], EUR)
    assert found(taxed) == {"GST": "2.01", "PST": "5.30"}  # of 10.60: the services' share of 2.01 is 0.50


def test_a_unit_that_the_exact_total_moves_to_a_first_tax_falls_to_its_largest_share() -> None:
    rules = (
        rule("GST", "5"),
        rule("GST", "5", "services"),
        rule("VAT", "8", "books"),
        rule("PST", "50", compound=True),
    )
    lines = [taxable("20.00"), taxable("0.08", "services"), taxable("0.05", "books")]
    taxed = assess(policy(*rules, rounding=TaxRounding.EXACT_TOTAL), lines, EUR)
    assert found(taxed) == {"GST": "1.01", "VAT": "0.00", "PST": "10.51"}  # 1.004 and 0.004 make 1.01; half of 21.01
