"""A run is started and computes one stored draft for each customer who is due, or why there is none."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from billhook.billing.events import RunReadyForReview, RunStarted
from billhook.billing.inputs import Inputs, gather
from billhook.billing.models import BillingRun, RunDraft
from billhook.billing.queries import counters_of, live_run
from billhook.core import states
from billhook.core.calendar import local_date
from billhook.core.draft import bill, to_bytes
from billhook.core.errors import Refusal
from billhook.customers.models import Customer
from billhook.foundation.events import Actor, emit
from billhook.foundation.models import Company
from billhook.foundation.scope import company_scope, current_company

CHUNK = 1000
EARLIEST = date(2000, 1, 1)
AHEAD = timedelta(days=62)
"""How far ahead of today a run may bill: two months and no more, for what it issues cannot be taken back."""


class RunUnderWayError(Refusal):
    """Raised when a run for a bill date is live already."""

    def __init__(self, number: str, state: str) -> None:
        super().__init__(f"{number} is {state}: finish, approve or reject it before another run for the same date.")


class BillDateMistypedError(Refusal):
    """Raised when a bill date lies so far ahead, or so far back, that nobody can have meant it."""

    def __init__(self, bill_date: date, latest: date) -> None:
        super().__init__(
            f"The bill date {bill_date} looks mistyped: choose one from {EARLIEST} to {latest}, "
            f"which is {AHEAD.days} days from today."
        )


def check_bill_date(bill_date: date, *, today: date) -> None:
    """Let a bill date pass that somebody may have meant on a day.

    Raises:
        BillDateMistypedError: it is before 2000, or more than 62 days ahead.
    """
    if not EARLIEST <= bill_date <= today + AHEAD:
        raise BillDateMistypedError(bill_date, today + AHEAD)


@transaction.atomic
def start_run(*, bill_date: date, actor: Actor, at: datetime) -> BillingRun:
    """Start a run over the customers whose next bill date is reached; computing follows the commit.

    Args:
        bill_date: what is due on or before it is billed.
        actor: who starts it.
        at: when.

    Raises:
        BillDateMistypedError: the date is before 2000, or more than 62 days ahead of the company's local date.
        RunUnderWayError: a run for the date is live.
    """
    check_bill_date(bill_date, today=local_date(at, current_company().zone))
    under_way = live_run(bill_date)
    if under_way is not None:
        raise RunUnderWayError(under_way.number, under_way.state)
    # Two who start at the same instant meet at the constraint; the second is told what the first one made.
    earlier = BillingRun.objects.filter(bill_date=bill_date).count()
    try:
        with transaction.atomic():
            run = BillingRun.objects.create(
                number=f"RUN-{bill_date}" + (f"-{earlier + 1}" if earlier else ""),
                bill_date=bill_date,
                state="computing",
                started_at=at,
                started_by=actor.name,
            )
    except IntegrityError as meeting:
        raise RunUnderWayError(f"Another run for {bill_date}", "being started") from meeting
    emit(RunStarted(run=run.number, bill_date=bill_date), actor=actor, at=at)
    return run


def compute_run(*, company: Company, number: str, actor: Actor, at: datetime) -> None:
    """Compute a run chunk by chunk, each in its own transaction, and hand it over for review; may be resumed."""
    while True:
        with company_scope(company):
            run = BillingRun.objects.select_for_update().get(number=number)
            if run.state != "computing":
                return
            customers = customers_due(run)[:CHUNK]
            if not customers:
                ready_for_review(run=run, actor=actor, at=at)
                return
            store_drafts(run, list(customers))


def customers_due(run: BillingRun) -> QuerySet[Customer]:
    """Return the customers that a run has still to compute, by number."""
    done = RunDraft.objects.filter(run=run).values("customer_id")
    return (
        Customer.objects.filter(next_invoice_on__lte=run.bill_date)
        .exclude(status="closed")
        .exclude(pk__in=done)
        .order_by("number")
    )


@dataclass(frozen=True, slots=True)
class Computed:
    """What came of computing one customer's bill."""

    customer: Customer
    state: str
    body: bytes = b""
    inputs: str = ""
    currency: str = ""
    total: Decimal = Decimal(0)
    reason: str = ""


def store_drafts(run: BillingRun, customers: Sequence[Customer]) -> None:
    """Compute and store the drafts of a chunk of customers; one customer's failure does not stop the others."""
    RunDraft.objects.bulk_create(
        RunDraft(
            run=run,
            customer=found.customer,
            state=found.state,
            body=found.body,
            inputs=found.inputs,
            fingerprint=hashlib.sha256(found.body).hexdigest() if found.body else "",
            currency=found.currency,
            total=found.total,
            reason=found.reason[:300],
        )
        for found in compute_all(customers, as_of=run.bill_date)
    )


def compute_all(customers: Sequence[Customer], *, as_of: date) -> list[Computed]:
    """Compute the bills of a chunk; where gathering fails for the chunk, go customer by customer to name the one."""
    try:
        with transaction.atomic():
            return [compute(inputs, as_of=as_of) for inputs in gather(customers, as_of=as_of)]
    except Exception as trouble:  # noqa: BLE001 - whatever it is, it is named beside its customer
        if len(customers) == 1:
            return [Computed(customer=customers[0], state="failed", reason=in_words(trouble))]
    return [found for customer in customers for found in compute_all([customer], as_of=as_of)]


def compute(inputs: Inputs, *, as_of: date) -> Computed:
    """Compute one bill: `ready`, `empty` where nothing is due, or `failed`."""
    try:
        draft = bill(inputs.agreement, inputs.usage, as_of)
    except Exception as trouble:  # noqa: BLE001 - whatever it is, it is named beside its customer
        return Computed(customer=inputs.customer, state="failed", reason=in_words(trouble))
    if draft is None:
        return Computed(customer=inputs.customer, state="empty", inputs=inputs.fingerprint, reason="nothing is due")
    return Computed(
        customer=inputs.customer,
        state="ready",
        body=to_bytes(draft),
        inputs=inputs.fingerprint,
        currency=draft.currency.code,
        total=draft.total.amount,
    )


def in_words(trouble: Exception) -> str:
    """Return what stopped a bill, as it is listed beside its customer."""
    return str(trouble) if isinstance(trouble, Refusal) else f"{type(trouble).__name__}: {trouble}"


@transaction.atomic
def ready_for_review(*, run: BillingRun, actor: Actor, at: datetime) -> None:
    """Hand a computed run over for review."""
    states.check(states.BILLING_RUN, run.state, "review")
    run.state, run.counters = "review", counters_of(run)
    run.save(update_fields=["state", "counters"])
    emit(
        RunReadyForReview(run=run.number, drafts=run.counters["ready"], failed=run.counters["failed"]),
        actor=actor,
        at=at,
    )
