"""Two runs of one company: nothing is billed twice, no number is lost, and what was overtaken is held."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from tests.billing.playing import APRIL, MARCH, MAY, approve, at, bill_date, calls_of, load, open_books, preview, undone
from tests.builders import CLERK, make_books
from tests.processes import connected_to, start_python

from billhook.billing.models import BillingRun, RunDraft
from billhook.billing.operations.approve import RunInTheWayError, approve_run
from billhook.billing.operations.commit import DraftsNotIssuedError, commit_run
from billhook.billing.operations.start import BillDateMistypedError, compute_run, start_run
from billhook.foundation.models import Company
from billhook.foundation.scope import company_scope
from billhook.invoicing.models import Invoice
from billhook.mediation.bulk import BilledUsage, mark_billed
from billhook.mediation.models import Charge
from billhook.mediation.refusals import UsageNotUnbilledError
from billhook.reports.verify import verify


@pytest.fixture
def two(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Company:
    """Return a company with the customers 1001 and 1002, billed for March, with calls of March."""
    company = open_books(tmp_path, monkeypatch, customers=2)
    bill_date(company, MARCH)
    load(company, calls_of(tmp_path / "Master.csv", "KN1001", [600, 1200]))
    return company


def states(company: Company, run: BillingRun) -> dict[str, str]:
    """Return the state of each draft by customer number."""
    with company_scope(company):
        return dict(run.drafts.values_list("customer__number", "state"))


def test_a_run_is_not_approved_while_another_one_is_issued(two: Company) -> None:
    first, second = preview(two, APRIL), preview(two, MAY)
    with company_scope(two):
        approve_run(run=first, actor=CLERK, at=at(4, 1))
        with pytest.raises(RunInTheWayError, match="RUN-2026-05-01 cannot be approved while RUN-2026-04-01 is commit"):
            approve_run(run=second, actor=CLERK, at=at(5, 1))
        second.refresh_from_db()
        assert (second.state, second.first_number) == ("review", None)


@pytest.mark.parametrize("order", [(APRIL, MAY), (MAY, APRIL)], ids=["earlier first", "later first"])
def test_two_reviewed_runs_approved_one_after_the_other_bill_nothing_twice(
    two: Company, order: tuple[date, date]
) -> None:
    first, second = (preview(two, day, when=at(4, 20)) for day in order)
    approve(two, first)
    approve(two, second)
    assert (first.state, second.state) == ("done", "done")
    assert states(two, first) == {"1001": "issued", "1002": "issued"}
    assert states(two, second) == {"1001": "changed", "1002": "changed"}
    with company_scope(two):
        numbers = list(Invoice.objects.order_by("number").values_list("number", flat=True))
        assert numbers == [f"INV-2026-{place:05d}" for place in range(1, 5)]
        assert Charge.objects.exclude(document="").count() == Charge.objects.count()
    assert verify(two) == []
    again = bill_date(two, MAY, when=at(5, 2))
    assert set(states(two, again).values()) == ({"issued"} if order[0] == APRIL else set())
    assert verify(two) == []


def test_a_draft_whose_usage_another_invoice_bills_is_not_issued_and_named(two: Company) -> None:
    with company_scope(two):
        start_run(bill_date=APRIL, actor=CLERK, at=at(4, 1))
    compute_run(company=two, number="RUN-2026-04-01", actor=CLERK, at=at(4, 1))
    with company_scope(two):
        approve_run(run=BillingRun.objects.get(bill_date=APRIL), actor=CLERK, at=at(4, 1))
        Charge.objects.filter(pk=Charge.objects.order_by("id")[0].pk).update(document="INV-2026-00001")
    with pytest.raises(DraftsNotIssuedError, match="1 drafts of RUN-2026-04-01"):
        commit_run(company=two, number="RUN-2026-04-01", actor=CLERK)
    with company_scope(two):
        refused = RunDraft.objects.get(run__bill_date=APRIL, state="ready")
        assert refused.customer.number == "1001"
        assert "INV-2026-00003 would bill 2 usage records" in refused.reason
        assert list(Invoice.objects.filter(issued_on=APRIL).values_list("customer__number", flat=True)) == ["1002"]
        assert not Charge.objects.filter(document="INV-2026-00003").exists()
        Charge.objects.update(document="")
    commit_run(company=two, number="RUN-2026-04-01", actor=CLERK)
    assert verify(two) == []
    with company_scope(two):
        assert Invoice.objects.get(number="INV-2026-00003").total == Decimal("21.50")


@pytest.mark.parametrize(("wanted", "refused"), [(1, True), (2, False), (3, True)])
def test_marking_counts_the_records(two: Company, wanted: int, *, refused: bool) -> None:
    with company_scope(two), undone():
        key = Charge.objects.order_by("id")[0].line_key
        usage = BilledUsage(
            line_key=key, start=MARCH, end=APRIL, parts=("1.1",), records=wanted, document="INV-2026-00009"
        )
        if refused:
            with pytest.raises(UsageNotUnbilledError, match=f"would bill {wanted} usage records"):
                mark_billed([usage])
        else:
            assert mark_billed([usage]) == 2
            with pytest.raises(UsageNotUnbilledError, match="but finds 0 unbilled"):
                mark_billed([usage])


def test_two_lines_do_not_bill_the_same_charges(two: Company) -> None:
    with company_scope(two):
        key = Charge.objects.order_by("id")[0].line_key
        twice = [
            BilledUsage(line_key=key, start=MARCH, end=APRIL, parts=("1.1",), records=2, document=f"INV-X{place}")
            for place in range(2)
        ]
        with pytest.raises(UsageNotUnbilledError):
            mark_billed(twice)


@pytest.mark.parametrize("change", [{"document": ""}, {"document": "INV-2026-00001"}])
def test_verify_finds_usage_that_is_not_what_its_line_bills(two: Company, change: dict[str, str]) -> None:
    bill_date(two, APRIL)
    assert verify(two) == []
    with company_scope(two):
        Charge.objects.filter(document="INV-2026-00003").update(**change)
    found = verify(two)
    assert "Line 2 of INV-2026-00003 bills 2 usage records; its charges hold 0." in found
    elsewhere = "Charges of 2 usage records name INV-2026-00001; its lines bill 0."
    assert (elsewhere in found) == bool(change["document"])


APPROVE = """
import sys
from billhook.billing.models import BillingRun
from billhook.billing.operations.approve import RunInTheWayError, approve_run
from billhook.foundation.models import Company
from billhook.foundation.scope import company_scope
from tests.builders import CLERK
from tests.billing.playing import at
company = Company.objects.get()
try:
    with company_scope(company):
        approve_run(run=BillingRun.objects.get(number=sys.argv[1]), actor=CLERK, at=at(4, 20))
