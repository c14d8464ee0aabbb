"""Changes of orders: what was billed is given back to the cent, and nothing is billed or given back twice."""

from datetime import date
from decimal import Decimal

import pytest
from tests.billing.playing import APRIL, MARCH, MAY, bill_date, open_books
from tests.builders import CLERK
from tests.orders.changing import at, billed, seat_order, seats

from billhook.billing.models import BilledPeriod
from billhook.foundation.digest import digest
from billhook.foundation.scope import company_scope
from billhook.invoicing.models import Invoice, InvoiceBalance
from billhook.orders.models import OrderChange, OrderLineVersion
from billhook.orders.operations.cancel import cancel_order
from billhook.orders.operations.provision import tell_network
from billhook.orders.queries import current_versions
from billhook.orders.refusals import (
    ContradictingChangeError,
    NothingChangesError,
    OrderIsOverError,
    OutsideOrderError,
    QuantityError,
)
from billhook.payments.models import Payment
from billhook.reports.verify import verify

JUNE = date(2026, 6, 1)


@pytest.fixture
def company(db, tmp_path, monkeypatch):
    company = open_books(tmp_path, monkeypatch)
    seat_order(company)
    return company


@pytest.fixture
def order(company):
    order = seat_order(company)
    bill_date(company, MARCH)
    return order


def test_more_seats_in_mid_month_credit_the_rest_of_what_was_billed_and_charge_the_new_part(company, order):
    with company_scope(company):
        seats(order, 3, on=date(2026, 3, 11))
    # 20 * 21/31 = 13.548…; 60 * 21/31 + 60 = 100.645…, rounded together
    assert billed(company, APRIL) == [
        ("03-11", "-13.55", "INV-2026-00001"),
        ("03-11", "40.65", ""),
        ("04-01", "60.00", ""),
    ]
    with company_scope(company):
        assert not OrderLineVersion.objects.filter(credit_due=True).exists()
        released = BilledPeriod.objects.get(document="INV-2026-00001", kind="recurring")
        assert released.released_by == "INV-2026-00002"
    assert billed(company, MAY) == [("05-01", "60.00", "")]
    assert verify(company) == []


def test_a_change_that_is_dated_back_bills_the_days_between(company, order):
    with company_scope(company):
        seats(order, 3, on=date(2026, 3, 11))
        seats(order, 3, on=date(2026, 3, 6), asked=at(3, 15))
    # 26 of 31 days given back: 16.774…; the new version has 5 and 21 days of 60, rounded together with April
    assert billed(company, APRIL) == [
        ("03-06", "-16.77", "INV-2026-00001"),
        ("03-11", "40.64", ""),
        ("04-01", "60.00", ""),
        ("03-06", "9.68", ""),
    ]
    assert verify(company) == []


def test_what_was_given_back_is_not_given_back_again(company, order):
    with company_scope(company):
        seats(order, 3, on=date(2026, 3, 11))
    bill_date(company, APRIL)
    with company_scope(company):
        seats(order, 3, on=date(2026, 3, 6), asked=at(4, 3))
    assert billed(company, MAY) == [
        ("03-06", "-3.23", "INV-2026-00001"),
        ("05-01", "60.00", ""),
        ("03-06", "9.68", ""),
    ]
    assert verify(company) == []


def test_a_cancelled_order_gives_back_what_is_unused_as_a_credit_note_that_is_credit(company, order):
    with company_scope(company):
        cancel_order(order=order, reason="moved away", on=date(2026, 3, 20), actor=CLERK, at=at(3, 20))
        assert order.status == "cancelled"
    assert billed(company, APRIL) == [("03-20", "-7.74", "INV-2026-00001")]
    with company_scope(company):
        note = Invoice.objects.get(number="INV-2026-00002")
        assert (note.kind, note.total) == ("credit_note", Decimal("-7.74"))
        assert InvoiceBalance.objects.get(invoice=note).state == "settled"
        kept = Payment.objects.get(method="credit_note")
        assert (kept.amount, kept.unallocated) == (Decimal("7.74"), Decimal("7.74"))
    assert billed(company, MAY) == []
    assert verify(company) == []


