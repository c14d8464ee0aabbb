"""The life of an order: suspended, swapped, moved, undone, ended, each billed to the cent."""

from decimal import Decimal

import pytest
from django.db.models import Sum
from tests.billing.playing import APRIL, MARCH, MAY, bill_date, pass_time
from tests.builders import CLERK, OPENED, OPENING
from tests.orders.changing import at, day, flat, lines_of, open_life, seat_order, seats

from billhook.catalog.operations.plan_parts import NewPlanItem
from billhook.catalog.operations.plans import create_plan
from billhook.catalog.operations.prices import publish_price
from billhook.catalog.operations.products import create_product
from billhook.core.changes import ChangePolicy, How, Settle, When
from billhook.core.states import TransitionError
from billhook.core.suspension import SuspensionBilling, SuspensionError
from billhook.customers.models import Customer
from billhook.customers.queries import by_number
from billhook.foundation.digest import digest
from billhook.foundation.draining import drain
from billhook.foundation.scope import company_scope
from billhook.invoicing.models import Invoice, InvoiceLine
from billhook.orders.models import UsageIdentifier
from billhook.orders.new_lines import NewLine
from billhook.orders.operations.add_line import add_line
from billhook.orders.operations.cancel import cancel_order
from billhook.orders.operations.end_line import end_line
from billhook.orders.operations.move import MovedCurrencyError, SameCustomerError, move_order
from billhook.orders.operations.rules import RuleNeedsMoreError, set_change_rules
from billhook.orders.operations.suspend import resume_order, suspend_order
from billhook.orders.operations.swap_plan import swap_plan
from billhook.orders.operations.undo_change import undo_change
from billhook.orders.refusals import (
    ChangeIsBilledError,
    ChangeIsUndoneError,
    ContradictingChangeError,
    LaterChangeError,
    NoSuchChangeError,
    NoSuchLineError,
    OutsideOrderError,
)
from billhook.reports.verify import verify


@pytest.fixture
def company(db, tmp_path, monkeypatch):
    return open_life(tmp_path, monkeypatch)


@pytest.fixture
def order(company):
    bill_date(company, MARCH)
    return seat_order(company)


def suspend(order, on, **given):
    return suspend_order(order=order, reason="late", on=on, actor=CLERK, at=at(on.month, on.day), **given)


def resume(order, on, **given):
    return resume_order(order=order, reason="paid", on=on, actor=CLERK, at=at(on.month, on.day), **given)


def test_suspended_days_are_given_back_and_the_days_after_are_those_of_the_same_period(company, order):
    with company_scope(company):
        suspend(order, day(11))
        assert order.status == "suspended"
    assert lines_of(company, APRIL) == [("03-11", "-13.55")]
    with company_scope(company):
        resume(order, day(16, 4))
    assert lines_of(company, MAY) == [("04-16", "10.00"), ("05-01", "20.00")]
    assert verify(company) == []


def test_suspended_and_resumed_on_one_day_it_is_billed_as_if_nothing_had_happened(company, order):
    with company_scope(company):
        suspend(order, day(11))
        resume(order, day(11))
    assert lines_of(company, APRIL) == [("04-01", "20.00")]


def test_a_suspension_may_be_billed_on_or_cost_a_parking_price(company, order):
    with company_scope(company):
        suspend(order, day(11), billing=SuspensionBilling.BILL_ON)
        resume(order, day(12))
        suspend(order, day(2, 4), billing=SuspensionBilling.PARKING, parking=flat("3.00"))
    assert lines_of(company, APRIL) == [("04-01", "0.67"), ("04-02", "2.90")]
    with company_scope(company):
        resume(order, day(3, 4))
        with pytest.raises(SuspensionError, match="give both or neither"):
            suspend(order, day(3, 4), billing=SuspensionBilling.PARKING)


def test_a_suspension_to_come_begins_on_its_day_and_contradicts_another(company, order):
    with company_scope(company):
        suspend_order(order=order, reason="holiday", on=day(20), actor=CLERK, at=at(3, 10))
        assert order.status == "active"
        with pytest.raises(ContradictingChangeError):
            suspend_order(order=order, reason="again", on=day(25), actor=CLERK, at=at(3, 10))
        with pytest.raises(OutsideOrderError, match="choose a day from 2026-03-20"):
            resume_order(order=order, reason="early", on=day(19), actor=CLERK, at=at(3, 10))
    pass_time(company, at(3, 21))
    with company_scope(company):
        order.refresh_from_db()
        assert (order.status, order.suspended_on) == ("suspended", day(20))
        with pytest.raises(TransitionError):
            suspend(order, day(22))


