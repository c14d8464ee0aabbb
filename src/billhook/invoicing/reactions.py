"""What invoicing does when something happens to its invoices: an issued one gets its document."""

from billhook.foundation.events import Occasion, on
from billhook.invoicing.events import InvoiceIssued
from billhook.invoicing.models import Invoice
from billhook.invoicing.operations.render import render_invoice


def render(event: InvoiceIssued, occasion: Occasion) -> None:
    """Write the document of an invoice that was issued."""
    invoice = Invoice.objects.select_related("customer").get(number=event.number)
    render_invoice(invoice=invoice, actor=occasion.actor, at=occasion.at)


on(InvoiceIssued, render, when="after")