def test_the_credit_of_a_credit_note_pays_the_oldest_open_invoice(db, tmp_path, monkeypatch):
    company = open_books(tmp_path, monkeypatch, customers=1)
    with company_scope(company):
        OrderLineVersion.objects.first().line.order.customer.instruments.update(status="removed")
    bill_date(company, MARCH)
    with company_scope(company):
        order = OrderLineVersion.objects.first().line.order
        cancel_order(order=order, reason="moved away", on=date(2026, 3, 20), actor=CLERK, at=at(3, 20))
    bill_date(company, APRIL)
    with company_scope(company):
        assert InvoiceBalance.objects.get(invoice__number="INV-2026-00001").open_amount == Decimal("12.26")
        assert Payment.objects.get(method="credit_note").unallocated == 0
    assert verify(company) == []


def test_changed_dated_back_and_cancelled_in_one_month_is_what_each_piece_comes_to(company, order):
    with company_scope(company):
        seats(order, 3, on=date(2026, 3, 11))
        seats(order, 3, on=date(2026, 3, 6), asked=at(3, 15))
        cancel_order(order=order, reason="moved away", on=date(2026, 3, 20), actor=CLERK, at=at(3, 20))
    # 5 days of the 20.00 that were billed stay: 3.23; 14 days of three seats are 60 * 14/31 = 27.096…: 9.68 + 17.42
    assert billed(company, APRIL) == [
        ("03-06", "-16.77", "INV-2026-00001"),
        ("03-11", "17.42", ""),
        ("03-06", "9.68", ""),
    ]
    assert verify(company) == []


def test_a_change_to_come_waits_and_is_billed_with_its_period(company, order):
    with company_scope(company):
        change = seats(order, 2, on=date(2026, 4, 16), asked=at(3, 15))
        assert change.state == "scheduled"
    assert billed(company, APRIL) == [("04-01", "10.00", ""), ("04-16", "20.00", "")]


def test_a_refused_change_leaves_everything_as_it_was(company, order):
    with company_scope(company):
        seats(order, 3, on=date(2026, 3, 11))
    before = digest(company)
    with company_scope(company):
        for given, error, words in (
            ({"quantity": 4, "on": date(2026, 3, 11)}, ContradictingChangeError, "undo that change first"),
            ({"quantity": 3, "on": date(2026, 3, 12)}, NothingChangesError, "choose another"),
            ({"quantity": 2, "on": date(2026, 2, 28)}, OutsideOrderError, "choose a day from 2026-03-01"),
            ({"quantity": -1, "on": date(2026, 3, 12)}, QuantityError, "0 or more"),
        ):
            with pytest.raises(error, match=words):
                seats(order, given["quantity"], on=given["on"], asked=at(3, 15))
    assert digest(company) == before


def test_nothing_is_changed_after_a_cancellation_to_come_nor_of_a_cancelled_order(company, order):
    with company_scope(company):
        cancel_order(order=order, reason="moves away", on=date(2026, 4, 10), actor=CLERK, at=at(3, 20))
        assert order.status == "active"
        with pytest.raises(ContradictingChangeError, match=r"Change 1 of order .* \(cancel on 2026-04-10\)"):
            seats(order, 3, on=date(2026, 4, 10), asked=at(3, 21))
        seats(order, 3, on=date(2026, 4, 9), asked=at(3, 21))
        cancel_order(order=order, reason="at once", on=date(2026, 3, 25), actor=CLERK, at=at(3, 25))
        with pytest.raises(OrderIsOverError, match="is cancelled: place another order"):
            seats(order, 3, on=date(2026, 3, 11), asked=at(3, 26))
        assert OrderChange.objects.count() == 3


def test_what_is_in_force_first_is_told_first_in_whatever_order_it_was_asked_for(company, order):
    with company_scope(company):
        seats(order, 3, on=date(2026, 6, 1), asked=at(3, 2))
        seats(order, 2, on=APRIL, asked=at(3, 3))
        listed = [row.quantity for row in current_versions([order.customer], on=MARCH) if row.line.position == 1]
        (task,) = tell_network(order=order, verb="change", actor=CLERK, at=at(4, 10))
    assert listed == [1, 2, 3]
    assert task.requested["lines"][0]["quantity"] == "2"
