"""One customer is billed alone, and what something would do is previewed to the cent."""

from datetime import date
from decimal import Decimal

import pytest
from tests.billing.playing import APRIL, MARCH, approve, at, bill_date, preview
from tests.builders import CLERK, sign_up_request
from tests.orders.changing import seat_order, seats

from billhook.billing.models import RunDraft
from billhook.billing.operations.approve import approve_run
from billhook.billing.operations.bill_now import BillUnderWayError, bill_now
from billhook.billing.operations.start import compute_run, start_run
from billhook.billing.previews import preview as previewed
from billhook.core.money import Money
from billhook.customers.queries import by_number
from billhook.foundation.digest import digest
from billhook.foundation.models import Company
from billhook.foundation.scope import company_scope
from billhook.invoicing.models import Invoice
from billhook.orders.operations.cancel import cancel_order
from billhook.orders.operations.sign_up import preview_sign_up, sign_up
from billhook.orders.refusals import OrderIsOverError
from billhook.reports.verify import verify


def test_a_customer_billed_alone_is_not_billed_again_by_the_run(company: Company) -> None:
    with company_scope(company):
        assert bill_now(customer=by_number("1001"), as_of=MARCH, actor=CLERK, at=at(3, 1)) == "INV-2026-00001"
        assert by_number("1001").next_invoice_on == APRIL
        assert bill_now(customer=by_number("1001"), as_of=MARCH, actor=CLERK, at=at(3, 1)) == ""
    run = bill_date(company, MARCH)
    assert run.counters["customers"] == 0
    with company_scope(company):
        assert Invoice.objects.get().total == Decimal("20.00")
    assert verify(company) == []


def test_a_draft_in_review_is_held_when_its_customer_was_billed_alone_meanwhile(company: Company) -> None:
    run = preview(company, MARCH)
    with company_scope(company):
        bill_now(customer=by_number("1001"), as_of=MARCH, actor=CLERK, at=at(3, 1))
    approve(company, run)
    with company_scope(company):
        assert RunDraft.objects.get().state == "changed"
        assert Invoice.objects.count() == 1
    assert verify(company) == []


def test_a_customer_whom_an_approved_run_bills_is_not_billed_alone(company: Company) -> None:
    with company_scope(company):
        start_run(bill_date=MARCH, actor=CLERK, at=at(3, 1))
    compute_run(company=company, number="RUN-2026-03-01", actor=CLERK, at=at(3, 1))
    with company_scope(company):
        run = RunDraft.objects.get().run
        approve_run(run=run, actor=CLERK, at=at(3, 1))
        with pytest.raises(BillUnderWayError, match="RUN-2026-03-01 is issuing a bill of customer 1001"):
            bill_now(customer=by_number("1001"), as_of=MARCH, actor=CLERK, at=at(3, 1))
        assert not Invoice.objects.exists()


def test_a_preview_says_the_bill_without_and_with_each_line_with_its_why_and_leaves_nothing(company: Company) -> None:
    order = seat_order(company)
    bill_date(company, MARCH)
    before = digest(company)
    with company_scope(company):
        customer = by_number("1001")
        found = previewed(lambda: seats(order, 3, on=date(2026, 3, 11)), customer, APRIL)
    assert digest(company) == before
    assert found.before is not None
    assert found.after is not None
    assert (found.before.total, found.after.total) == (Money.of("20.00", "EUR"), Money.of("87.10", "EUR"))
    assert found.difference == Money.of("67.10", "EUR")
    assert [str(line.line.amount) for line in found.lines] == ["-13.55 EUR", "40.65 EUR", "60.00 EUR"]
    assert "credit of 20" in found.lines[0].sentence.lower()
    assert "21 unused of 31 days" in found.lines[0].sentence


def test_a_preview_refuses_what_the_operation_refuses(company: Company) -> None:
    order = seat_order(company)
    with company_scope(company):
        cancel_order(order=order, reason="gone", on=date(2026, 3, 10), actor=CLERK, at=at(3, 10))
        with pytest.raises(OrderIsOverError):
            previewed(lambda: seats(order, 3, on=date(2026, 3, 9)), by_number("1001"), APRIL)


def test_a_sign_up_is_previewed_by_the_bill_that_the_run_issues(company: Company) -> None:
    before = digest(company)
    request = sign_up_request("1002", first_day=date(2026, 3, 5))
    with company_scope(company):
        found = preview_sign_up(request=request, actor=CLERK, at=at(3, 5))
    assert digest(company) == before
    with company_scope(company):
        sign_up(request=request, actor=CLERK, at=at(3, 5))
        billed = by_number("1002").next_invoice_on
    bill_date(company, billed, when=at(3, 5))
    with company_scope(company):
        issued = Invoice.objects.get(customer__number="1002")
    assert found is not None
    assert issued.total == found.total.amount


def test_nothing_due_is_previewed_as_nothing(company: Company) -> None:
    bill_date(company, MARCH)
    with company_scope(company):
        found = previewed(lambda: None, by_number("1001"), MARCH)
    assert (found.before, found.after, found.lines) == (None, None, [])
    assert found.difference == Money.zero("EUR")