except RunInTheWayError:
    print("in the way")
"""


def test_of_two_approvals_at_once_one_is_refused(
    own_database: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLHOOK_HOME", own_database["BILLHOOK_HOME"])
    numbers = ("RUN-2026-03-01", "RUN-2026-04-01")
    with connected_to(own_database):
        company = make_books(tmp_path / "outside", customers=2)
        for number in numbers:
            with company_scope(company):
                start_run(bill_date=date.fromisoformat(number[4:]), actor=CLERK, at=at(3, 20))
            compute_run(company=company, number=number, actor=CLERK, at=at(3, 20))
    workers = [start_python(own_database, APPROVE, number) for number in numbers]
    said = [worker.communicate(timeout=60) for worker in workers]
    assert sorted(out.strip() for out, _ in said) == ["", "in the way"], said
    with connected_to(own_database), company_scope(company):
        assert sorted(BillingRun.objects.values_list("state", flat=True)) == ["committing", "review"]


@pytest.mark.parametrize("day", [date(2206, 4, 1), date(2026, 5, 23), date(1999, 12, 31), date(26, 4, 1)])
def test_a_bill_date_that_nobody_can_mean_is_refused(company: Company, day: date) -> None:
    with company_scope(company), pytest.raises(BillDateMistypedError, match=f"{day} looks mistyped.*to 2026-05-22"):
        start_run(bill_date=day, actor=CLERK, at=at(3, 21))
    with company_scope(company):
        assert not BillingRun.objects.exists()


def test_a_bill_date_counts_from_the_day_that_it_is_at_the_company(company: Company) -> None:
    late_evening = datetime.fromisoformat("2026-03-20T23:30:00+00:00")
    with company_scope(company):
        assert start_run(bill_date=date(2026, 5, 22), actor=CLERK, at=late_evening).state == "computing"
        assert start_run(bill_date=date(2000, 1, 1), actor=CLERK, at=late_evening).state == "computing"
