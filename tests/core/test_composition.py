"""Composition: minimum, maximum, commitments, coupons, prepaid credit and coins on one bill."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billhook.core import canonical
from billhook.core.agreement import AgreedLine, Agreement, AgreementError, BeforeStart, ChargeKind, Cycle, Timing
from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.cash_rounding import CashRoundingError, cash_rounding
from billhook.core.commitment import Commitment, CommitmentError, CountedFee
from billhook.core.coupon import Coupon, CouponError
from billhook.core.credit import (
    CreditError,
    Demand,
    Grant,
    GrantKind,
    Recharge,
    available,
    draw,
    permitted_quantity,
)
from billhook.core.derivation import recompute, sentence
from billhook.core.discount import Discount, DiscountError
from billhook.core.draft import InvoiceDraft, bill, from_bytes, to_bytes
from billhook.core.invoice_date import InvoiceDateBase, InvoiceDateError, InvoiceDating
from billhook.core.money import MixedCurrenciesError, Money, currency
from billhook.core.period import Period
from billhook.core.price.flat import Flat
from billhook.core.price.per_unit import PerUnit
from billhook.core.tax import (
    TaxPolicy,
    TaxRule,
)
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


def metered(**changes: Any) -> AgreedLine:
    """Return a metered line of 0.50 a unit."""
    price = PerUnit(currency=EUR, unit_price=Decimal("0.50"))
    return line("U", **({"kind": ChargeKind.USAGE, "timing": Timing.IN_ARREARS, "price": price} | changes))


def billed(*lines: AgreedLine, on: date = FIRST, usage: tuple[UsageCharge, ...] = (), **changes: Any) -> InvoiceDraft:
    """Return the bill of lines on a day."""
    cycle = Cycle(cadence=MONTH, anchor=FIRST, next_bill=MONTH.after(FIRST, on))
    draft = bill(Agreement(customer="1001", currency=EUR, cycle=cycle, lines=lines, **changes), usage, on)
    assert draft is not None
    assert all(recompute(item.derivation) == item.amount for item in draft.lines)
    assert from_bytes(to_bytes(draft)) == draft
    return draft


def used(quantity: int, on: str = "03-10") -> UsageCharge:
    """Return usage of a day."""
    return UsageCharge(line="U", period=Period.day(day(on)), quantity=Decimal(quantity))


def amounts(draft: InvoiceDraft) -> list[str]:
    """Return the amount of each line."""
    return [str(item.amount.amount) for item in draft.lines]


def rule(percent: str = "0", **changes: Any) -> TaxRule:
    """Return a tax on standard products."""
    return TaxRule(
        **({"tax_category": "standard", "code": "vat", "name": "VAT", "percent": Decimal(percent)} | changes)
    )


def test_a_minimum_is_a_line_of_its_own_in_the_tax_category_of_its_price() -> None:
    draft = billed(metered(minimum=Decimal(10), tax_category="usage"), on=day("04-01"), usage=(used(8),))
    assert amounts(draft) == ["4.00", "6.00"]
    assert draft.lines[1].tax_category == "usage"
    assert sentence(draft.lines[1].derivation).startswith("The minimum 10, rounded")
    silent = billed(metered(minimum=Decimal(10)), on=day("04-01"))
    assert amounts(silent) == ["10.00"], "also where nothing was used"
    above = billed(metered(minimum=Decimal(10)), on=day("04-01"), usage=(used(30),))
    assert amounts(above) == ["15.00"]


def test_a_minimum_and_a_maximum_are_prorated_with_their_period() -> None:
    cut = metered(minimum=Decimal(31), active_until=day("03-11"))
    assert amounts(billed(cut, on=day("04-01"), usage=(used(8, on="03-05"),))) == ["4.00", "6.00"]
    capped = metered(maximum=Decimal(31), active_until=day("03-11"))
    assert amounts(billed(capped, on=day("04-01"), usage=(used(80, on="03-05"),))) == ["40.00", "-30.00"]
    both = metered(minimum=Decimal(2), maximum=Decimal(5))
    assert amounts(billed(both, on=day("04-01"), usage=(used(8),))) == ["4.00"]
    with pytest.raises(AgreementError, match="below its minimum"):
        metered(minimum=Decimal(2), maximum=Decimal(1))
    with pytest.raises(AgreementError, match="at least 0"):
        metered(minimum=Decimal(-1))


COMMITMENT = Commitment(
    key="C", description="Commitment", amount=Money.of(100, EUR), cadence=MONTH, anchor=FIRST, active_from=FIRST
)


def test_a_commitment_trues_up_what_is_missing_once_its_period_has_ended() -> None:
    advance = replace(COMMITMENT, counted=(CountedFee(period=MARCH, amount=Money.of(20, EUR)),))
    lines = (line(billed_through=day("04-01")), metered())
    draft = billed(*lines, on=day("04-01"), usage=(used(30),), commitments=(advance,))
    assert [(item.line_key, str(item.amount.amount)) for item in draft.lines] == [
        ("L", "20.00"),
        ("U", "15.00"),
        ("C", "65.00"),
    ]
    assert draft.lines[-1].period == MARCH
    settled = replace(advance, trued_up_through=day("04-01"))
    assert len(billed(*lines, on=day("04-01"), commitments=(settled,)).lines) == 1
    some = replace(COMMITMENT, order_lines=("U",))
    assert amounts(billed(*lines, on=day("04-01"), usage=(used(30),), commitments=(some,)))[-1] == "85.00"


def test_a_commitment_is_prorated_and_counts_fees_before_coupons() -> None:
    late = replace(COMMITMENT, active_from=day("03-22"))
    off = Discount(key="D", description="", percent=Decimal(50))
    draft = billed(
        metered(active_from=day("03-22")),
        on=day("04-01"),
        usage=(used(8, on="03-25"),),
        commitments=(late,),
        discounts=(off,),
    )
    assert amounts(draft) == ["4.00", "28.26", "-16.13"], "100 x 10/31 = 32.26, less 4.00"
    with pytest.raises(CommitmentError, match="above zero"):
        replace(COMMITMENT, amount=Money.zero(EUR))
    with pytest.raises(CommitmentError, match="swap"):
        replace(COMMITMENT, active_until=day("02-01"))
    with pytest.raises(MixedCurrenciesError, match="C is priced in CHF"):
        billed(line(), commitments=(replace(COMMITMENT, amount=Money.of(1, CHF)),))


def test_coupons_run_once_n_times_or_for_ever_and_keep_their_rest() -> None:
    coupon = Coupon(key="X", description="", amount=Money.of(30, EUR))
    discount = coupon.discount()
    assert discount is not None
    draft = billed(line(), discounts=(discount,))
    assert draft.total == Money.zero(EUR)
    kept = coupon.after(Money.of(20, EUR))
    assert (kept.is_spent, kept.rest) == (False, Money.of(10, EUR))
    assert kept.after(Money.of(10, EUR)).discount() is None
    assert replace(coupon, keeps_rest=False).after(Money.of(20, EUR)).is_spent
    twice = Coupon(key="P", description="", percent=Decimal(10), runs=2)
    assert not twice.after(Money.of(2, EUR)).is_spent
    assert twice.after(Money.of(2, EUR)).after(Money.of(2, EUR)).is_spent
    assert not replace(twice, runs=None, used=99).is_spent
    for refused in ({"runs": 0}, {"used": 1, "runs": 1}):
        with pytest.raises(CouponError):
            replace(coupon, **refused).after(Money.of(1, EUR))
    with pytest.raises(CouponError, match="less left"):
        coupon.after(Money.of(31, EUR))
    with pytest.raises(DiscountError):
        Coupon(key="N", description="")


def test_discounts_follow_each_other_exactly() -> None:
    ten, five = (Discount(key=str(p), description="", percent=Decimal(p)) for p in (10, 5))
    fixed = Discount(key="F", description="", amount=Money.of(1, EUR), products=("A", "B"))
    lines = (once("A", "10.00"), once("B", "20.00", tax_category="reduced"), once("C", "0.35"))
    rules = (rule("21"), rule("9", tax_category="reduced"))
    draft = billed(*lines, discounts=(ten, fixed, five), tax=TaxPolicy(rules=rules))
    left = Fraction("30.35") * Fraction(9, 10) - 1
    assert draft.net == Money(Decimal("24.99"), EUR)
    assert abs(Fraction(draft.net.amount) - left * Fraction(95, 100)) < Fraction(2, 100)


def grant(key: str, left: int, **changes: Any) -> Grant:
    """Return a grant of February."""
    return Grant(key=key, left=Money.of(left, EUR), **({"granted_on": day("02-01")} | changes))


def test_prepaid_credit_is_used_by_priority_then_earliest_expiry_then_age() -> None:
    grants = (
        grant("late", 5, expires_on=day("05-01")),
        grant("old", 5, granted_on=day("01-01")),
        grant("first", 5, priority=-1),
        grant("early", 5, expires_on=FIRST),
        grant("expired", 5, expires_on=day("02-28")),
        grant("future", 5, granted_on=day("03-02")),
    )
    draft = billed(line(), grants=grants)
    assert [item.key for item in draft.prepaid] == ["first", "early", "late", "old"]
    assert (str(draft.total.amount), str(draft.due.amount)) == ("20.00", "0.00")
    capped = billed(line(), grants=(grant("much", 100),))
    assert (str(capped.prepaid[0].amount), capped.due) == ("20.00 EUR", Money.zero(EUR))


def test_a_grant_for_a_product_pays_its_line_with_its_tax() -> None:
    some = grant("some", 100, products=("A",))
    draft = billed(once("A", "10.00"), once("B", "5.00"), grants=(some,), tax=TaxPolicy(rules=(rule("20"),)))
    assert str(draft.due) == "6.00 EUR"
    demands = [Demand("A", Money.of(3, EUR)), Demand("B", Money.of(-1, EUR))]
    assert draw([some], demands, FIRST, cap=Money.of(2, EUR))[0].amount == Money.of(2, EUR)
    with pytest.raises(CreditError, match="at least 0"):
        grant("none", -1)
    with pytest.raises(CreditError, match="swap"):
        grant("none", 1, expires_on=day("01-01"), kind=GrantKind.GRANTED)


def test_recharging_fires_below_its_threshold_up_to_the_cap_of_the_month() -> None:
    recharge = Recharge(threshold=Money.of(5, EUR), amount=Money.of(25, EUR), monthly_cap=Money.of(40, EUR))
    none, some = Money.zero(EUR), Money.of(25, EUR)
    assert recharge.due(Money.of(5, EUR), recharged=none) is None
    assert recharge.due(Money.of("4.99", EUR), recharged=none) == some
    assert recharge.due(none, recharged=some) == Money.of(15, EUR)
    assert recharge.due(none, recharged=Money.of(40, EUR)) is None
    spendable = available(limit=Money.of(100, EUR), credit=some, owed=Money.of(30, EUR), unbilled=Money.of(5, EUR))
    assert spendable == Money.of(90, EUR)
    assert permitted_quantity(spendable, Decimal(7)) == Fraction(90, 7)
    assert permitted_quantity(-spendable, Decimal(7)) == 0
    with pytest.raises(CreditError, match="any quantity"):
        permitted_quantity(spendable, Decimal(0))
    with pytest.raises(CreditError, match="adds nothing"):
        Recharge(threshold=some, amount=none)


def test_coins_round_the_amount_due_and_leave_the_tax_alone() -> None:
    draft = billed(once("A", "10.02"), coin=Decimal("0.05"))
    assert (str(draft.total), str(draft.cash_rounding), str(draft.due)) == ("10.02 EUR", "-0.02 EUR", "10.00 EUR")
    assert str(cash_rounding(Money.of("10.03", CHF), Decimal("0.05")).amount) == "0.02"
    assert str(cash_rounding(Money.of("-10.03", CHF), Decimal("0.05")).amount) == "-0.02"
    with pytest.raises(CashRoundingError, match="pays nothing"):
        cash_rounding(Money.of(1, CHF), Decimal(0))


@given(st.decimals("-10000", "10000", places=2), st.sampled_from(["0.05", "0.10", "1", "0.03"]))
def test_coins_pay_a_rounded_amount_and_move_it_by_half_a_coin_at_most(due: Decimal, coin: str) -> None:
    step = cash_rounding(Money.of(due, CHF), Decimal(coin)).amount
    assert (due + step) % Decimal(coin) == 0
    assert abs(step) * 2 <= Decimal(coin)


def test_what_a_bill_before_the_start_takes_is_an_option() -> None:
    later = line(active_from=day("03-15"))
    ahead = line(active_from=day("06-15"))
    found = {
        way: [item.line_key for item in _lines(replace(later), replace(ahead, key="A"), before_start=way)]
        for way in BeforeStart
    }
    assert found == {
        BeforeStart.NOTHING: [],
        BeforeStart.UNTIL_NEXT_BILL: ["L"],
        BeforeStart.FIRST_PERIOD: ["A", "L"],
    }


def _lines(*lines: AgreedLine, **changes: Any) -> tuple[Any, ...]:
    cycle = Cycle(cadence=MONTH, anchor=FIRST, next_bill=FIRST)
    draft = bill(Agreement(customer="1001", currency=EUR, cycle=cycle, lines=lines, **changes), (), FIRST)
    return draft.lines if draft else ()


def test_a_bill_may_wait_for_something_that_recurs_and_a_customer_may_be_billed_as_due() -> None:
    assert _lines(once("A", "10.00"), only_recurring=True) == ()
    assert len(_lines(once("A", "10.00"), line(), only_recurring=True)) == 2
    as_due = Cycle(cadence=MONTH, anchor=FIRST, next_bill=FIRST, as_due=True)
    found = bill(Agreement(customer="1", currency=EUR, cycle=as_due, lines=(line(),)), (), day("03-31"))
    assert found is not None
    assert len(found.lines) == 1, "April starts after the bill"


def test_an_invoice_is_dated_by_the_bill_or_by_its_periods() -> None:
    periods = [Period(day("02-10"), FIRST), MARCH]
    found = {base: InvoiceDating(base=base).date_of(FIRST, periods) for base in InvoiceDateBase}
    assert found == {
        InvoiceDateBase.BILL_DATE: FIRST,
        InvoiceDateBase.FIRST_START: day("02-10"),
        InvoiceDateBase.FIRST_END: FIRST,
        InvoiceDateBase.LAST_DAY: day("02-28"),
    }
    grace = InvoiceDating(base=InvoiceDateBase.LAST_DAY, grace_days=3)
    assert grace.date_of(FIRST, periods) == grace.date_of(FIRST) == grace.final_on(FIRST) == day("03-04")
    assert replace(grace, keeps_base=True).date_of(FIRST, periods) == day("02-28")
    with pytest.raises(InvoiceDateError, match="at least 0"):
        InvoiceDating(grace_days=-1)


def test_the_order_of_everything_has_no_meaning() -> None:
    lines = (line("A", minimum=Decimal(40)), line("B", suspended=(Period(day("03-05"), day("03-07")),)), metered())
    commitments = (replace(COMMITMENT, active_from=day("02-01"), anchor=day("02-01")),)
    one = billed(*lines, commitments=commitments, grants=(grant("a", 1), grant("b", 2)))
    other = billed(*reversed(lines), commitments=commitments, grants=(grant("b", 2), grant("a", 1)))
    assert canonical.to_bytes(one) == canonical.to_bytes(other)
