"""A reviewed run is approved, which fixes its numbers, or rejected, which leaves nothing behind but the reason."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction

from billhook.billing.events import RunApproved, RunRejected
from billhook.billing.inputs import gather
from billhook.billing.models import BillingRun, RunDraft
from billhook.billing.operations.start import CHUNK
from billhook.billing.queries import CREDIT_NOTE_SERIES, counters_of, credit_notes_apart
from billhook.core import states
from billhook.core.errors import Refusal
from billhook.foundation.events import Actor, emit
from billhook.foundation.models import Company
from billhook.foundation.scope import current_company
from billhook.foundation.sequences import take_block

INVOICE_NUMBERS = "INV-{year}-{number:05d}"
CREDIT_NOTE_NUMBERS = "CN-{year}-{number:05d}"


class SecondPersonNeededError(Refusal):
    """Raised when the person who started a run approves it in a company that asks for a second one."""

    def __init__(self, run: str) -> None:
        super().__init__(f"{run} has to be approved by somebody other than the person who started it.")


class RunInTheWayError(Refusal):
    """Raised when a run is approved while another one of the company is issued; both might bill the same usage."""

    def __init__(self, run: str, other: BillingRun) -> None:
        super().__init__(f"{run} cannot be approved while {other.number} is {other.state}: let that run end first.")


def lock_issuing(company: Company) -> None:
    """Serialise the approvals of a company's runs, until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('billhook.issuing'), %s)", [company.pk])


def check_none_in_the_way(run: BillingRun) -> None:
    """Let a run pass while no other one is issued.

    Raises:
        RunInTheWayError: another run is approved or committing.
    """
    other = BillingRun.objects.filter(state__in=["approved", "committing"]).exclude(pk=run.pk).first()
    if other is not None:
        raise RunInTheWayError(run.number, other)


@transaction.atomic
def approve_run(*, run: BillingRun, actor: Actor, at: datetime) -> BillingRun:
    """Approve a run: hold drafts whose inputs changed since review, order the others and reserve their numbers.

    Issuing follows the commit, from the very drafts that were reviewed. A company issues one run at a time, so that a
    draft which another run has overtaken is noticed here and held.

    Raises:
        TransitionError: the run is not in review.
        SecondPersonNeededError: the company asks for a second person.
        RunInTheWayError: another run of the company is being issued.
    """
    company = current_company()
    lock_issuing(company)
    run = BillingRun.objects.select_for_update().get(pk=run.pk)
    states.check(states.BILLING_RUN, run.state, "approved")
    if company.second_person and actor.name == run.started_by:
        raise SecondPersonNeededError(run.number)
    check_none_in_the_way(run)
    held = hold_changed(run)
    ready = reserve_numbers(run)
    run.state, run.approved_at, run.approved_by, run.counters = "committing", at, actor.name, counters_of(run)
    run.save()
    emit(RunApproved(run=run.number, invoices=ready, held=held), actor=actor, at=at)
    return run


def reserve_numbers(run: BillingRun) -> int:
    """Order the drafts that are ready, reserve their numbers on the run, and return how many they are.

    Credit notes come last where they have a series of their own.
    """
    apart = credit_notes_apart()
    found = list(RunDraft.objects.filter(run=run, state="ready").order_by("customer__number"))
    notes = [draft for draft in found if apart and draft.total < 0]
    invoices = [draft for draft in found if not (apart and draft.total < 0)]
    for ordinal, draft in enumerate([*invoices, *notes]):
        draft.ordinal = ordinal
    RunDraft.objects.bulk_update(found, ["ordinal"], batch_size=CHUNK)
    if invoices:
        block = take_block("invoice", count=len(invoices), pattern=INVOICE_NUMBERS)
        run.number_pattern, run.first_number = block.pattern, block.first
    if notes:
        block = take_block(CREDIT_NOTE_SERIES, count=len(notes), pattern=CREDIT_NOTE_NUMBERS)
        run.credit_note_pattern, run.first_credit_note = block.pattern, block.first
        run.credit_notes_from = len(invoices)
    return len(found)


def hold_changed(run: BillingRun) -> int:
    """Hold every draft that would come out differently now, and return how many drafts are held in all."""
    drafts = list(
        RunDraft.objects.filter(run=run, state="ready").select_related("customer").order_by("customer__number")
    )
    for start in range(0, len(drafts), CHUNK):
        _hold_changed_chunk(drafts[start : start + CHUNK], run)
    return RunDraft.objects.filter(run=run, state__in=["held", "changed"]).count()


def _hold_changed_chunk(drafts: Sequence[RunDraft], run: BillingRun) -> None:
    now = {
        inputs.customer.pk: inputs.fingerprint for inputs in gather([d.customer for d in drafts], as_of=run.bill_date)
    }
    changed = [draft.pk for draft in drafts if now[draft.customer_id] != draft.inputs]
    RunDraft.objects.filter(pk__in=changed).update(state="changed", reason="changed since review")


@transaction.atomic
def reject_run(*, run: BillingRun, reason: str, actor: Actor, at: datetime) -> BillingRun:
    """Reject a run in review; nothing is issued, and its customers stay due.

    Raises:
        TransitionError: the run is not in review.
    """
    run = BillingRun.objects.select_for_update().get(pk=run.pk)
    states.check(states.BILLING_RUN, run.state, "rejected")
    run.state, run.reason, run.finished_at = "rejected", reason[:300], at
    run.save(update_fields=["state", "reason", "finished_at"])
    emit(RunRejected(run=run.number, reason=reason), actor=actor, at=at)
    return run
