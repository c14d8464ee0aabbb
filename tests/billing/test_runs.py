"""Billing runs: what was reviewed is what is issued, once, with numbers without gap, whoever fails or interrupts."""

import hashlib
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from tests.billing.playing import (
    APRIL,
    MARCH,
    MAY,
    approve,
    at,
    bill_date,
    calls_of,
    execute,
    happened,
    load,
    open_books,
    preview,
)
from tests.builders import CLERK, sign_up_customer

from billhook.billing.bulk import ClaimedPeriod, PeriodGapError, claim_periods
from billhook.billing.events import RunFinished
from billhook.billing.models import BilledPeriod, BillingRun, RunDraft
from billhook.billing.operations.approve import SecondPersonNeededError, approve_run, reject_run
from billhook.billing.operations.commit import commit_run
from billhook.billing.operations.policy import set_credit_note_series
from billhook.billing.operations.start import RunUnderWayError, compute_run, start_run
from billhook.core.draft import from_bytes
from billhook.core.states import TransitionError
from billhook.customers.models import Customer
from billhook.foundation.digest import digest
from billhook.foundation.draining import drain
from billhook.foundation.events import Actor
from billhook.foundation.models import Company
from billhook.foundation.scope import company_scope
from billhook.invoicing.models import Invoice
from billhook.orders.models import OrderLineVersion
from billhook.reports.verify import verify

BOSS = Actor(kind="person", name="Boss")


