"""Orders of any products, with trials, terms and contracts, that start in the past, today or later."""

from datetime import date
from decimal import Decimal

import pytest
from tests.billing.playing import APRIL, MARCH, MAY, bill_date, pass_time
from tests.builders import CLERK, OPENING
from tests.orders.changing import (
    MONTH,
    PER_SEAT,
    QUARTER,
    YEAR,
    at,
    day,
    flat,
    lines_of,
    open_life,
    place,
    seat_order,
    seats,
)

from billhook.catalog.operations.products import create_product
from billhook.core.agreement import Alignment, Timing
from billhook.core.cadence import Cadence, CadenceUnit
from billhook.foundation.scope import company_scope
from billhook.orders.contracts import ContractParametersError, ContractTerms, FeeTerms
from billhook.orders.models import Order, OrderChange
from billhook.orders.new_lines import LineTermsError, NewLine, NewPhase, OwnPrice
from billhook.orders.operations.cancel import cancel_order
from billhook.orders.operations.place import (
    ExternalKeyTakenError,
    NothingOrderedError,
    OrderDatesError,
)
from billhook.orders.refusals import (
    DependsOnError,
)


@pytest.fixture
def company(db, tmp_path, monkeypatch):
    return open_life(tmp_path, monkeypatch)


@pytest.fixture
def order(company):
    bill_date(company, MARCH)
    return seat_order(company)


def test_products_are_ordered_in_any_combination(company):
    with company_scope(company):
        place(
            [
                NewLine(product="seat", quantity=Decimal(3), price=PER_SEAT, discount_percent=Decimal(10)),
                NewLine(product="seat", price=flat("9.00"), timing=Timing.IN_ARREARS, description="Support"),
                NewLine(product="seat", price=flat("90.00"), cadence=QUARTER, alignment=Alignment.OWN),
                NewLine(product="router", price=flat("49.00")),
            ],
            purchase_order="PO-7",
            custom={"site": "north"},
        )
    assert lines_of(company, MARCH, "1002") == [("03-01", "54.00"), ("03-01", "90.00"), ("03-01", "49.00")]
    assert lines_of(company, APRIL, "1002") == [("04-01", "54.00"), ("03-01", "9.00")]


def test_a_discounted_line_gives_back_what_was_billed_of_it(company):
    with company_scope(company):
        seat = NewLine(product="seat", quantity=Decimal(2), price=PER_SEAT, discount_percent=Decimal("12.5"))
        order = place([seat])
    assert lines_of(company, MARCH, "1002") == [("03-01", "35.00")]
    with company_scope(company):
        cancel_order(order=order, reason="gone", on=day(11), actor=CLERK, at=at(3, 11))
    assert lines_of(company, APRIL, "1002") == [("03-11", "-23.71")]


def test_phases_follow_one_another_and_a_change_restarts_none(company):
    with company_scope(company):
        phases = (
            NewPhase(name="trial", length=Cadence(CadenceUnit.DAY, 14), free=True),
            NewPhase(name="welcome", length=MONTH, price=PER_SEAT),
            NewPhase(name="then", price=OwnPrice(model="per_unit", parameters={"unit_price": "30.00"})),
        )
        order = place([NewLine(product="seat", phases=phases)])
        seats(order, 2, on=day(5))
    assert lines_of(company, MARCH, "1002") == [("03-15", "21.94")]
    assert lines_of(company, APRIL, "1002") == [("04-01", "18.67"), ("04-15", "32.00")]


def test_an_order_to_come_is_pending_until_its_day(company):
    with company_scope(company):
        order = place([NewLine(product="seat", price=flat("30.00"))], on=day(16, 4), ends_on=day(16, 5))
        assert order.status == "pending"
    pass_time(company, at(4, 17))
    with company_scope(company):
        order.refresh_from_db()
        assert order.status == "active"
    assert lines_of(company, MAY, "1002") == [("04-16", "15.00"), ("05-01", "14.52")]
    pass_time(company, at(5, 17))
    with company_scope(company):
        order.refresh_from_db()
        assert order.status == "ended"


def test_a_cancellation_to_come_is_carried_out_on_its_day(company, order):
    with company_scope(company):
        cancel_order(order=order, reason="moves", on=day(20), actor=CLERK, at=at(3, 10))
    pass_time(company, at(3, 21))
    with company_scope(company):
        order.refresh_from_db()
        assert order.status == "cancelled"
        assert OrderChange.objects.get().state == "in_force"


def test_leaving_before_the_end_of_the_term_costs_what_the_contract_says(company):
    with company_scope(company):
        create_product(code="leaving", name="Leaving early", kind="one_time", actor=CLERK, at=OPENING)
        fee = FeeTerms(product="leaving", kind="percent_of_rest", percent=Decimal(50))
        contract = ContractTerms(term=YEAR, notice=MONTH, fee=fee)
        order = place([NewLine(product="seat", price=flat("30.00"))], contract=contract)
    assert lines_of(company, MARCH, "1002") == [("03-01", "30.00")]
    with company_scope(company):
        cancel_order(order=order, reason="gone", on=APRIL, actor=CLERK, at=at(3, 20))
    assert lines_of(company, APRIL, "1002") == [("04-01", "165.00")]
    with company_scope(company):
        bound = place([NewLine(product="seat", price=flat("30.00"))], contract=contract)
        change = cancel_order(order=bound, reason="gone", end_of_term=True, actor=CLERK, at=at(4, 2))
        assert change.effective_on == date(2027, 3, 1)
        with pytest.raises(ContractParametersError, match="needs a figure as its amount"):
            place([NewLine(product="seat")], contract=ContractTerms(term=YEAR, fee=FeeTerms(product="x", kind="flat")))


def test_an_order_lies_within_the_days_of_the_one_that_it_needs(company, order):
    with company_scope(company):
        seat = [NewLine(product="seat", price=flat("1.00"))]
        with pytest.raises(DependsOnError):
            place(seat, on=date(2026, 2, 1), depends_on=order)
        needs = place(seat, depends_on=order)
        with pytest.raises(DependsOnError, match=f"Order {needs.number} needs {order.number}"):
            cancel_order(order=order, reason="gone", on=day(20), actor=CLERK, at=at(3, 20))
        cancel_order(order=needs, reason="gone", on=day(20), actor=CLERK, at=at(3, 20))
        cancel_order(order=order, reason="gone", on=day(20), actor=CLERK, at=at(3, 20))


def test_what_cannot_be_ordered_is_refused_by_name(company):
    with company_scope(company):
        seat = [NewLine(product="seat", price=flat("1.00"))]
        place(seat, external_key="crm-1")
        with pytest.raises(ExternalKeyTakenError, match="crm-1"):
            place(seat, external_key="crm-1")
        with pytest.raises(NothingOrderedError):
            place([])
        with pytest.raises(OrderDatesError, match="swap the dates"):
            place(seat, on=APRIL, ends_on=MARCH)
        with pytest.raises(LineTermsError, match="rate card"):
            place([NewLine(product="calls", discount_percent=Decimal(5))])
        with pytest.raises(LineTermsError, match="0 to 100"):
            NewLine(product="seat", discount_percent=Decimal(101))
        assert Order.objects.filter(customer__number="1002").count() == 2
