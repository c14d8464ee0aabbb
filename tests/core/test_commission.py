"""Commission: which percentage holds, the paid share, referrers and payouts."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billhook.core import canonical
from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.commission import (
    AgentKind,
    CommissionedLine,
    CommissionError,
    CommissionRates,
    DatedPercent,
    EarnedOn,
    Earning,
    PayoutTerms,
    commission,
    payout,
    referral,
)
from billhook.core.derivation import Derivation, recompute, sentence
from billhook.core.money import MixedCurrenciesError, Money, currency, sum_money

EUR, USD = currency("EUR"), currency("USD")
D = Decimal
MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)
RATES = CommissionRates(
    standard=D(25), master=D(50), exceptions=(DatedPercent(percent=D(75), valid_from=MAY, valid_until=JUNE),)
)
CENTS = st.integers(0, 10**7)


def eur(amount: str | int) -> Money:
    """Return euros."""
    return Money.of(amount, EUR)


def line(amount: str | int, percent: str | int = 25) -> CommissionedLine:
    """Return a line on which an agent earns."""
    return CommissionedLine(eur(amount), D(percent))


@pytest.mark.parametrize(
    ("kind", "on", "percent"),
    [
        (AgentKind.STANDARD, date(2026, 4, 30), 25),
        (AgentKind.MASTER, date(2026, 4, 30), 50),
        (AgentKind.STANDARD, MAY, 75),
        (AgentKind.MASTER, date(2026, 5, 31), 75),
        (AgentKind.MASTER, JUNE, 50),
    ],
)
def test_a_dated_exception_comes_before_master_and_master_before_standard(
    kind: AgentKind, on: date, percent: int
) -> None:
    assert RATES.percent(kind, on) == percent


def test_a_product_without_master_percentage_pays_masters_the_standard_one() -> None:
    assert CommissionRates(standard=D(25)).percent(AgentKind.MASTER, MAY) == 25


def test_an_exception_without_end_holds_on() -> None:
    dated = DatedPercent(percent=D(0), valid_from=MAY)
    assert CommissionRates(standard=D(25), exceptions=(dated,)).percent(AgentKind.STANDARD, date(2036, 1, 1)) == 0


def test_the_commission_is_the_paid_share_of_the_percentages_of_the_lines() -> None:
    found = commission([line(10), line(30, 10), line(20)], total=eur("72.00"), paid=eur("36.00"))
    assert found.result == eur("5.25")
    assert recompute(found) == found.result
    assert canonical.from_bytes(Derivation, canonical.to_bytes(found)) == found
    assert sentence(found) == (
        "10 % of 30, 25 % of 30, of which 36 of 72 is paid, rounded to 2 decimals (half up): 5.25 EUR."
    )


def test_a_commission_on_invoices_does_not_wait_for_payment() -> None:
    assert commission([line(10)], total=eur(12), paid=eur(0)).result == eur(0)
    assert commission([line(10)], total=eur(12), paid=eur(0), earned_on=EarnedOn.INVOICE).result == eur("2.50")


def test_what_was_earned_before_is_taken_off_and_a_payment_taken_back_takes_its_share_back() -> None:
    first = commission([line(10)], total=eur(12), paid=eur(4)).result
    second = commission([line(10)], total=eur(12), paid=eur(12), earned=first)
    back = commission([line(10)], total=eur(12), paid=eur(0), earned=first + second.result)
    assert (first, second.result, back.result) == (eur("0.83"), eur("1.67"), eur("-2.50"))
    assert "less what was earned before 0.83" in sentence(second)
    assert recompute(back) == back.result


@given(st.lists(CENTS, min_size=1, max_size=6), st.integers(0, 40))
def test_the_commissions_on_payments_sum_to_the_commission_on_the_whole(cents: list[int], percent: int) -> None:
    payments = [eur(0) + Money(D(found).scaleb(-2), EUR) for found in cents]
    total = sum_money(payments, EUR)
    lines = [CommissionedLine(total, D(percent))]
    earned, paid = eur(0), eur(0)
    for amount in payments:
        paid += amount
        earned += commission(lines, total=total, paid=paid, earned=earned).result
    assert earned == commission(lines, total=total, paid=total).result


def test_a_credit_note_takes_commission_back() -> None:
    assert commission([line(-10)], total=eur(-12), paid=eur(-12)).result == eur("-2.50")


def test_an_invoice_of_nothing_is_paid() -> None:
    assert commission([line(10), line(-10, 10)], total=eur(0), paid=eur(0)).result == eur("1.50")


def test_a_referrer_earns_a_percentage_of_what_the_agent_earned() -> None:
    found = referral(D(50), eur("2.51"))
    assert found.result == eur("1.26")
    assert recompute(found) == found.result
    assert referral(D(50), eur(5), earned=eur("1.26")).result == eur("1.24")


def ten_days(*minimums: Money) -> PayoutTerms:
    """Return payouts every ten days from 15 March 2009."""
    return PayoutTerms(cadence=Cadence(CadenceUnit.DAY, 10), first_on=date(2009, 3, 15), minimums=minimums)


EARNINGS = [
    Earning(date(2009, 3, 1), eur(3)),
    Earning(date(2009, 3, 2), Money.of(4, USD)),
    Earning(date(2009, 3, 14), eur(-1)),
    Earning(date(2009, 3, 15), eur(5)),
]


def test_a_payout_pays_what_was_earned_before_its_date_by_currency() -> None:
    found = payout(ten_days(), EARNINGS, date(2009, 3, 15))
    assert found.paid == (eur(2), Money.of(4, USD))
    assert found.waiting == (eur(5),)
    assert found.next_on == date(2009, 3, 25)


def test_nothing_is_paid_before_the_first_date_and_missed_dates_are_paid_together() -> None:
    early = payout(ten_days(), EARNINGS, date(2009, 3, 14))
    assert (early.paid, early.waiting, early.next_on) == ((), (eur(7), Money.of(4, USD)), date(2009, 3, 15))
    late = payout(ten_days(), EARNINGS, date(2009, 4, 6))
    assert (late.paid, late.waiting, late.next_on) == ((eur(7), Money.of(4, USD)), (), date(2009, 4, 14))


def test_less_than_the_minimum_waits_and_so_does_what_is_below_zero() -> None:
    found = payout(ten_days(eur("2.01")), EARNINGS, date(2009, 3, 15))
    assert (found.paid, found.waiting) == ((Money.of(4, USD),), (eur(7),))
    assert payout(ten_days(eur(2)), EARNINGS, date(2009, 3, 15)).paid == (eur(2), Money.of(4, USD))
    assert payout(ten_days(eur(0)), EARNINGS, date(2009, 3, 15)).paid == (eur(2), Money.of(4, USD))
    small = [Earning(date(2009, 3, 1), eur("0.50"))]
    assert payout(ten_days(), small, date(2009, 3, 15)).paid == (eur("0.50"),)
    assert payout(ten_days(eur("0.50")), small, date(2009, 3, 15)).paid == (eur("0.50"),)
    owing = payout(ten_days(), [Earning(date(2009, 3, 1), eur(-4))], date(2009, 3, 15))
    assert (owing.paid, owing.waiting) == ((), (eur(-4),))


def test_a_percentage_below_zero_is_refused() -> None:
    message = r"^A commission of -1 % is below zero; give at least 0\.$"
    with pytest.raises(CommissionError, match=message):
        CommissionRates(standard=D(-1))
    with pytest.raises(CommissionError, match=message):
        CommissionRates(standard=D(1), master=D(-1))
    with pytest.raises(CommissionError, match=message):
        DatedPercent(percent=D(-1), valid_from=MAY)
    with pytest.raises(CommissionError, match=message):
        line(10, -1)
    with pytest.raises(CommissionError, match=message):
        referral(D(-1), eur(1))


def test_exceptions_that_share_a_day_or_have_none_are_refused() -> None:
    first = DatedPercent(percent=D(10), valid_from=MAY)
    second = DatedPercent(percent=D(20), valid_from=JUNE)
    with pytest.raises(CommissionError, match=r"^Two exceptions hold on 2026-06-01; end the first one by that day\.$"):
        CommissionRates(standard=D(5), exceptions=(second, first))
    with pytest.raises(CommissionError, match=r"^10 % from 2026-05-01 to before 2026-05-01 is never earned; swap"):
        DatedPercent(percent=D(10), valid_from=MAY, valid_until=MAY)
    with pytest.raises(CommissionError, match="is never earned"):
        DatedPercent(percent=D(10), valid_from=MAY, valid_until=MAY - timedelta(days=1))


@pytest.mark.parametrize(("total", "paid"), [(10, 11), (10, -1), (-10, 1), (0, 1)])
def test_what_is_no_share_of_the_invoice_is_refused(total: int, paid: int) -> None:
    with pytest.raises(CommissionError, match="is no share of the invoice; pass what is paid of it, without"):
        commission([line(10)], total=eur(total), paid=eur(paid))


def test_currencies_are_not_mixed() -> None:
    with pytest.raises(MixedCurrenciesError):
        commission([line(10)], total=eur(10), paid=Money.of(10, USD))
    with pytest.raises(MixedCurrenciesError):
        commission([CommissionedLine(Money.of(10, USD), D(1))], total=eur(10), paid=eur(10))
    with pytest.raises(MixedCurrenciesError):
        referral(D(1), eur(10), earned=Money.of(10, USD))


def test_minimums_of_payouts_are_refused_below_zero_and_twice() -> None:
    with pytest.raises(CommissionError, match=r"^A minimum payout is below zero; give at least 0\.$"):
        ten_days(eur(-1))
    with pytest.raises(CommissionError, match=r"^A currency has two minimum payouts; keep one of them\.$"):
        ten_days(eur(1), eur(2))
