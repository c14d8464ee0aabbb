"""What a plugin may fill here: turning an issued invoice into a document."""

from typing import ClassVar, Protocol

from billhook.hooks.contract import Call, Hook
from billhook.hooks.registry import declare
from billhook.invoicing.document import InvoiceDocument


class DocumentNotRenderedError(Exception):
    """Raised by a renderer that cannot make the document; the message says what to change."""


class InvoiceRenderer(Protocol):
    """Makes the PDF of an invoice or credit note, and the pictures of its pages.

    A renderer is asked for one document at a time, from several threads, and keeps to these rules:

    - Equal documents give equal bytes, in any process and on any day. No clock, no random identifier: the date in the
      file is the document's date of issue.
    - All text of the document is a customer's or a clerk's. It is set as it is and never read as markup or code.
    - A character that no font has is printed as □ and logged as a warning. An invoice never fails for its wording.
    - Figures and dates come from `billhook.invoicing.document.printed`, so that the PDF, the page image and the
      console say the same; a renderer computes nothing.
    - Both methods print the same pages in the same order.
    - What cannot be rendered raises a `DocumentNotRenderedError` of its own name within the renderer's time limit.

    `page_media_type` is the media type of a page's bytes, one that a browser shows in an `<img>`.
    """

    page_media_type: ClassVar[str]

    def render_pdf(self, document: InvoiceDocument) -> bytes:
        """Return the document as one PDF/A-3 file."""

    def render_pages(self, document: InvoiceDocument) -> list[bytes]:
        """Return one picture a page, first page first."""


RENDERER: Hook[InvoiceRenderer] = Hook(
    name="invoicing.renderer",
    protocol=InvoiceRenderer,
    call=Call.FIRST_ANSWER,
    sentence="Makes the PDF and the page images of an invoice.",
)
declare(RENDERER)
