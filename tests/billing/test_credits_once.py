"""A credit is given once, whoever dies in between and however often a run is started."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import pytest
from tests.billing.playing import APRIL, MARCH, MAY, at, bill_date, open_books, undone
from tests.billing.test_committing import ProcessDiedError, dying
from tests.builders import CLERK
from tests.orders.changing import seat_order, seats

from billhook.billing import marking
from billhook.billing.models import BilledPeriod, BillingRun
from billhook.billing.operations import commit
from billhook.billing.operations.approve import approve_run
from billhook.billing.operations.commit import commit_run
from billhook.billing.operations.start import compute_run, start_run
from billhook.foundation.digest import digest
from billhook.foundation.draining import drain
from billhook.foundation.models import Company
from billhook.foundation.scope import company_scope
from billhook.invoicing.models import InvoiceLine
from billhook.orders.models import OrderLineVersion
from billhook.orders.operations.cancel import cancel_order
from billhook.reports.verify import verify

NUMBER = "RUN-2026-04-01"
STEPS = (
    (commit, "issue_invoices"),
    (marking, "claim_periods"),
    (marking, "release_periods"),
    (marking, "mark_credited"),
    (marking, "mark_settled"),
)


@pytest.fixture
def owed(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Company:
    """Return a company that owes credits to two customers, of whom one has left, with an approved run."""
    company = open_books(tmp_path, monkeypatch, customers=2)
    orders = [seat_order(company, number) for number in ("1001", "1002")]
    bill_date(company, MARCH)
    with company_scope(company):
        seats(orders[0], 3, on=date(2026, 3, 11))
        cancel_order(order=orders[1], reason="gone", on=date(2026, 3, 20), actor=CLERK, at=at(3, 20))
        start_run(bill_date=APRIL, actor=CLERK, at=at(4, 1))
    compute_run(company=company, number=NUMBER, actor=CLERK, at=at(4, 1))
    with company_scope(company):
        approve_run(run=BillingRun.objects.get(number=NUMBER), actor=CLERK, at=at(4, 1))
    return company


def given(company: Company) -> list[Decimal]:
    """Return every credit that was given."""
    with company_scope(company):
        return list(InvoiceLine.objects.exclude(corrects="").order_by("amount").values_list("amount", flat=True))


@pytest.mark.parametrize(("module", "step"), STEPS, ids=[step for _, step in STEPS])
def test_a_run_that_dies_after_any_step_gives_every_credit_once(
    owed: Company, monkeypatch: pytest.MonkeyPatch, module: ModuleType, step: str
) -> None:
    with undone():
        commit_run(company=owed, number=NUMBER, actor=CLERK)
        undisturbed = digest(owed)
    with monkeypatch.context() as patch:
        patch.setattr(module, step, dying(getattr(module, step), call=1))
        with pytest.raises(ProcessDiedError):
            commit_run(company=owed, number=NUMBER, actor=CLERK)
    assert given(owed) == []
    commit_run(company=owed, number=NUMBER, actor=CLERK)
    assert digest(owed) == undisturbed
    assert given(owed) == [Decimal("-13.55"), Decimal("-7.74")]


def test_the_runs_after_give_nothing_more_and_read_nothing_more(owed: Company) -> None:
    commit_run(company=owed, number=NUMBER, actor=CLERK)
    drain()
    with company_scope(owed):
        assert not OrderLineVersion.objects.filter(credit_due=True).exists()
        released = BilledPeriod.objects.exclude(released_by="").order_by("document")
        assert [(row.document, row.released_by) for row in released] == [
            ("INV-2026-00001", "INV-2026-00003"),
            ("INV-2026-00002", "INV-2026-00004"),
        ]
    for day in (APRIL, MAY):
        bill_date(owed, day)
    assert given(owed) == [Decimal("-13.55"), Decimal("-7.74")]
    assert verify(owed) == []
