"""Kinds of taxes: fixed, compound, by whose day, and of what earlier invoices billed."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billhook.core.agreement import AgreedLine, Agreement, ChargeKind, Cycle
from billhook.core.billed import BilledPart
from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.derivation import recompute
from billhook.core.discount import Discount
from billhook.core.draft import InvoiceDraft, bill, from_bytes, to_bytes
from billhook.core.money import Money, currency, sum_money
from billhook.core.period import Period
from billhook.core.price.flat import Flat
from billhook.core.tax import (
    FixedPer,
    RateDay,
    Taxable,
    TaxError,
    TaxPolicy,
    TaxRounding,
    TaxRule,
    assess,
)
from billhook.core.tax_rules import chosen
from billhook.core.usage import UsageCharge

EUR, CHF = currency("EUR"), currency("CHF")
MONTH = Cadence(CadenceUnit.MONTH)
FIRST = date(2026, 3, 1)
MARCH = Period(FIRST, date(2026, 4, 1))


def day(text: str) -> date:
    """Return a date of 2026 from month and day."""
    return date.fromisoformat(f"2026-{text}")


def line(key: str = "L", **changes: Any) -> AgreedLine:
    """Return a line of 20.00 a month in advance from 1 March, unless told otherwise."""
    usual: dict[str, Any] = {
        "description": key,
        "kind": ChargeKind.RECURRING,
        "active_from": FIRST,
        "cadence": MONTH,
        "price": Flat(currency=EUR, amount=Decimal("20.00")),
        "product": key,
    }
    return AgreedLine(key=key, **(usual | changes))


def once(key: str, amount: str, **changes: Any) -> AgreedLine:
    """Return a one-time charge."""
    price = Flat(currency=EUR, amount=Decimal(amount))
    return line(key, **({"kind": ChargeKind.ONE_TIME, "cadence": None, "price": price} | changes))


def billed(*lines: AgreedLine, on: date = FIRST, usage: tuple[UsageCharge, ...] = (), **changes: Any) -> InvoiceDraft:
    """Return the bill of lines on a day."""
    cycle = Cycle(cadence=MONTH, anchor=FIRST, next_bill=MONTH.after(FIRST, on))
    draft = bill(Agreement(customer="1001", currency=EUR, cycle=cycle, lines=lines, **changes), usage, on)
    assert draft is not None
    assert all(recompute(item.derivation) == item.amount for item in draft.lines)
    assert from_bytes(to_bytes(draft)) == draft
    return draft


def rule(percent: str = "0", **changes: Any) -> TaxRule:
    """Return a tax on standard products."""
    return TaxRule(
        **({"tax_category": "standard", "code": "vat", "name": "VAT", "percent": Decimal(percent)} | changes)
    )


def test_a_fixed_tax_is_charged_for_an_invoice_a_line_or_a_unit() -> None:
    lines = (once("A", "10.00"), once("B", "20.00", quantity=Decimal(3)))
    for per, tax in ((FixedPer.INVOICE, "1.50"), (FixedPer.LINE, "3.00"), (FixedPer.UNIT, "6.00")):
        for rounding in TaxRounding:
            policy = TaxPolicy(rules=(rule(fixed=Decimal("1.50"), per=per),), rounding=rounding)
            assert str(billed(*lines, tax=policy).tax.amount) == tax
    with pytest.raises(TaxError, match="one of them"):
        rule("5", fixed=Decimal(1))
    with pytest.raises(TaxError, match="do not compound"):
        rule(fixed=Decimal(1), compound=True)
    with pytest.raises(TaxError, match="no price contains"):
        billed(*lines, tax=TaxPolicy(rules=(rule(fixed=Decimal(1)),)), tax_inclusive=True)


def test_a_compound_tax_stands_on_the_rounded_first_tax() -> None:
    rules = (rule("5", code="gst"), rule("10", code="pst", compound=True))
    draft = billed(once("A", "10.10"), tax=TaxPolicy(rules=rules))
    assert [str(tax.amount.amount) for tax in draft.taxes] == ["0.51", "1.06"], "10 % of 10.10 + 0.51"
    by_line = TaxPolicy(rules=rules, rounding=TaxRounding.LINE)
    draft = billed(once("A", "0.10"), once("B", "0.10"), tax=by_line)
    assert [str(tax.amount.amount) for tax in draft.taxes] == ["0.02", "0.02"]
    gross = billed(once("A", "11.55"), tax=TaxPolicy(rules=rules), tax_inclusive=True)
    assert (str(gross.net.amount), str(gross.total.amount)) == ("10.00", "11.55")
    assert [str(tax.amount.amount) for tax in gross.taxes] == ["0.50", "1.05"]


def test_a_first_tax_that_spans_two_groups_is_shared_between_their_compound_taxes() -> None:
    rules = (
        rule("5", code="gst"),
        rule("10", code="pst", compound=True),
        rule("5", code="gst", tax_category="other"),
    )
    draft = billed(once("A", "10.00"), once("B", "30.00", tax_category="other"), tax=TaxPolicy(rules=rules))
    assert {tax.code: str(tax.amount.amount) for tax in draft.taxes} == {"gst": "2.00", "pst": "1.05"}


def test_whose_days_rate_a_line_has_is_an_option() -> None:
    rules = (rule("10", valid_until=day("03-16")), rule("20", valid_from=day("03-16")))
    price = Flat(currency=EUR, amount=Decimal(31))
    taxes = {
        way: str(billed(line(price=price), tax=TaxPolicy(rules=rules, rate_day=way)).tax.amount) for way in RateDay
    }
    assert taxes == {RateDay.LAST_DAY: "6.20", RateDay.INVOICE_DATE: "3.10", RateDay.SPLIT: "4.70"}
    with_discount = billed(
        line(price=price),
        tax=TaxPolicy(rules=rules, rate_day=RateDay.INVOICE_DATE),
        discounts=(Discount(key="D", description="", percent=Decimal(50)),),
    )
    assert str(with_discount.tax.amount) == "1.55"


def test_a_credit_keeps_the_rate_of_the_invoice_that_it_corrects() -> None:
    rules = (rule("10", valid_until=day("03-16")), rule("20", valid_from=day("03-16")))
    part = BilledPart(period=MARCH, amount=Money.of(31, EUR), document="1", tax_day=FIRST)
    ended = line(active_until=day("03-01"), billed=(part,))
    assert str(billed(ended, tax=TaxPolicy(rules=rules)).total.amount) == "-34.10"


@given(
    st.lists(st.decimals("-1000", "1000", places=2), min_size=1, max_size=5),
    st.sampled_from(TaxRounding),
    st.booleans(),
)
def test_net_and_compound_tax_make_the_gross(found: list[Decimal], rounding: TaxRounding, inclusive: bool) -> None:
    rules = (rule("7", code="a"), rule("9.975", code="b", compound=True), rule("3", code="a", tax_category="reduced"))
    lines = [
        Taxable(Money.of(amount, EUR), ("standard", "reduced")[place % 2], FIRST) for place, amount in enumerate(found)
    ]
    taxed = assess(TaxPolicy(rules=rules, rounding=rounding), lines, EUR, inclusive=inclusive)
    given_amounts = sum_money((item.amount for item in lines), EUR)
    nets = sum_money(taxed.nets, EUR)
    tax = sum_money((item.amount for item in taxed.lines), EUR)
    assert (nets + tax if inclusive else nets) == given_amounts


def test_the_nearest_tax_category_is_chosen() -> None:
    assert chosen(company="standard", product="reduced") == "reduced"
    assert chosen(company="standard", line="zero", customer="exempt") == "zero"
    with pytest.raises(TaxError, match="set one"):
        chosen()