@pytest.fixture
def five(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Company:
    """Return a company with the customers 1001 to 1005."""
    return open_books(tmp_path, monkeypatch, customers=5)


def drafts(company: Company, run: BillingRun) -> dict[str, RunDraft]:
    """Return the drafts of a run by customer number."""
    with company_scope(company):
        return {draft.customer.number: draft for draft in run.drafts.select_related("customer")}


def states(company: Company, run: BillingRun) -> dict[str, str]:
    """Return the state of each draft by customer number."""
    return {number: draft.state for number, draft in drafts(company, run).items()}


def set_own_price(company: Company, number: str, amount: object) -> None:
    """Give a customer's monthly fee a price of its own behind the back of every check."""
    with company_scope(company):
        version = OrderLineVersion.objects.get(line__order__customer__number=number, line__kind="recurring")
        version.price, version.own_price = None, {"model": "flat", "parameters": {"amount": amount}}
        version.save()


def test_what_was_reviewed_is_issued_to_the_byte(five: Company, tmp_path: Path) -> None:
    bill_date(five, MARCH)
    load(five, calls_of(tmp_path / "Master.csv", "KN1003", [61, 3599, 7]))
    run = preview(five, APRIL)
    reviewed = {number: (bytes(draft.body), draft.total) for number, draft in drafts(five, run).items()}
    approve(five, run)
    with company_scope(five):
        issued = {invoice.customer.number: invoice for invoice in Invoice.objects.filter(run=run.number)}
        assert issued.keys() == reviewed.keys()
        for number, invoice in issued.items():
            body, total = reviewed[number]
            draft = from_bytes(body)
            assert invoice.fingerprint == hashlib.sha256(body).hexdigest()
            assert (invoice.net, invoice.tax, invoice.total) == (
                draft.net.amount,
                draft.tax.amount,
                draft.total.amount,
            )
            assert invoice.total == total
            assert [line.amount for line in invoice.lines.all()] == [line.amount.amount for line in draft.lines]


def test_numbers_follow_the_order_of_customers(five: Company) -> None:
    bill_date(five, MARCH)
    bill_date(five, APRIL)
    with company_scope(five):
        numbered = Invoice.objects.order_by("number").values_list("number", "customer__number")
        assert list(numbered) == [(f"INV-2026-{place:05d}", str(1001 + (place - 1) % 5)) for place in range(1, 11)]


def test_a_second_run_for_a_date_finds_nothing_due(five: Company) -> None:
    bill_date(five, MARCH)
    again = bill_date(five, MARCH)
    assert again.number == "RUN-2026-03-01-2"
    assert (again.state, again.counters["customers"]) == ("done", 0)
    with company_scope(five):
        assert Invoice.objects.count() == 5


def test_a_skipped_month_is_billed_with_the_next(company: Company) -> None:
    bill_date(company, MAY)
    with company_scope(company):
        (invoice,) = Invoice.objects.all()
        assert invoice.total == Decimal("60.00")
        assert Customer.objects.get().next_invoice_on == date(2026, 6, 1)
        periods = BilledPeriod.objects.filter(kind="recurring").order_by("lower").values_list("lower", "upper")
        assert list(periods) == [(MARCH, APRIL), (APRIL, MAY), (MAY, date(2026, 6, 1))]


def test_usage_that_arrives_after_the_review_holds_its_customer_alone(five: Company, tmp_path: Path) -> None:
    bill_date(five, MARCH)
    run = preview(five, APRIL)
    load(five, calls_of(tmp_path / "Master.csv", "KN1002", [600]))
    approve(five, run)
    assert run.state == "done"
    assert states(five, run) == {
        "1001": "issued",
        "1002": "changed",
        **dict.fromkeys(("1003", "1004", "1005"), "issued"),
    }
    assert drafts(five, run)["1002"].reason == "changed since review"
    later = bill_date(five, APRIL)
    assert states(five, later) == {"1002": "issued"}
    with company_scope(five):
        assert Invoice.objects.get(run=later.number).total == Decimal("20.50")
        assert Invoice.objects.order_by("-number").values_list("number", flat=True)[0] == "INV-2026-00010"
    assert verify(five) == []


def test_a_price_that_changes_after_the_review_holds_the_draft(five: Company) -> None:
    run = preview(five, MARCH)
    set_own_price(five, "1004", "21.00")
    approve(five, run)
    assert states(five, run)["1004"] == "changed"


@pytest.mark.parametrize("amount", ["a lot", None, {"x": 1}])
def test_a_customer_who_cannot_be_billed_fails_alone_with_a_reason(five: Company, amount: object) -> None:
    set_own_price(five, "1003", amount)
    run = bill_date(five, MARCH)
    assert run.state == "done"
    assert states(five, run) == {"1003": "failed", **dict.fromkeys(("1001", "1002", "1004", "1005"), "issued")}
    assert drafts(five, run)["1003"].reason
    set_own_price(five, "1003", "18.00")
    assert states(five, bill_date(five, MARCH)) == {"1003": "issued"}
    assert verify(five) == []


def test_a_bill_below_zero_is_issued_as_a_credit_note_among_the_invoices(five: Company) -> None:
    set_own_price(five, "1002", "-3.00")
    run = bill_date(five, MARCH)
    assert states(five, run) == dict.fromkeys(("1001", "1002", "1003", "1004", "1005"), "issued")
    with company_scope(five):
        note = Invoice.objects.get(customer__number="1002")
        assert (note.number, note.kind, note.total) == ("INV-2026-00002", "credit_note", Decimal("-3.00"))
    assert verify(five) == []


def test_credit_notes_have_a_series_of_their_own_where_the_company_wants_it(five: Company) -> None:
    for number in ("1002", "1004"):
        set_own_price(five, number, "-3.00")
    with company_scope(five):
        set_credit_note_series(apart=True, actor=CLERK, at=at(2, 28))
    bill_date(five, MARCH)
    with company_scope(five):
        numbered = dict(Invoice.objects.values_list("customer__number", "number"))
    assert numbered == {
        "1001": "INV-2026-00001",
        "1002": "CN-2026-00001",
        "1003": "INV-2026-00002",
        "1004": "CN-2026-00002",
        "1005": "INV-2026-00003",
    }
    assert verify(five) == []


def test_a_bill_of_nothing_is_empty_and_the_customer_moves_on(company: Company) -> None:
    with company_scope(company):
        OrderLineVersion.objects.all().update(ends_on=MARCH)
    run = bill_date(company, MARCH)
    assert states(company, run) == {"1001": "empty"}
    with company_scope(company):
        assert Customer.objects.get().next_invoice_on == APRIL


def test_a_second_person_approves_where_the_company_asks_for_one(company: Company) -> None:
    Company.objects.update(second_person=True)
    run = preview(company, MARCH)
    with company_scope(company), pytest.raises(SecondPersonNeededError, match="somebody other"):
        approve_run(run=run, actor=CLERK, at=at(3, 1))
    with company_scope(company):
        approve_run(run=run, actor=BOSS, at=at(3, 1))
    drain()
    assert states(company, run) == {"1001": "issued"}


def test_a_rejected_run_leaves_its_customers_due(company: Company) -> None:
    run = preview(company, MARCH)
    with company_scope(company):
        reject_run(run=run, reason="the fee is wrong", actor=CLERK, at=at(3, 1))
    drain()
    with company_scope(company):
        assert not Invoice.objects.exists()
        with pytest.raises(TransitionError, match="rejected"):
            approve_run(run=run, actor=CLERK, at=at(3, 1))
    assert states(company, bill_date(company, MARCH)) == {"1001": "issued"}


def test_a_run_that_is_under_way_is_named(company: Company) -> None:
    preview(company, MARCH)
    with company_scope(company), pytest.raises(RunUnderWayError, match="RUN-2026-03-01 is review"):
        start_run(bill_date=MARCH, actor=CLERK, at=at(3, 1))


def test_a_run_is_approved_once(company: Company) -> None:
    run = bill_date(company, MARCH)
    with company_scope(company):
        for happening in (approve_run, reject_run):
            with pytest.raises(TransitionError, match="done"):
                happening(run=run, actor=CLERK, at=at(3, 1), **({"reason": "no"} if happening is reject_run else {}))


def test_computing_and_committing_again_changes_nothing(five: Company) -> None:
    run = bill_date(five, MARCH)
    before = digest(five)
    compute_run(company=five, number=run.number, actor=CLERK, at=at(3, 2))
    commit_run(company=five, number=run.number, actor=CLERK)
    assert digest(five) == before
    assert len(happened(five, RunFinished)) == 1


def test_a_customer_who_signs_up_during_the_review_is_billed_by_the_next_run(five: Company) -> None:
    run = preview(five, MARCH)
    with company_scope(five):
        sign_up_customer("1000")
    approve(five, run)
    assert "1000" not in states(five, run)
    assert states(five, bill_date(five, MARCH)) == {"1000": "issued"}


def test_a_period_is_billed_once(company: Company) -> None:
    bill_date(company, MARCH)
    with company_scope(company):
        version = BilledPeriod.objects.get().version_id
        twice = ClaimedPeriod(version_id=version, kind="recurring", lower=MARCH, upper=APRIL, document="INV-X")
        with pytest.raises(IntegrityError, match="billed_period_once"), transaction.atomic():
            claim_periods([twice])


@pytest.mark.parametrize("lower", [date(2026, 3, 15), date(2026, 4, 2), MAY])
def test_a_period_that_leaves_a_gap_or_overlaps_is_refused(company: Company, lower: date) -> None:
    bill_date(company, MARCH)
    with company_scope(company):
        version = BilledPeriod.objects.get().version_id
        gap = ClaimedPeriod(version_id=version, kind="recurring", lower=lower, upper=date(2026, 6, 1), document="INV-X")
        with pytest.raises(PeriodGapError, match=f"INV-X would bill {lower}"), transaction.atomic():
            claim_periods([gap])
        assert claim_periods([ClaimedPeriod(version, "recurring", APRIL, MAY, "INV-X")]) == 1


def test_a_period_of_no_days_is_refused_by_the_database(company: Company) -> None:
    bill_date(company, MARCH)
    with company_scope(company), pytest.raises(IntegrityError, match="billed_period_dates"), transaction.atomic():
        execute("update billing_billedperiod set upper = lower")
