"""What holds for whatever sequence of changes: the preview is the bill, and credits stay within what was billed."""

from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.billing.playing import APRIL, MARCH, MAY, bill_date, undone
from tests.builders import CLERK, sign_up_customer
from tests.orders.changing import at, open_life, seat_order, seats

from billhook.billing.inputs import gather
from billhook.billing.previews import next_bill, preview
from billhook.core.errors import Refusal
from billhook.customers.models import Customer
from billhook.customers.queries import by_number
from billhook.foundation.scope import company_scope
from billhook.invoicing.models import InvoiceLine
from billhook.orders.models import Order, OrderChange
from billhook.orders.new_lines import OwnPrice
from billhook.orders.operations.cancel import cancel_order
from billhook.orders.operations.change_line import LineTerms, change_line
from billhook.orders.operations.suspend import resume_order, suspend_order
from billhook.orders.operations.undo_change import undo_change
from billhook.reports.verify import verify

JUNE = date(2026, 6, 1)
OFTEN = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
KINDS = ("seats", "seats", "price", "suspend", "resume", "cancel", "undo")
moves = st.tuples(
    st.sampled_from(KINDS), st.integers(min_value=-25, max_value=40), st.integers(min_value=0, max_value=9)
)
months = st.lists(st.lists(moves, max_size=4), min_size=1, max_size=3)


@pytest.fixture
def order(db, tmp_path, monkeypatch):
    company = open_life(tmp_path, monkeypatch)
    bill_date(company, MARCH)
    order = seat_order(company)
    order.tenant = company
    return order


def make(order, kind, on, figure, asked):
    """Do one thing to an order."""
    by = {"actor": CLERK, "at": asked}
    if kind == "seats":
        seats(order, figure, on=on, asked=asked)
    elif kind == "price":
        price = OwnPrice(model="per_unit", parameters={"unit_price": f"{10 + figure}.37"})
        change_line(order=order, position=1, terms=LineTerms(price=price), on=on, **by)
    elif kind == "suspend":
        suspend_order(order=order, reason="late", on=on, **by)
    elif kind == "resume":
        resume_order(order=order, reason="paid", on=on, **by)
    elif kind == "cancel":
        cancel_order(order=order, reason="gone", on=on, **by)
    else:
        undo_change(order=order, number=figure, **by)


def make_all(order, things, asked):
    """Do what is not refused, in order."""
    for kind, days, figure in things:
        with suppress(Refusal):
            make(order, kind, asked.date() + timedelta(days=days), figure, asked)


@OFTEN
@given(months)
def test_the_preview_is_the_bill_and_credits_stay_within_what_was_billed(order, months):
    company = order.tenant
    with undone():
        for number, things in enumerate(months):
            asked, on = at(3 + number, 12), date(2026, 4 + number, 1)
            with company_scope(company):
                ours = Order.objects.select_related("customer").get(pk=order.pk)
                found = preview(lambda: make_all(ours, things, asked), ours.customer, on)  # noqa: B023 - called at once
                make_all(Order.objects.select_related("customer").get(pk=order.pk), things, asked)
            bill_date(company, on, when=asked)
            with company_scope(company):
                issued = InvoiceLine.objects.filter(invoice__customer__number="1001", invoice__issued_on=on)
                expected = [line.line.amount.amount for line in found.lines]
                assert list(issued.order_by("ordinal").values_list("amount", flat=True)) == expected
                check_credits()
        assert verify(company) == []


def check_credits():
    """Hold every credit against the line that it gives back from."""
    lines = list(InvoiceLine.objects.select_related("invoice"))
    for line in lines:
        given = [
            credit
            for credit in lines
            if credit.corrects == line.invoice.number
            and credit.line_key == line.line_key
            and line.period_start <= credit.period_start < line.period_end
        ]
        back = -sum((credit.amount for credit in given), Decimal(0))
        assert 0 <= back <= line.amount or not given
        days = [(credit.period_start, credit.period_end) for credit in given]
        assert all(not (a[0] < b[1] and b[0] < a[1]) for a in days for b in days if a is not b)


@OFTEN
@given(
    st.integers(min_value=0, max_value=9),
    st.integers(min_value=-10, max_value=40),
    st.sampled_from(["seats", "price", "suspend", "cancel"]),
)
def test_a_change_and_its_undoing_leave_the_next_bills_as_they_were(order, figure, days, kind):
    with undone(), company_scope(order.tenant):
        customer = by_number("1001")
        before = [next_bill(customer, on) for on in (APRIL, MAY)]
        with suppress(Refusal):
            make(order, kind, date(2026, 3, 12) + timedelta(days=days), figure, at(3, 12))
            number = OrderChange.objects.filter(order=order, state__in=["scheduled", "in_force"]).last().number
            undo_change(order=order, number=number, actor=CLERK, at=at(3, 13))
        assert [next_bill(customer, on) for on in (APRIL, MAY)] == before


@OFTEN
@given(
    st.lists(
        st.tuples(st.integers(min_value=0, max_value=60), st.integers(min_value=0, max_value=9)),
        max_size=4,
        unique_by=lambda item: item[0],
    )
)
def test_over_its_life_a_line_costs_its_days_at_their_price_within_a_cent_a_piece(order, changed):
    with undone():
        company, quantity = order.tenant, {MARCH: Decimal(1)}
        with company_scope(company):
            for days, figure in changed:
                day = MARCH + timedelta(days=days)
                with suppress(Refusal):
                    seats(order, figure, on=day, asked=at(3, 12))
                    quantity[day] = Decimal(figure)
        for on in (APRIL, MAY):
            bill_date(company, on)
        with company_scope(company):
            lines = InvoiceLine.objects.filter(invoice__customer__number="1001", kind="recurring")
            amounts = list(lines.values_list("amount", flat=True))
        assert abs(sum(amounts) - whole(quantity)) <= Decimal("0.005") * len(amounts)


def whole(quantity):
    """Return what March to May cost: for each day, the seats in force at 20.00 over the days of its month."""
    costs = Decimal(0)
    for first, length in ((MARCH, 31), (APRIL, 30), (MAY, 31)):
        for number in range(length):
            day = first + timedelta(days=number)
            seats_then = quantity[max(start for start in quantity if start <= day)]
            costs += seats_then * 20 / length
    return costs


def test_the_inputs_of_bills_take_as_many_statements_however_many_customers_are_owed_a_credit(order):
    def statements():
        customers = list(Customer.objects.order_by("number"))
        with CaptureQueriesContext(connection) as captured:
            found = gather(customers, as_of=APRIL)
        assert all(any(line.billed for line in one.agreement.lines) for one in found if one.customer.number != "1002")
        return len(captured)

    company = order.tenant
    with company_scope(company):
        seats(order, 3, on=date(2026, 3, 11))
        one = statements()
        for number in range(1003, 1009):
            sign_up_customer(str(number))
    bill_date(company, MARCH)
    for number in range(1003, 1009):
        other = seat_order(company, str(number))
        with company_scope(company):
            seats(other, 3, on=date(2026, 3, 11))
    with company_scope(company):
        assert statements() == one