def test_undone_a_change_leaves_the_next_bill_as_it_was(company, order):
    with company_scope(company):
        made = [
            seats(order, 5, on=day(6)),
            seats(order, 2, on=day(20, 4), asked=at(3, 15)),
            suspend(order, day(25)),
        ]
        for change in reversed(made):
            undo_change(order=order, number=change.number, actor=CLERK, at=at(3, 26))
        assert order.status == "active"
        with pytest.raises(ChangeIsUndoneError):
            undo_change(order=order, number=1, actor=CLERK, at=at(3, 26))
        with pytest.raises(NoSuchChangeError):
            undo_change(order=order, number=9, actor=CLERK, at=at(3, 26))
    assert lines_of(company, APRIL) == [("04-01", "20.00")]
    assert lines_of(company, MAY) == [("05-01", "20.00")]


def test_a_cancellation_that_is_undone_never_was(company, order):
    with company_scope(company):
        before = UsageIdentifier.objects.order_by("value").values_list("value", "valid_until")
        known = list(before.all())
        change = cancel_order(order=order, reason="mistaken", on=day(20), actor=CLERK, at=at(3, 20))
        assert list(before.all()) != known
        undo_change(order=order, number=change.number, actor=CLERK, at=at(3, 21))
        assert (order.status, order.ends_on, list(before.all())) == ("active", None, known)
    assert lines_of(company, APRIL) == [("04-01", "20.00")]


def test_what_is_billed_or_stands_under_another_change_is_not_undone(company, order):
    with company_scope(company):
        seats(order, 3, on=day(11))
    bill_date(company, APRIL)
    before = digest(company)
    with company_scope(company), pytest.raises(ChangeIsBilledError, match="the next bill settles"):
        undo_change(order=order, number=1, actor=CLERK, at=at(4, 2))
    assert digest(company) == before
    with company_scope(company):
        suspend(order, day(10, 4))
        resume(order, day(12, 4))
        with pytest.raises(LaterChangeError, match="undo change 3 first"):
            undo_change(order=order, number=2, actor=CLERK, at=at(4, 12))


def test_full_gives_whole_periods_back_and_none_nothing(company, order):
    with company_scope(company):
        seats(order, 3, on=day(11), policy=ChangePolicy(how=How.FULL))
    assert lines_of(company, APRIL) == [("03-01", "-20.00"), ("03-11", "40.65"), ("04-01", "60.00")]
    with company_scope(company):
        seats(order, 1, on=day(11, 4), policy=ChangePolicy(how=How.NONE))
        change = cancel_order(
            order=order, reason="gone", on=day(20, 4), policy=ChangePolicy(how=How.NONE), actor=CLERK, at=at(4, 20)
        )
        assert change.effective_on == day(20, 4)
    assert lines_of(company, MAY) == []
    assert verify(company) == []


def test_a_change_at_the_end_of_the_period_credits_nothing(company, order):
    policy = ChangePolicy(when=When.END_OF_PERIOD)
    with company_scope(company):
        change = seats(order, 3, on=None, asked=at(3, 11), policy=policy)
        assert change.effective_on == APRIL
    assert lines_of(company, APRIL) == [("04-01", "60.00")]


def test_settled_now_a_cancellation_is_a_credit_note_of_its_own_the_same_day(company, order):
    with company_scope(company):
        cancel_order(
            order=order, reason="gone", on=day(20), policy=ChangePolicy(settle=Settle.NOW), actor=CLERK, at=at(3, 20)
        )
    drain()
    with company_scope(company):
        note = Invoice.objects.get(kind="credit_note")
        assert (note.total, note.issued_on, note.run) == (Decimal("-7.74"), day(20), "")
        assert by_number("1001").next_invoice_on == APRIL
    assert lines_of(company, APRIL) == []
    assert verify(company) == []


def test_lines_are_added_and_ended(company, order):
    with company_scope(company):
        add_line(order=order, line=NewLine(product="seat", price=flat("31.00")), on=day(11), actor=CLERK, at=at(3, 11))
        add_line(
            order=order, line=NewLine(product="router", price=flat("49.00")), on=day(12), actor=CLERK, at=at(3, 12)
        )
        end_line(order=order, position=3, on=day(21), actor=CLERK, at=at(3, 21))
        with pytest.raises(OutsideOrderError):
            end_line(order=order, position=3, on=day(22), actor=CLERK, at=at(3, 22))
        with pytest.raises(NoSuchLineError, match="no line 9"):
            end_line(order=order, position=9, on=day(22), actor=CLERK, at=at(3, 22))
    assert lines_of(company, APRIL) == [("04-01", "20.00"), ("03-11", "10.00"), ("03-12", "49.00")]
    with company_scope(company):
        end_line(order=order, position=4, on=day(12), actor=CLERK, at=at(4, 2))
        with pytest.raises(ChangeIsBilledError):
            undo_change(order=order, number=1, actor=CLERK, at=at(4, 2))
    assert lines_of(company, MAY) == [("05-01", "20.00"), ("03-12", "-49.00")]


def make_plan(fee="50.00"):
    line = create_product(code="fibre", name="Fibre", kind="recurring", actor=CLERK, at=OPENING)
    publish_price(product=line, model="flat", parameters={"amount": fee}, valid_from=OPENED, actor=CLERK, at=OPENING)
    items = [NewPlanItem(product="fibre", timing="in_advance"), NewPlanItem(product="calls", timing="in_arrears")]
    return create_plan(code="fibre", name="Fibre and calls", items=items, actor=CLERK, at=OPENING)


