"""An approved run issues its stored drafts, chunk by chunk, in any order, by any number of workers, once each."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from billhook.billing.events import RunFinished
from billhook.billing.marking import mark_billed
from billhook.billing.models import BillingRun, RunDraft
from billhook.billing.operations.start import in_words
from billhook.billing.queries import counters_of
from billhook.core import states
from billhook.core.draft import from_bytes
from billhook.core.errors import Refusal
from billhook.customers.bulk import move_next_invoice
from billhook.foundation.events import Actor, emit
from billhook.foundation.models import Company
from billhook.foundation.scope import company_scope
from billhook.foundation.sequences import Block
from billhook.invoicing.bulk import NewInvoice, issue_invoices
from billhook.orders.queries import cycle_of

CHUNK = 200


class DraftsNotIssuedError(Refusal):
    """Raised when drafts of a run could not be issued; all the others were, and the run stays open for these."""

    def __init__(self, run: str, count: int) -> None:
        super().__init__(f"{count} drafts of {run} could not be issued: mend what stands beside them, the run goes on.")


def commit_run(*, company: Company, number: str, actor: Actor) -> None:
    """Issue every draft of an approved run, each chunk in its own transaction; may be resumed anywhere.

    Everything is dated with the instant of the approval, so that an interrupted run ends like an undisturbed one. Where
    other workers hold the rest, the last of them closes the run.

    Raises:
        DraftsNotIssuedError: some drafts could not be issued.
    """
    failed: set[int] = set()
    while True:
        with company_scope(company):
            run = BillingRun.objects.get(number=number)
            if run.state != "committing" or run.approved_at is None:
                return
            waiting = RunDraft.objects.filter(run=run, state="ready", ordinal__isnull=False)
            drafts = list(
                waiting.exclude(pk__in=failed)
                .select_for_update(of=("self",), skip_locked=True)
                .select_related("customer__account_type")
                .order_by("ordinal")[:CHUNK]
            )
            failed |= issue_all(run=run, drafts=drafts, actor=actor, at=run.approved_at)
            if not waiting.exists():
                finish_run(number=number, actor=actor, at=run.approved_at)
        if not drafts:
            break
    if failed:
        raise DraftsNotIssuedError(number, len(failed))


def issue_all(*, run: BillingRun, drafts: Sequence[RunDraft], actor: Actor, at: datetime) -> set[int]:
    """Issue a chunk; where it fails, go draft by draft, and return the primary keys of those that could not be issued.

    Each of these says why, and keeps its number.
    """
    if not drafts:
        return set()
    try:
        with transaction.atomic():
            issue_chunk(run=run, drafts=drafts, actor=actor, at=at)
    except Exception as trouble:  # noqa: BLE001 - whatever it is, it is named beside its customer
        if len(drafts) == 1:
            RunDraft.objects.filter(pk=drafts[0].pk).update(reason=in_words(trouble)[:300])
            return {drafts[0].pk}
        return set().union(*(issue_all(run=run, drafts=[draft], actor=actor, at=at) for draft in drafts))
    return set()


def issue_chunk(*, run: BillingRun, drafts: Sequence[RunDraft], actor: Actor, at: datetime) -> None:
    """Issue some stored drafts, with ledger entries and events, and mark what they bill as billed."""
    invoices = []
    for draft in drafts:
        draft.state, draft.reason = "issued", ""
        draft.invoice_number = number_of(run, draft.ordinal or 0)
        invoices.append(
            NewInvoice(
                number=draft.invoice_number,
                customer=draft.customer,
                run=run.number,
                draft=from_bytes(bytes(draft.body)),
                fingerprint=draft.fingerprint,
            )
        )
    issue_invoices(invoices, actor=actor, at=at)
    mark_billed(invoices)
    RunDraft.objects.bulk_update(drafts, ["state", "invoice_number", "reason"])
    move_on(drafts, run)


def number_of(run: BillingRun, ordinal: int) -> str:
    """Return the number that a run has reserved for the draft of an ordinal."""
    count, notes_from = run.counters["ready"], run.credit_notes_from
    if notes_from is not None and ordinal >= notes_from:
        block = Block(pattern=run.credit_note_pattern, first=run.first_credit_note or 0, count=count - notes_from)
        return block.text(ordinal - notes_from, year=run.bill_date.year)
    block = Block(pattern=run.number_pattern, first=run.first_number or 0, count=count)
    return block.text(ordinal, year=run.bill_date.year)


def move_on(drafts: Sequence[RunDraft], run: BillingRun) -> None:
    """Move the next bill dates of customers past the run's bill date."""
    move_next_invoice(
        {
            draft.customer_id: cycle_of(draft.customer).cadence.after(draft.customer.cycle_anchor, run.bill_date)
            for draft in drafts
        }
    )


@transaction.atomic
def finish_run(*, number: str, actor: Actor, at: datetime) -> None:
    """Close a run of which every draft is issued; customers without a bill move on to their next bill date as well."""
    run = BillingRun.objects.select_for_update().get(number=number)
    if run.state != "committing":
        return
    states.check(states.BILLING_RUN, run.state, "done")
    move_on(list(RunDraft.objects.filter(run=run, state="empty").select_related("customer")), run)
    run.state, run.finished_at, run.counters = "done", at, counters_of(run)
    run.save(update_fields=["state", "finished_at", "counters"])
    emit(RunFinished(run=run.number, invoices=run.counters["issued"]), actor=actor, at=at)
