"""One customer is billed alone, outside any run: a change that is settled at once, a customer whom a run left out."""

from datetime import date, datetime

from django.db import transaction

from billhook.billing.inputs import gather
from billhook.billing.marking import mark_billed
from billhook.billing.models import RunDraft
from billhook.billing.operations.approve import CREDIT_NOTE_NUMBERS, INVOICE_NUMBERS, lock_issuing
from billhook.billing.operations.start import check_bill_date
from billhook.billing.queries import CREDIT_NOTE_SERIES, credit_notes_apart
from billhook.core.calendar import local_date
from billhook.core.canonical import fingerprint
from billhook.core.draft import InvoiceDraft, bill
from billhook.core.errors import Refusal
from billhook.customers.bulk import move_next_invoice
from billhook.customers.models import Customer
from billhook.foundation.events import Actor
from billhook.foundation.scope import current_company
from billhook.foundation.sequences import take_number
from billhook.invoicing.bulk import NewInvoice, issue_invoices
from billhook.orders.queries import cycle_of


class BillUnderWayError(Refusal):
    """Raised when a customer is to be billed alone while an approved run issues a bill of the same customer."""

    def __init__(self, customer: str, run: str) -> None:
        super().__init__(f"{run} is issuing a bill of customer {customer}: bill the customer when that run has ended.")


@transaction.atomic
def bill_now(*, customer: Customer, as_of: date, actor: Actor, at: datetime) -> str:
    """Issue what is due of one customer on a day, and return the number of the invoice; empty where nothing is due.

    The next bill date moves on where it is reached; drafts of the customer that are in review are held when their run
    is approved.

    Args:
        customer: who is billed.
        as_of: the bill date.
        actor: whose doing it is.
        at: the instant of issue.

    Raises:
        BillUnderWayError: an approved run issues a bill of the customer.
        BillDateMistypedError: the date is before 2000, or more than 62 days ahead.
        Refusal: the bill cannot be computed.
    """
    company = current_company()
    lock_issuing(company)
    customer = Customer.objects.select_for_update(of=("self",)).select_related("account_type").get(pk=customer.pk)
    check_bill_date(as_of, today=local_date(at, company.zone))
    waiting = RunDraft.objects.filter(customer=customer, run__state="committing", state="ready", ordinal__isnull=False)
    under_way = waiting.select_related("run").first()
    if under_way is not None:
        raise BillUnderWayError(customer.number, under_way.run.number)
    (inputs,) = gather([customer], as_of=as_of)
    draft = bill(inputs.agreement, inputs.usage, as_of)
    number = "" if draft is None else _issue(customer, draft, actor=actor, at=at)
    if customer.next_invoice_on <= as_of:
        move_next_invoice({customer.pk: cycle_of(customer).cadence.after(customer.cycle_anchor, as_of)})
    return number


def _issue(customer: Customer, draft: InvoiceDraft, *, actor: Actor, at: datetime) -> str:
    """Issue a draft with the next number, and mark what it bills as billed."""
    apart = draft.total.amount < 0 and credit_notes_apart()
    series, pattern = (CREDIT_NOTE_SERIES, CREDIT_NOTE_NUMBERS) if apart else ("invoice", INVOICE_NUMBERS)
    invoice = NewInvoice(
        number=take_number(series, year=draft.bill_date.year, pattern=pattern),
        customer=customer,
        run="",
        draft=draft,
        fingerprint=fingerprint(draft),
    )
    issue_invoices([invoice], actor=actor, at=at)
    mark_billed([invoice])
    return invoice.number
