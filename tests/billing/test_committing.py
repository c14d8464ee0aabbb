"""Committing a run: killed at any step, refused in one draft, or done by several workers, it ends in the same books."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest
from tests.billing.playing import MARCH, at, open_books, undone
from tests.builders import CLERK, make_books
from tests.database import fresh_database
from tests.processes import connected_to, start_python

from billhook.billing import marking
from billhook.billing.models import BilledPeriod, BillingRun, RunDraft
from billhook.billing.operations import commit
from billhook.billing.operations.approve import approve_run
from billhook.billing.operations.commit import DraftsNotIssuedError, commit_run
from billhook.billing.operations.start import compute_run, start_run
from billhook.foundation.digest import digest
from billhook.foundation.models import Company
from billhook.foundation.scope import company_scope
from billhook.invoicing.models import Invoice
from billhook.orders.models import OrderLineVersion
from billhook.reports.verify import verify

NUMBER = "RUN-2026-03-01"


@pytest.fixture
def approved(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Company:
    """Return a company with a run of five drafts that is approved and not issued yet, in chunks of two."""
    company = open_books(tmp_path, monkeypatch, customers=5)
    monkeypatch.setattr(commit, "CHUNK", 2)
    approve_everything(company)
    return company


def approve_everything(company: Company) -> None:
    """Compute and approve the run of March, without its jobs."""
    with company_scope(company):
        start_run(bill_date=MARCH, actor=CLERK, at=at(3, 1))
    compute_run(company=company, number=NUMBER, actor=CLERK, at=at(3, 1))
    with company_scope(company):
        approve_run(run=BillingRun.objects.get(), actor=CLERK, at=at(3, 1))


class ProcessDiedError(BaseException):
    """Raised where a process is killed."""


def dying(step: Callable[..., object], *, call: int) -> Callable[..., object]:
    """Return a step that is done a few times and then dies after its work."""
    calls = iter(range(1, 100))

    def done(*given: object, **named: object) -> object:
        answer = step(*given, **named)
        if next(calls) == call:
            raise ProcessDiedError
        return answer

    return done


STEPS = (
    (commit, "issue_invoices"),
    (marking, "claim_periods"),
    (marking, "mark_billed_through"),
    (marking, "mark_usage_billed"),
    (commit, "move_next_invoice"),
    (commit, "issue_chunk"),
    (commit, "finish_run"),
)


@pytest.mark.parametrize(("module", "step"), STEPS, ids=[step for _, step in STEPS])
def test_a_run_that_dies_after_any_step_and_goes_on_ends_like_an_undisturbed_one(
    approved: Company, monkeypatch: pytest.MonkeyPatch, module: ModuleType, step: str
) -> None:
    with undone():
        commit_run(company=approved, number=NUMBER, actor=CLERK)
        undisturbed = digest(approved)
    real = getattr(module, step)
    for call in (1, 1) if step == "finish_run" else (1, 2):
        with monkeypatch.context() as patch:
            patch.setattr(module, step, dying(real, call=call))
            with pytest.raises(ProcessDiedError):
                commit_run(company=approved, number=NUMBER, actor=CLERK)
    commit_run(company=approved, number=NUMBER, actor=CLERK)
    assert digest(approved) == undisturbed


def test_a_draft_that_cannot_be_issued_stops_no_other_and_keeps_its_number(approved: Company) -> None:
    with undone():
        commit_run(company=approved, number=NUMBER, actor=CLERK)
        undisturbed = digest(approved)
    with company_scope(approved):
        version = OrderLineVersion.objects.get(line__order__customer__number="1003", line__kind="recurring")
        planted = BilledPeriod.objects.create(
            version=version, kind="recurring", lower=MARCH, upper=date(2026, 3, 15), document="ELSEWHERE"
        )
    for _ in range(2):
        with pytest.raises(DraftsNotIssuedError, match=f"1 drafts of {NUMBER}"):
            commit_run(company=approved, number=NUMBER, actor=CLERK)
    with company_scope(approved):
        assert BillingRun.objects.get().state == "committing"
        assert Invoice.objects.count() == 4
        assert "billed_period_once" in RunDraft.objects.get(state="ready").reason
        planted.delete()
    commit_run(company=approved, number=NUMBER, actor=CLERK)
    with company_scope(approved):
        assert Invoice.objects.get(customer__number="1003").number == "INV-2026-00003"
    assert digest(approved) == undisturbed
    assert verify(approved) == []


WORKER = """
from billhook.billing.operations import commit
from billhook.foundation.models import Company
from tests.builders import CLERK
commit.CHUNK = 3
commit.commit_run(company=Company.objects.get(), number="RUN-2026-03-01", actor=CLERK)
"""


def begin(folder: Path) -> Company:
    """Make books of 24 customers in the database that is connected, and approve their run."""
    company = make_books(folder, customers=24)
    approve_everything(company)
    return company


def told(company: Company) -> tuple[str, list[str], str]:
    """Return what a run has come to: its state, its invoices, and the digest of the books."""
    with company_scope(company):
        numbers = list(Invoice.objects.order_by("customer__number").values_list("number", flat=True))
        state = BillingRun.objects.get().state
    return state, numbers, digest(company)


def test_workers_at_once_end_in_the_books_of_one(
    own_database: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLHOOK_HOME", own_database["BILLHOOK_HOME"])
    with fresh_database(tmp_path / "alone") as environment, connected_to(environment):
        company = begin(tmp_path / "outside-alone")
        commit_run(company=company, number=NUMBER, actor=CLERK)
        expected = told(company)
    with connected_to(own_database):
        company = begin(tmp_path / "outside")
    for worker in [start_python(own_database, WORKER) for _ in range(3)]:
        _, complaints = worker.communicate(timeout=60)
        assert worker.returncode == 0, complaints
    with connected_to(own_database):
        assert told(company) == expected
    assert expected[:2] == ("done", [f"INV-2026-{place:05d}" for place in range(1, 25)])
