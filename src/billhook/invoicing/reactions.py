"""What invoicing does when something happens to its invoices: an issued one gets its document."""

from billhook.foundation.events import Occasion, on
from billhook.invoicing.events import CreditNoteIssued, InvoiceEvent, InvoiceIssued
from billhook.invoicing.models import Invoice
from billhook.invoicing.operations.render import render_invoice


def render(event: InvoiceEvent, occasion: Occasion) -> None:
    """Write the document of an invoice or credit note that was issued."""
    invoice = Invoice.objects.select_related("customer").get(number=event.number)
    render_invoice(invoice=invoice, actor=occasion.actor, at=occasion.at)


for happening in (InvoiceIssued, CreditNoteIssued):
    on(happening, render, when="after")
