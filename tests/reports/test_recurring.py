"""Recurring revenue: each month ends where the one before it ended, plus what was won, changed and lost."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.billing.playing import MARCH, bill_date, open_books
from tests.builders import sign_up_customer

from billhook.core.money import Money
from billhook.core.period import Period
from billhook.customers.models import Customer
from billhook.foundation.scope import company_scope
from billhook.orders.models import Order, OrderLineVersion
from billhook.reports.queries import Stretch, Waiting, _moved, monthly_value, movement, standing_of, waiting

TODAY = date(2026, 5, 15)
MONTHS = [Period(date(2026, month, 1), date(2026, month + 1, 1)) for month in range(1, 5)]
SPANS = [*MONTHS, Period(date(2026, 5, 1), TODAY + timedelta(days=1))]
DAYS = st.dates(date(2025, 12, 1), date(2026, 7, 1))


@st.composite
def stretches(draw):
    """Draw lines that begin before they end."""
    first, last = sorted((draw(DAYS), draw(DAYS)))
    return Stretch(
        starts_on=first,
        ends_on=draw(st.sampled_from([last, None])),
        is_new=draw(st.booleans()),
        goes_on=draw(st.booleans()),
        code="EUR",
        monthly=Fraction(draw(st.integers(1, 500))),
    )


@given(found=st.lists(stretches(), max_size=12))
def test_a_month_ends_where_the_last_one_ended_plus_what_moved(found):
    months = [_moved(span, found, "EUR") for span in SPANS]
    for before, month in pairwise(months):
        assert month.total == before.total + month.new + month.changed + month.lost
    assert all(month.new.amount >= 0 >= month.lost.amount for month in months)


@pytest.fixture
def company(db, tmp_path, monkeypatch):
    """Return a sandbox company with two customers who sign up on 1 March."""
    return open_books(tmp_path, monkeypatch, customers=2)


def test_a_change_of_price_is_no_loss_and_an_end_is_one(company):
    with company_scope(company):
        first, second = OrderLineVersion.objects.filter(line__kind="recurring").order_by("line__order__number")
        own = {"model": "flat", "parameters": {"amount": "30.00"}}
        OrderLineVersion.objects.filter(pk=first.pk).update(ends_on=date(2026, 4, 1))
        OrderLineVersion.objects.create(line=first.line, version=2, starts_on=date(2026, 4, 1), own_price=own)
        OrderLineVersion.objects.filter(pk=second.pk).update(ends_on=date(2026, 5, 10))
        march, april, may = movement(today=TODAY, months=3)["EUR"]
    shown = [(month.new, month.changed, month.lost, month.total) for month in (march, april, may)]
    assert shown == [
        tuple(Money.of(amount, "EUR") for amount in amounts)
        for amounts in ((40, 0, 0, 40), (0, 10, 0, 50), (0, 0, -20, 30))
    ]


@pytest.mark.parametrize(
    ("unit", "count", "monthly"),
    [("month", 1, "20"), ("month", 3, "6.67"), ("year", 1, "1.67"), ("week", 1, "86.67"), ("semi_month", 1, "40")],
)
def test_every_cadence_counts_as_its_share_of_a_month(company, unit, count, monthly):
    with company_scope(company):
        version = OrderLineVersion.objects.filter(line__kind="recurring").select_related("line", "price").first()
        version.line.cadence_unit, version.line.cadence_count = unit, count
        assert monthly_value(version) == Money.of(Decimal(monthly), "EUR")
        usage = OrderLineVersion.objects.filter(line__kind="usage").select_related("line", "price").first()
        assert monthly_value(usage) is None


def test_what_a_cancelled_order_was_worth_is_not_counted_before_it_began(company):
    with company_scope(company):
        Order.objects.update(status="pending")
        assert movement(today=TODAY, months=2) == {}


def test_a_customer_stands_where_the_books_say(company):
    with company_scope(company):
        sign_up_customer("1003", token="")
    bill_date(company, MARCH)
    with company_scope(company):
        payer, debtor = Customer.objects.get(number="1001"), Customer.objects.get(number="1003")
        zero, fee = Money.of(0, "EUR"), Money.of(20, "EUR")
        assert (standing_of(payer).open, standing_of(payer).paid, standing_of(payer).credit) == (zero, fee, zero)
        assert (standing_of(debtor).open, standing_of(debtor).paid) == (fee, zero)
        assert waiting() == Waiting(runs=0, suspense=0, late=0)
