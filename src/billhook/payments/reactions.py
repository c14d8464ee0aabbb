"""What payments do when something happens below: an issued invoice is collected, a settled one no longer."""

from billhook.customers.queries import by_number
from billhook.foundation.events import Occasion, on
from billhook.invoicing.events import CreditNoteIssued, InvoiceIssued, InvoiceSettled
from billhook.invoicing.models import Invoice
from billhook.payments.events import AnswerWanted, AttemptCreated
from billhook.payments.models import Payment
from billhook.payments.operations.collect import start_collection
from billhook.payments.operations.credit import keep_credit
from billhook.payments.operations.decline import stop_collection
from billhook.payments.operations.submit import poll_attempt, submit_attempt


def collect(event: InvoiceIssued, occasion: Occasion) -> None:
    """Charge the customer's card for an invoice that was issued."""
    invoice = Invoice.objects.select_related("customer").get(number=event.number)
    start_collection(invoice=invoice, actor=occasion.actor, at=occasion.at)


def submit(event: AttemptCreated, occasion: Occasion) -> None:
    """Hand a stored attempt to its gateway."""
    submit_attempt(company=occasion.company, reference=event.reference, actor=occasion.actor, at=occasion.at)


def ask(event: AnswerWanted, occasion: Occasion) -> None:
    """Ask the gateway what became of a charge."""
    poll_attempt(company=occasion.company, reference=event.reference, actor=occasion.actor, at=occasion.at)


def stop(event: InvoiceSettled, occasion: Occasion) -> None:
    """Stop charging for an invoice that was settled in another way."""
    waiting = Payment.objects.filter(invoice__number=event.number, state="collecting", retry_at__isnull=False)
    for payment in waiting.select_related("customer", "invoice"):
        stop_collection(
            payment=payment, state="cancelled", reason="the invoice is settled", actor=occasion.actor, at=occasion.at
        )


def keep(event: CreditNoteIssued, occasion: Occasion) -> None:
    """Keep what a credit note gives back as the customer's credit."""
    keep_credit(
        customer=by_number(event.customer),
        document=event.number,
        amount=event.amount,
        code=event.currency,
        actor=occasion.actor,
        at=occasion.at,
    )


on(InvoiceIssued, collect, when="after")
on(CreditNoteIssued, keep, when="in transaction")
on(AttemptCreated, submit, when="alone")
on(AnswerWanted, ask, when="alone")
on(InvoiceSettled, stop, when="in transaction")
