"""Requests for payment by overdue balance, and quantities that a rule permits."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pytest

from billhook.core.ageing import Receivable
from billhook.core.credit import CreditError, permitted_by_rule
from billhook.core.dunning import DunningError, Overdue, PaymentRequest, RequestPolicy, overdue, requests
from billhook.core.money import Currency, Money, currency

EUR, USD = currency("EUR"), currency("USD")
D = Decimal


def eur(amount: str | int) -> Money:
    """Return euros."""
    return Money.of(amount, EUR)


def usd(amount: str | int) -> Money:
    """Return dollars."""
    return Money.of(amount, USD)


POLICY = RequestPolicy(thresholds=(eur(150), usd(100)), days_between=2, most=2)
OPEN = (Receivable(date(2025, 1, 3), eur(149)), Receivable(date(2025, 1, 6), eur(6)))


def asked(
    on: int, found: Overdue | None = None, *, made: Mapping[Currency, int] | None = None, last: int | None = None
) -> list[tuple[str, int]]:
    """Return what is asked for on a day of January."""
    late = found or overdue(OPEN, date(2025, 1, on))
    last_on = None if last is None else date(2025, 1, last)
    return [
        (str(item.amount), item.number)
        for item in requests(POLICY, late, date(2025, 1, on), made=made or {}, last_on=last_on)
    ]


def test_a_balance_is_asked_for_once_it_reaches_the_threshold() -> None:
    assert asked(4) == []
    assert asked(6) == []
    assert asked(7) == [("155.00 EUR", 1)]
    late = Overdue(days=1, invoices=1, balances=(eur(150),))
    assert requests(POLICY, late, date(2025, 1, 1), made={}, last_on=None) == (PaymentRequest(eur(150), 1),)


def test_it_is_asked_again_after_the_days_between_and_at_most_so_often() -> None:
    assert asked(9, made={EUR: 1}, last=7) == []
    assert asked(10, made={EUR: 1}, last=7) == [("155.00 EUR", 2)]
    assert asked(13, made={EUR: 2}, last=10) == []


def test_currencies_have_thresholds_and_counts_of_their_own_but_share_the_rounds() -> None:
    both = Overdue(days=9, invoices=2, balances=(eur(159), usd(120)))
    assert asked(5, both, made={USD: 1}, last=3) == []
    assert asked(6, both, made={USD: 1}, last=3) == [("159.00 EUR", 1), ("120.00 USD", 2)]
    assert asked(9, both, made={USD: 2, EUR: 1}, last=6) == [("159.00 EUR", 2)]


def test_a_single_request_and_rounds_on_following_days_are_policies_too() -> None:
    once = RequestPolicy(thresholds=(eur(150),), days_between=0, most=1)
    daily = RequestPolicy(thresholds=(eur(150),), days_between=0, most=2)
    late = overdue(OPEN, date(2025, 1, 7))
    assert [item.number for item in requests(once, late, date(2025, 1, 7), made={}, last_on=None)] == [1]
    first = date(2025, 1, 6)
    assert [item.number for item in requests(daily, late, date(2025, 1, 7), made={EUR: 1}, last_on=first)] == [2]
    assert requests(daily, late, first, made={EUR: 1}, last_on=first) == ()


def test_nothing_is_asked_for_in_a_currency_without_threshold() -> None:
    assert asked(9, Overdue(days=9, invoices=1, balances=(Money.of(1000, "GBP"),))) == []


@pytest.mark.parametrize(
    ("thresholds", "days", "most", "message"),
    [
        ((), 1, 1, r"^Requests need thresholds above zero; give one for each currency\.$"),
        ((eur(0),), 1, 1, r"^Requests need thresholds above zero"),
        ((eur(1), eur(2)), 1, 1, r"^A currency has two thresholds; keep one of them\.$"),
        ((eur(1),), -1, 1, r"^1 requests with -1 days between are none; give at least 1 and 0 days\.$"),
        ((eur(1),), 1, 0, r"^0 requests with 1 days between are none"),
    ],
)
def test_a_policy_that_asks_for_nothing_or_everything_is_refused(
    thresholds: tuple[Money, ...], days: int, most: int, message: str
) -> None:
    with pytest.raises(DunningError, match=message):
        RequestPolicy(thresholds=thresholds, days_between=days, most=most)


@pytest.mark.parametrize(("most", "held", "left"), [(20, 10, 10), (20, 20, 0), (20, 25, 0), (0, 0, 0)])
def test_a_rule_permits_what_is_not_held_yet(most: int, held: int, left: int) -> None:
    assert permitted_by_rule(D(most), D(held)) == left


def test_a_rule_of_less_than_nothing_is_refused() -> None:
    with pytest.raises(CreditError, match=r"^A rule that permits -1 with 0 held is none; give quantities of at least"):
        permitted_by_rule(D(-1), D(0))
    with pytest.raises(CreditError, match=r"^A rule that permits 1 with -2 held is none"):
        permitted_by_rule(D(1), D(-2))
