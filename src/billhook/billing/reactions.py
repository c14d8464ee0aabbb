"""What a run does by itself: started, it computes; approved, it issues."""

from billhook.billing.events import RunApproved, RunStarted
from billhook.billing.operations.commit import commit_run
from billhook.billing.operations.start import compute_run
from billhook.foundation.events import Occasion, on


def compute(event: RunStarted, occasion: Occasion) -> None:
    """Compute the drafts of a started run."""
    compute_run(company=occasion.company, number=event.run, actor=occasion.actor, at=occasion.at)


def commit(event: RunApproved, occasion: Occasion) -> None:
    """Issue the drafts of an approved run."""
    commit_run(company=occasion.company, number=event.run, actor=occasion.actor)


on(RunStarted, compute, when="alone")
on(RunApproved, commit, when="alone")
