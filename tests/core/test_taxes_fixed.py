"""Fixed taxes: charged by line, unit or invoice, and given back in the share of a line that is credited."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.agreements import EUR, FIRST, agreement, day, line

from billhook.core.agreement import AgreedLine, Agreement, ChargeKind
from billhook.core.billed import BilledPart, CreditedPart
from billhook.core.discount import Discount
from billhook.core.draft import DraftLine, InvoiceDraft, bill, from_bytes, to_bytes
from billhook.core.money import Money
from billhook.core.period import Period
from billhook.core.price.flat import Flat
from billhook.core.proration import Basis
from billhook.core.tax_rules import FixedPer, RateDay, TaxError, TaxPolicy, TaxRounding, TaxRule

D = Decimal
MARCH = Period(FIRST, day("04-01"))
CHANGE = day("03-11")
VAT = TaxRule(tax_category="standard", code="VAT", name="VAT", percent=D(21))
BY_LINE_OR_UNIT = st.sampled_from([FixedPer.LINE, FixedPer.UNIT])


def levy(fixed: str, per: FixedPer, category: str = "standard") -> TaxRule:
    """Return a fixed tax."""
    return TaxRule(tax_category=category, code="LEVY", name="Levy", percent=D(0), fixed=D(fixed), per=per)


def taxes(*rules: TaxRule, rounding: TaxRounding = TaxRounding.RATE, by: RateDay = RateDay.LAST_DAY) -> TaxPolicy:
    """Return a policy of some rules."""
    return TaxPolicy(rules=rules, rounding=rounding, rate_day=by)


def priced(amount: str, quantity: int = 1, key: str = "L") -> AgreedLine:
    """Return a line that costs an amount a month in advance from 1 March."""
    return line(key, price=Flat(currency=EUR, amount=D(amount)), quantity=D(quantity))


def charged(agreed: Agreement, on: date = FIRST) -> InvoiceDraft:
    """Return a bill, which its bytes keep whole."""
    draft = bill(agreed, (), on)
    assert draft is not None
    assert from_bytes(to_bytes(draft)) == draft
    return draft


def part_of(item: DraftLine) -> BilledPart:
    """Return what a line billed, for later credits."""
    return BilledPart(period=item.period, amount=item.amount, document="1", tax_day=item.tax_day)


def ended(of: AgreedLine, on: str | date, *parts: BilledPart) -> AgreedLine:
    """Return a line that ends on a day, with what was billed beyond it."""
    until = day(on) if isinstance(on, str) else on
    return replace(of, active_until=until, billed=parts, billed_through=MARCH.end)


def credit_of(tax: TaxPolicy, *lines: AgreedLine) -> InvoiceDraft:
    """Return the bill of 15 March that credits lines."""
    return charged(agreement(*lines, tax=tax), day("03-15"))


def by_code(draft: InvoiceDraft) -> dict[str, str]:
    """Return the tax of a bill by its code."""
    return {tax.code: str(tax.amount.amount) for tax in draft.taxes}


@pytest.mark.parametrize("rounding", TaxRounding)
@pytest.mark.parametrize(("per", "tax"), [(FixedPer.LINE, "1.55"), (FixedPer.UNIT, "4.65")])
def test_cancelling_a_whole_line_gives_back_its_fixed_tax(rounding: TaxRounding, per: FixedPer, tax: str) -> None:
    policy, sold = taxes(levy("1.55", per), VAT, rounding=rounding), priced("31.00", 3)
    first = charged(agreement(sold, tax=policy))
    assert by_code(first) == {"LEVY": tax, "VAT": "6.51"}
    credit = credit_of(policy, ended(sold, FIRST, part_of(first.lines[0])))
    assert by_code(credit) == {"LEVY": f"-{tax}", "VAT": "-6.51"}
    assert first.total + credit.total == Money.zero(EUR)


@pytest.mark.parametrize(("per", "tax"), [(FixedPer.LINE, "-0.55"), (FixedPer.UNIT, "-1.65")])
def test_cancelling_a_part_gives_back_the_share_that_is_credited(per: FixedPer, tax: str) -> None:
    sold = priced("31.00", 3)
    credit = credit_of(taxes(levy("1.55", per)), ended(sold, "03-21", part_of(charged(agreement(sold)).lines[0])))
    assert str(credit.net.amount) == "-11.00"
    assert by_code(credit) == {"LEVY": tax}  # 11 of 31 days


def test_several_credits_of_one_part_are_rounded_by_running_total() -> None:
    sold, policy = priced("30.00"), taxes(levy("0.10", FixedPer.LINE))
    part = BilledPart(period=Period(FIRST, day("03-31")), amount=Money.of(30, EUR))
    given_back = []
    for until in ("03-21", "03-11", "03-01"):
        draft = credit_of(policy, ended(sold, until, part))
        given_back.append(by_code(draft)["LEVY"])
        more = [CreditedPart(period=item.period, amount=-item.amount) for item in draft.lines]
        part = replace(part, credited=(*part.credited, *more))
    assert given_back == ["-0.03", "-0.04", "-0.03"]  # 0.0333, 0.0667 and 0.10 in all


def test_two_gaps_in_one_bill_are_rounded_by_running_total_too() -> None:
    sold, policy = priced("31.00"), taxes(levy("0.05", FixedPer.LINE), rounding=TaxRounding.LINE)
    part = part_of(charged(agreement(sold)).lines[0])
    gaps = (Period(day("03-02"), day("03-05")), Period(day("03-08"), day("03-11")))
    draft = credit_of(policy, replace(sold, suspended=gaps, billed=(part,), billed_through=MARCH.end))
    assert [str(item.amount.amount) for item in draft.lines] == ["-3.00", "-3.00"]
    assert by_code(draft) == {"LEVY": "-0.01"}  # 0.0048 rounds to nothing, 0.0097 to 0.01


def test_the_last_credit_gives_back_the_rest_where_rounded_amounts_leave_a_cent() -> None:
    sold = priced("10.00")
    part = BilledPart(period=Period(FIRST, day("03-31")), amount=Money.of(10, EUR))
    thirds = [Period(day(start), day(end)) for start, end in (("03-11", "03-21"), ("03-21", "03-31"))]
    earlier = tuple(CreditedPart(period=days, amount=Money.of("3.33", EUR)) for days in thirds)
    draft = credit_of(taxes(levy("90", FixedPer.LINE)), ended(sold, FIRST, replace(part, credited=earlier)))
    assert str(draft.net.amount) == "-3.33"
    assert by_code(draft) == {"LEVY": "-30.06"}  # 59.94 was given back for 6.66 of 10.00


def test_a_credit_beside_a_charge_gives_back_its_own_share_only() -> None:
    sold, policy = priced("31.00", 2), taxes(levy("1.55", FixedPer.UNIT), VAT)
    old = ended(sold, "03-21", part_of(charged(agreement(sold)).lines[0]))
    more = line(
        "L2",
        order_line="L",
        active_from=day("03-21"),
        quantity=D(5),
        price=Flat(currency=EUR, amount=D(62)),
    )
    draft = charged(agreement(old, more, tax=policy), day("03-21"))
    assert [str(item.amount.amount) for item in draft.lines] == ["-11.00", "22.00"]
    assert by_code(draft) == {"LEVY": "6.65", "VAT": "2.31"}  # 5 x 1.55 less 2 x 1.55 x 11/31


def test_discounts_do_not_touch_a_fixed_tax_by_unit_or_line() -> None:
    half = (Discount(key="D", description="", percent=D(50)),)
    for per, tax in ((FixedPer.LINE, "1.50"), (FixedPer.UNIT, "4.50")):
        policy, sold = taxes(levy("1.50", per)), priced("31.00", 3)
        first = charged(agreement(sold, tax=policy, discounts=half))
        assert (str(first.net.amount), by_code(first)) == ("15.50", {"LEVY": tax})
        paid = replace(part_of(first.lines[0]), amount=first.net)
        credit = credit_of(policy, ended(sold, FIRST, paid))
        assert (str(credit.net.amount), by_code(credit)) == ("-15.50", {"LEVY": f"-{tax}"})


def test_what_takes_something_off_but_credits_no_line_gives_no_fixed_tax_back() -> None:
    policy = taxes(levy("1.50", FixedPer.LINE))
    capped = replace(priced("31.00"), maximum=D(20))
    draft = charged(agreement(capped, tax=policy))
    assert [str(item.amount.amount) for item in draft.lines] == ["31.00", "-11.00"]
    assert by_code(draft) == {"LEVY": "1.50"}


@pytest.mark.parametrize("rounding", TaxRounding)
def test_a_fixed_tax_is_rounded_line_by_line_in_every_mode(rounding: TaxRounding) -> None:
    policy = taxes(levy("0.005", FixedPer.LINE), VAT, rounding=rounding)
    sold = [priced("1.00", key=key) for key in ("A", "B")]
    first = charged(agreement(*sold, tax=policy))
    assert by_code(first) == {"LEVY": "0.02", "VAT": "0.42"}
    given_back = [
        credit_of(policy, ended(of, FIRST, part_of(item))) for of, item in zip(sold, first.lines, strict=True)
    ]
    assert [by_code(credit)["LEVY"] for credit in given_back] == ["-0.01", "-0.01"]


@pytest.mark.parametrize("rounding", TaxRounding)
def test_a_fixed_tax_of_an_invoice_is_never_charged_on_credits_only(rounding: TaxRounding) -> None:
    policy, sold = taxes(levy("2", FixedPer.INVOICE), rounding=rounding), priced("31.00")
    first = charged(agreement(sold, tax=policy))
    assert by_code(first) == {"LEVY": "2.00"}
    credit = ended(sold, FIRST, part_of(first.lines[0]))
    assert by_code(credit_of(policy, credit)) == {"LEVY": "0.00"}
    mixed = credit_of(policy, credit, line("M", kind=ChargeKind.ONE_TIME, cadence=None))
    assert (by_code(mixed), str(mixed.net.amount)) == ({"LEVY": "2.00"}, "-11.00")


@pytest.mark.parametrize("rounding", TaxRounding)
def test_a_fixed_tax_of_an_invoice_is_charged_once_under_the_first_category_with_a_charge(
    rounding: TaxRounding,
) -> None:
    rules = [levy("2", FixedPer.INVOICE, category) for category in ("standard", "reduced", "late")]
    sold = priced("31.00")
    credit = ended(sold, FIRST, part_of(charged(agreement(sold)).lines[0]))
    others = [
        line(key, kind=ChargeKind.ONE_TIME, cadence=None, tax_category=category)
        for key, category in (("M", "reduced"), ("N", "late"), ("O", "late"))
    ]
    assert by_code(credit_of(taxes(*rules, rounding=rounding), credit, *others)) == {"LEVY": "2.00"}


@pytest.mark.parametrize("rounding", TaxRounding)
def test_a_compound_tax_stands_on_the_fixed_tax_of_an_invoice_once(rounding: TaxRounding) -> None:
    compound = TaxRule(tax_category="standard", code="PST", name="PST", percent=D(10), compound=True)
    policy = taxes(levy("2", FixedPer.INVOICE), compound, rounding=rounding)
    draft = charged(agreement(priced("10.00", key="A"), priced("30.00", key="B"), tax=policy))
    assert by_code(draft) == {"LEVY": "2.00", "PST": "4.20"}


@pytest.mark.parametrize("rounding", TaxRounding)
def test_a_line_split_by_days_is_charged_its_fixed_tax_by_days(rounding: TaxRounding) -> None:
    rules = (
        replace(VAT, percent=D(10), valid_until=CHANGE),
        replace(VAT, percent=D(20), valid_from=CHANGE),
        levy("1.55", FixedPer.UNIT),
    )
    policy, sold = taxes(*rules, rounding=rounding, by=RateDay.SPLIT), priced("31.00", 2)
    first = charged(agreement(sold, tax=policy))
    assert [str(tax.amount.amount) for tax in first.taxes] == ["3.10", "1.00", "4.20"]
    part = part_of(first.lines[0])
    credit = credit_of(policy, ended(sold, "03-06", part))
    assert str(credit.net.amount) == "-26.00"
    assert [str(tax.amount.amount) for tax in credit.taxes] == ["-2.60", "-0.50", "-4.20"]
    whole = credit_of(policy, ended(sold, FIRST, part))
    assert whole.total + first.total == Money.zero(EUR)


def test_days_split_by_rate_have_the_fixed_tax_that_is_in_force_on_them() -> None:
    until = replace(levy("3.10", FixedPer.LINE), valid_until=CHANGE)
    policy, sold = taxes(until, by=RateDay.SPLIT), priced("0.02")
    first = charged(agreement(sold, tax=policy))
    assert by_code(first) == {"LEVY": "1.00", "none-O": "0.00"}  # 10 of 31 days, however small the line
    assert by_code(charged(agreement(priced("0.00"), tax=policy))) == {"LEVY": "0.00", "none-O": "0.00"}


@pytest.mark.parametrize(("amount", "tax"), [("0.00", "0.00"), ("0.01", "2.00"), ("0.50", "2.00")])
def test_any_line_above_zero_brings_the_fixed_tax_of_an_invoice(amount: str, tax: str) -> None:
    assert by_code(charged(agreement(priced(amount), tax=taxes(levy("2", FixedPer.INVOICE))))) == {"LEVY": tax}


@pytest.mark.parametrize("names", [("standard", "reduced"), ("reduced", "standard")])
def test_a_fixed_tax_of_an_invoice_may_change_its_amount_from_a_day_on(names: tuple[str, str]) -> None:
    until = replace(levy("1", FixedPer.INVOICE, names[0]), valid_until=CHANGE)
    since = replace(levy("2", FixedPer.INVOICE, names[1]), valid_from=CHANGE)
    for rules in ((until, since), (since, until)):
        assert taxes(*rules).changes(names[0]) == (CHANGE,)
    for other in (replace(since, valid_from=CHANGE - timedelta(days=1)), replace(since, valid_from=None)):
        for rules in ((until, other), (other, until)):
            with pytest.raises(TaxError, match=r"LEVY is \d and \d an invoice; give each its own code"):
                taxes(*rules)


def test_a_fixed_tax_by_line_may_have_an_amount_for_each_category() -> None:
    rules = (levy("1", FixedPer.LINE), levy("2", FixedPer.LINE, "reduced"))
    reduced = replace(priced("5.00", key="R"), tax_category="reduced")
    assert by_code(charged(agreement(priced("5.00"), reduced, tax=taxes(*rules)))) == {"LEVY": "3.00"}


def test_a_part_that_cost_nothing_was_billed_and_has_nothing_to_give_back() -> None:
    part = BilledPart(period=MARCH, amount=Money.zero(EUR))
    again = ended(priced("31.00"), FIRST, part)
    assert bill(agreement(again, tax=taxes(levy("1", FixedPer.LINE))), (), day("03-15")) is None


def test_a_credit_says_that_there_is_no_more_only_where_it_would_give_back_more() -> None:
    sold = priced("31.00")
    credit = credit_of(taxes(), ended(sold, FIRST, part_of(charged(agreement(sold)).lines[0])))
    assert [step.tag for step in credit.lines[0].derivation.steps] == ["unused", "rounded"]


CENTS = st.integers(100, 10**6).map(lambda cents: str(D(cents).scaleb(-2)))
FIXED = st.integers(0, 10**6).map(lambda mills: str(D(mills).scaleb(-3)))
ENDS = st.lists(st.integers(0, 30), min_size=1, max_size=5, unique=True)


@given(
    CENTS,
    FIXED,
    BY_LINE_OR_UNIT,
    st.integers(1, 9),
    ENDS,
    st.sampled_from(TaxRounding),
    st.sampled_from(RateDay),
    st.sampled_from([Basis.DAYS, Basis.THIRTY, Basis.SECONDS]),
)
def test_all_credits_of_a_line_give_back_the_fixed_tax_that_it_was_charged(
    amount: str,
    fixed: str,
    per: FixedPer,
    quantity: int,
    ends: list[int],
    rounding: TaxRounding,
    by: RateDay,
    basis: Basis,
) -> None:
    dated = (
        replace(levy(fixed, per), valid_until=CHANGE),
        replace(levy(f"{D(fixed) + 1}", per), valid_from=CHANGE),
    )
    policy, sold = taxes(*dated, rounding=rounding, by=by), replace(priced(amount, quantity), basis=basis)
    first = charged(agreement(sold, tax=policy))
    part, left = part_of(first.lines[0]), first.tax
    for days in sorted({*ends, 0}, reverse=True):
        draft = bill(agreement(ended(sold, FIRST + timedelta(days=days), part), tax=policy), (), MARCH.end)
        if draft is not None:
            left += draft.tax
            given_back = [CreditedPart(period=item.period, amount=-item.amount) for item in draft.lines]
            part = replace(part, credited=(*part.credited, *given_back))
        assert 0 <= left.amount <= first.tax.amount, "never more than what was charged"
    assert not left
