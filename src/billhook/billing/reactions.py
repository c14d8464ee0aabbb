"""What a run does by itself: started, it computes; approved, it issues."""

from billhook.billing.events import RunApproved, RunStarted
from billhook.billing.operations.bill_now import bill_now
from billhook.billing.operations.commit import commit_run
from billhook.billing.operations.start import compute_run
from billhook.core.changes import Settle
from billhook.customers.queries import by_number
from billhook.foundation.events import Occasion, on
from billhook.orders.events import (
    ChangeInForce,
    LineAdded,
    LineChanged,
    LineEnded,
    OrderCancelled,
    OrderChangeEvent,
    OrderMoved,
    PlanSwapped,
    PriceMigrated,
)
from billhook.orders.queries import local_day


def compute(event: RunStarted, occasion: Occasion) -> None:
    """Compute the drafts of a started run."""
    compute_run(company=occasion.company, number=event.run, actor=occasion.actor, at=occasion.at)


def commit(event: RunApproved, occasion: Occasion) -> None:
    """Issue the drafts of an approved run."""
    commit_run(company=occasion.company, number=event.run, actor=occasion.actor)


def settle(event: OrderChangeEvent, occasion: Occasion) -> None:
    """Bill a change at once where that was asked for, on its day; one to come is billed when its day is reached."""
    customer = by_number(event.customer)
    today = local_day(occasion.at, customer)
    if event.settle == Settle.NOW and event.on <= today:
        bill_now(customer=customer, as_of=today, actor=occasion.actor, at=occasion.at)


on(RunStarted, compute, when="alone")
on(RunApproved, commit, when="alone")
for happening in (
    ChangeInForce,
    LineAdded,
    LineChanged,
    LineEnded,
    OrderCancelled,
    OrderMoved,
    PlanSwapped,
    PriceMigrated,
):
    on(happening, settle, when="after")
