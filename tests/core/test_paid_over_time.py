"""What is paid over time: instalments, budgets, deposits and advances."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billhook.core import canonical, journal
from billhook.core.budget import BudgetError, BudgetPlan, levelled
from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.deposit import (
    Advance,
    Deposit,
    DepositError,
    DepositRate,
    Movement,
    after_advances,
    interest,
)
from billhook.core.derivation import Derivation, Interest, recompute, sentence
from billhook.core.instalments import InstalmentError, InstalmentPlan, Remainder, claims, due_by, equal, split
from billhook.core.journal import Account, Posting
from billhook.core.money import MixedCurrenciesError, Money, currency, sum_money
from billhook.core.period import Period
from billhook.core.settlement import settle

EUR = currency("EUR")
MONTH = Cadence(CadenceUnit.MONTH)
D = Decimal
FIRST = date(2026, 1, 31)


def eur(amount: str | int) -> Money:
    """Return euros."""
    return Money.of(amount, EUR)


def amount(derivation: Derivation) -> str:
    """Return the amount of a derivation that can be computed again and stored."""
    assert recompute(derivation) == derivation.result
    assert canonical.from_bytes(Derivation, canonical.to_bytes(derivation)) == derivation
    return str(derivation.result.amount)


def test_the_remainder_goes_to_the_first_instalment_or_where_the_plan_says() -> None:
    found = {way: split(eur(100), equal(7, MONTH, remainder=way), first_due=FIRST) for way in Remainder}
    assert {way: [amount(part.derivation) for part in parts] for way, parts in found.items()} == {
        Remainder.FIRST: ["14.32", *["14.28"] * 6],
        Remainder.LAST: [*["14.28"] * 6, "14.32"],
        Remainder.SPREAD: [*["14.29"] * 4, *["14.28"] * 3],
    }
    assert [str(part.due_on) for part in found[Remainder.FIRST][:3]] == ["2026-01-31", "2026-02-28", "2026-03-31"]
    assert sentence(found[Remainder.FIRST][0].derivation) == (
        "The share of 100 that 1 has in 7, rounded to 2 decimals (down), 0.04 so that 7 pieces sum to their rounded "
        "whole: 14.32 EUR."
    )


def test_instalments_may_weigh_differently_and_a_currency_may_have_no_decimals() -> None:
    half = InstalmentPlan(weights=(D(50), D(25), D(25)), cadence=MONTH)
    assert [str(part.amount.amount) for part in split(eur("99.99"), half, first_due=FIRST)] == [
        "50.01",
        "24.99",
        "24.99",
    ]
    yen = split(Money.of(1000, "JPY"), equal(3, MONTH), first_due=FIRST)
    assert [str(part.amount.amount) for part in yen] == ["334", "333", "333"]


def test_each_instalment_is_a_claim_of_its_own() -> None:
    parts = split(eur(100), equal(3, MONTH), first_due=FIRST)
    assert due_by(parts, date(2026, 2, 27)) == eur("33.34")
    assert due_by(parts, date(2026, 2, 28)) == eur("66.67")
    assert due_by(parts, date(2026, 1, 30)) == eur(0)
    open_ = claims("INV-1", parts, paid=eur(40))
    assert [(claim.key, str(claim.open), claim.due_on) for claim in open_] == [
        ("INV-1/2", "26.67 EUR", date(2026, 2, 28)),
        ("INV-1/3", "33.33 EUR", date(2026, 3, 31)),
    ]
    assert settle(eur(60), open_).credit == eur(0)
    assert claims("INV-1", parts, paid=eur(120)) == ()


def test_instalments_of_nothing_are_refused() -> None:
    with pytest.raises(InstalmentError, match="none or nothing"):
        equal(0, MONTH)
    with pytest.raises(InstalmentError, match="none or nothing"):
        InstalmentPlan(weights=(D(1), D(0)), cadence=MONTH)
    with pytest.raises(InstalmentError, match="agree on fewer"):
        split(eur("0.02"), equal(3, MONTH), first_due=FIRST)
    for total in (eur(0), eur(-5), Money(D("1.005"), EUR)):
        with pytest.raises(InstalmentError, match="amount due above zero"):
            split(total, equal(2, MONTH), first_due=FIRST)


@given(
    st.integers(10**4, 10**9),
    st.lists(st.decimals("0.01", "100", places=2), min_size=1, max_size=24),
    st.sampled_from(Remainder),
)
def test_instalments_sum_to_the_invoice_in_every_way(cents: int, weights: list[Decimal], remainder: Remainder) -> None:
    total = Money(D(cents).scaleb(-2), EUR)
    plan = InstalmentPlan(weights=tuple(D(10) + weight for weight in weights), cadence=MONTH, remainder=remainder)
    parts = split(total, plan, first_due=FIRST)
    assert sum_money((part.amount for part in parts), EUR) == total
    assert all(recompute(part.derivation) == part.amount for part in parts)
    assert [part.number for part in parts] == list(range(1, len(weights) + 1))


PLAN = BudgetPlan(starts_on=date(2026, 3, 1))


def test_the_level_is_a_twelfth_of_the_last_twelve_bills() -> None:
    bills = [eur(1000), *[eur(100)] * 6, *[eur(50)] * 5, eur(51)]
    found = PLAN.level(bills)
    assert amount(found) == "75.08", "901 / 12; the 13th bill back does not count"
    assert sentence(found) == "The last 12 bills 901, over 12 bills, rounded to 2 decimals (half up): 75.08 EUR."
    with pytest.raises(BudgetError, match="There are 11 of 12"):
        PLAN.level(bills[:11])
    with pytest.raises(BudgetError, match="refund"):
        PLAN.level([eur(-1)] * 12)
    with pytest.raises(BudgetError, match="at least 1"):
        BudgetPlan(starts_on=FIRST, bills=0)
    with pytest.raises(BudgetError, match="0 %"):
        BudgetPlan(starts_on=FIRST, off_percent=D(-1))


def test_the_level_is_set_anew_where_it_is_more_than_fifteen_percent_off() -> None:
    assert PLAN.reset(eur(100), [eur(115)] * 12) is None, "15 % is not more than 15 %"
    higher, lower = PLAN.reset(eur(100), [eur("115.01")] * 12), PLAN.reset(eur(100), [eur("84.99")] * 12)
    assert higher is not None
    assert lower is not None
    assert (amount(higher), amount(lower)) == ("115.01", "84.99")
    assert PLAN.reset(eur(0), [eur(0)] * 12) is None
    assert PLAN.reset(eur(0), [eur(1)] * 12) is not None


def test_the_last_bill_of_a_year_settles_what_was_deferred() -> None:
    assert not PLAN.settles(date(2027, 1, 1), next_bill=date(2027, 2, 1))
    assert PLAN.settles(date(2027, 2, 1), next_bill=date(2027, 3, 1))
    more = levelled(eur(130), level=eur(100), deferred=eur(20))
    assert (amount(more.derivation), more.due, more.deferred) == ("100.00", eur(100), eur(50))
    end = levelled(eur(130), level=eur(100), deferred=eur(50), settles=True)
    assert (amount(end.derivation), end.deferred) == ("180.00", eur(0))
    back = levelled(eur(30), level=eur(100), deferred=eur(-70), settles=True)
    assert (amount(back.derivation), back.due) == ("-40.00", eur(-40))
    assert "less what was paid ahead 70" in sentence(back.derivation)
    with pytest.raises(BudgetError, match="at least 0"):
        levelled(eur(1), level=eur(-1), deferred=eur(0))


@given(st.lists(st.integers(-(10**4), 10**6), min_size=12, max_size=12), st.integers(0, 10**6))
def test_what_is_due_in_a_year_is_what_was_billed(cents: list[int], level: int) -> None:
    bills = [Money(D(each).scaleb(-2), EUR) for each in cents]
    deferred, due = eur(0), []
    for number, bill in enumerate(bills):
        found = levelled(bill, level=Money(D(level).scaleb(-2), EUR), deferred=deferred, settles=number == 11)
        due.append(found.due)
        deferred = found.deferred
    assert sum_money(due, EUR) == sum_money(bills, EUR)
    assert not deferred


DEPOSIT = Deposit(
    key="D-1",
    movements=(Movement(on=date(2026, 7, 1), amount=eur(-100)), Movement(on=date(2026, 1, 1), amount=eur(300))),
)
RATES = (
    DepositRate(valid_from=date(2026, 10, 1), annual_percent=D(3)),
    DepositRate(valid_from=date(2026, 1, 1), annual_percent=D(2)),
)


def test_a_deposit_bears_simple_interest_for_each_day_it_is_held() -> None:
    found = interest(DEPOSIT, Period(date(2026, 1, 1), date(2027, 1, 1)), RATES)
    assert [(str(step.balance), step.days) for step in found.steps if isinstance(step, Interest)] == [
        ("300.00", 181),
        ("200.00", 92),
        ("200.00", 92),
    ]
    assert amount(found) == "5.50", "300 x 2 % x 181/365 + 200 x (2 % + 3 %) x 92/365, rounded once"
    assert amount(interest(DEPOSIT, Period.day(date(2025, 6, 1)), RATES)) == "0.00", "nothing was held"
    assert amount(interest(DEPOSIT, Period(FIRST, FIRST), RATES)) == "0.00"
    assert DEPOSIT.balance(date(2026, 6, 30)) == eur(300)
    assert DEPOSIT.after(date(2026, 12, 1), eur(-200)).balance(date(2026, 12, 1)) == eur(0)


def test_deposits_that_fall_below_zero_and_rates_that_contradict_are_refused() -> None:
    with pytest.raises(DepositError, match="take out less"):
        DEPOSIT.after(date(2026, 3, 1), eur(-250))
    with pytest.raises(DepositError, match="never paid"):
        Deposit(key="D", movements=())
    with pytest.raises(DepositError, match="at least 0"):
        DepositRate(valid_from=FIRST, annual_percent=D(-1))
    with pytest.raises(DepositError, match="keep one"):
        interest(DEPOSIT, Period.day(FIRST), (RATES[0], RATES[0]))
    with pytest.raises(MixedCurrenciesError):
        DEPOSIT.after(FIRST, Money.of(1, "CHF"))


@given(st.integers(0, 364))
def test_interest_of_two_parts_of_a_year_is_that_of_the_year(days: int) -> None:
    year = Period(date(2026, 1, 1), date(2027, 1, 1))
    cut = year.start + timedelta(days=days)
    parts = [interest(DEPOSIT, part, RATES).result for part in (Period(year.start, cut), Period(cut, year.end))]
    assert abs(sum_money(parts, EUR) - interest(DEPOSIT, year, RATES).result) <= eur("0.01")


def test_a_deposit_is_a_liability_until_it_is_applied_or_paid_back() -> None:
    entries = [
        journal.deposit_received(document="D-1", amount=eur(300)),
        journal.deposit_interest(document="D-1", amount=eur("5.50")),
        journal.deposit_applied(document="D-1", amount=eur(120)),
        journal.deposit_refunded(document="D-1", amount=eur(180)),
    ]
    sums: dict[str, Money] = {}
    for entry in entries:
        assert entry is not None
        for posting in entry.postings:
            sums[posting.account] = sums.get(posting.account, eur(0)) + posting.amount
    assert sums == {
        Account.CASH: eur(120),
        Account.DEPOSITS: eur(0),
        Account.DEPOSIT_INTEREST: eur("5.50"),
        Account.CUSTOMER_CREDIT: eur("-125.50"),
    }
    assert entries[0] is not None
    assert entries[0].postings[1] == Posting(Account.DEPOSITS, eur(-300))


def test_advances_are_deducted_after_tax_and_may_leave_less_than_nothing() -> None:
    advances = (Advance(document="A-1", amount=eur(100)), Advance(document="A-2", amount=eur("21.50")))
    found = after_advances(eur(121), advances)
    assert amount(found) == "-0.50"
    assert sentence(found) == "The total 121, less the advance A-1 of 100, less the advance A-2 of 21.5: -0.50 EUR."
    assert amount(after_advances(eur(121), ())) == "121.00"
    with pytest.raises(DepositError, match="twice"):
        after_advances(eur(1), (advances[0], advances[0]))
    with pytest.raises(DepositError, match="above zero"):
        replace(advances[0], amount=eur(0))
    with pytest.raises(MixedCurrenciesError):
        after_advances(Money.of(1, "CHF"), advances)