def test_a_swapped_plan_credits_the_old_charges_the_other_and_takes_the_identifiers_along(company, order):
    with company_scope(company):
        swap_plan(order=order, plan=make_plan(), on=day(11), actor=CLERK, at=at(3, 11))
        meant = UsageIdentifier.objects.filter(value="KN1001").order_by("valid_from")
        assert [row.line.position for row in meant] == [2, 4]
        assert order.plan.code == "fibre"
    assert lines_of(company, APRIL) == [("03-11", "-13.55"), ("03-11", "33.87"), ("04-01", "50.00")]
    assert verify(company) == []


def test_a_swap_may_restart_the_periods_and_may_be_undone(company, order):
    with company_scope(company):
        plan = make_plan()
        change = swap_plan(order=order, plan=plan, on=day(11), restart=True, actor=CLERK, at=at(3, 11))
        undo_change(order=order, number=change.number, actor=CLERK, at=at(3, 11))
        assert order.plan.code == "voice"
        assert UsageIdentifier.objects.get(value="KN1001").valid_until is None
        swap_plan(order=order, plan=plan, on=day(11), restart=True, actor=CLERK, at=at(3, 11))
    assert lines_of(company, APRIL) == [("03-11", "-13.55"), ("03-11", "50.00"), ("04-11", "50.00")]


def test_a_moved_order_credits_the_one_and_bills_the_other(company, order):
    with company_scope(company):
        other = by_number("1002")
        moved = move_order(order=order, to=other, on=day(11), actor=CLERK, at=at(3, 11))
        assert (order.status, moved.status, moved.customer_id) == ("cancelled", "active", other.pk)
        meant = UsageIdentifier.objects.filter(value="KN1001").order_by("valid_from").last()
        assert meant.line.order_id == moved.pk
        with pytest.raises(SameCustomerError):
            move_order(order=moved, to=other, on=day(12), actor=CLERK, at=at(3, 12))
        Customer.objects.filter(number="1001").update(currency="USD")
        with pytest.raises(MovedCurrencyError):
            move_order(order=moved, to=by_number("1001"), on=day(12), actor=CLERK, at=at(3, 12))
        Customer.objects.filter(number="1001").update(currency="EUR")
    assert lines_of(company, APRIL) == [("03-11", "-13.55")]
    with company_scope(company):
        amounts = InvoiceLine.objects.filter(invoice__customer=other).aggregate(sum=Sum("amount"))
        assert amounts["sum"] == Decimal("33.55")
    assert verify(company) == []


def test_a_suspended_order_that_is_to_be_cancelled_ends_though_it_is_resumed_before(company, order):
    with company_scope(company):
        suspend(order, day(11))
        cancel_order(order=order, reason="gone", on=day(20, 4), actor=CLERK, at=at(3, 12))
        resume(order, day(16))
    assert lines_of(company, APRIL) == [("03-11", "-13.55"), ("03-16", "10.32"), ("04-01", "12.67")]
    assert lines_of(company, MAY) == []


def test_what_changes_while_an_order_stands_still_holds_when_it_runs_again(company, order):
    with company_scope(company):
        suspend(order, day(11))
        seats(order, 3, on=day(13))
        add_line(order=order, line=NewLine(product="seat", price=flat("31.00")), on=day(14), actor=CLERK, at=at(3, 14))
    assert lines_of(company, APRIL) == [("03-11", "-13.55")]
    with company_scope(company):
        resume(order, day(16, 4))
    assert lines_of(company, MAY) == [("04-16", "30.00"), ("05-01", "60.00"), ("04-16", "15.50"), ("05-01", "31.00")]


def test_a_suspended_order_is_cancelled(company, order):
    with company_scope(company):
        suspend(order, day(11))
        cancel_order(order=order, reason="gone", on=day(20), actor=CLERK, at=at(3, 20))
        assert order.status == "cancelled"
    assert lines_of(company, APRIL) == [("03-11", "-13.55")]


def test_a_company_may_have_other_rules_for_changes_and_suspensions(company, order):
    with company_scope(company):
        rules = ChangePolicy(when=When.END_OF_PERIOD, how=How.NONE)
        set_change_rules(policy=rules, suspension=SuspensionBilling.BILL_ON, actor=CLERK, at=at(3, 2))
        assert seats(order, 3, on=None, asked=at(3, 11)).effective_on == APRIL
        suspend(order, day(12))
        with pytest.raises(RuleNeedsMoreError, match="A date cannot be the rule"):
            set_change_rules(policy=ChangePolicy(when=When.DATE), actor=CLERK, at=at(3, 2))
        with pytest.raises(RuleNeedsMoreError, match="A parking price"):
            set_change_rules(policy=rules, suspension=SuspensionBilling.PARKING, actor=CLERK, at=at(3, 2))
    assert lines_of(company, APRIL) == [("04-01", "60.00")]
