"""The document of an issued invoice is written to disk, once."""

import hashlib
from datetime import datetime
from pathlib import Path

from django.db import transaction

from billhook.foundation.events import Actor, emit
from billhook.foundation.home import home, write_whole
from billhook.foundation.scope import current_company
from billhook.hooks.queries import first
from billhook.invoicing.documents import document_of
from billhook.invoicing.events import InvoiceRendered
from billhook.invoicing.hooks import RENDERER
from billhook.invoicing.models import Invoice, InvoiceFile


def document_path(number: str) -> Path:
    """Return where the document of an invoice lies, relative to Billhook's home."""
    return Path("documents") / current_company().code / f"{number.replace('/', '_')}.pdf"


@transaction.atomic
def render_invoice(*, invoice: Invoice, actor: Actor, at: datetime) -> InvoiceFile:
    """Write the PDF of an invoice and the pictures of its pages; one that is written stays as it is.

    Raises:
        NothingFillsHookError: the company has activated no renderer.
        DocumentNotRenderedError: the renderer cannot make it; the message says what to change.
    """
    existing = InvoiceFile.objects.filter(invoice=invoice).first()
    if existing is not None:
        return existing
    _, renderer = first(RENDERER)
    document, path = document_of(invoice), document_path(invoice.number)
    pdf, pages = renderer.render_pdf(document), renderer.render_pages(document)
    write_whole(home() / path, pdf)
    for number, page in enumerate(pages, start=1):
        write_whole(home() / path.with_suffix(f".{number}{page_suffix(renderer.page_media_type)}"), page)
    file = InvoiceFile.objects.create(
        invoice=invoice,
        path=str(path),
        sha256=hashlib.sha256(pdf).hexdigest(),
        size=len(pdf),
        pages=len(pages),
    )
    emit(
        InvoiceRendered(customer=invoice.customer.number, number=invoice.number, pages=len(pages), path=str(path)),
        actor=actor,
        at=at,
    )
    return file


def page_suffix(media_type: str) -> str:
    """Return the file name ending of a page picture."""
    return {"image/png": ".png", "image/svg+xml": ".svg"}[media_type]
