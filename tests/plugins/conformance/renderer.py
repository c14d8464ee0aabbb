"""What every plugin of the hook `invoicing.renderer` is held to: inherit, and give the fixture `make`."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest
from pypdf import PdfReader
from tests.plugins.conformance.documents import an_invoice, described

from billhook.invoicing.hooks import InvoiceRenderer

Make = Callable[[], InvoiceRenderer]


def text_of(pdf: bytes) -> str:
    """Return the text of all pages, its white space made single."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


class RendererConformance:
    """The promises of `InvoiceRenderer`."""

    @pytest.fixture
    def make(self) -> Make:
        raise NotImplementedError

    @pytest.fixture
    def renderer(self, make: Make) -> InvoiceRenderer:
        return make()

    def test_says_everything_the_document_says(self, renderer: InvoiceRenderer) -> None:
        text = text_of(renderer.render_pdf(an_invoice(buyer_reference="PO 4711", notes=("Thank you.",))))
        for said in (
            "KN-2026-0011",
            "Kestrel Networks B.V.",
            "NL8123.45.678.B01",
            "Harbour Bakery",
            "1506 PG Zaandam",
            "1001",
            "PO 4711",
            "1 April 2026",
            "15 April 2026",
            "Voice, monthly fee",
            "100\u00a0min".replace("\u00a0", " "),
            "0.05",
            "€20.00",
            "€5.00",
            "€25.00",
            "€5.25",
            "€30.25",
            "Due within 14 days.",
            "Thank you.",
            "IBAN NL91",
        ):
            assert said in text

    def test_equal_documents_give_equal_bytes(self, make: Make) -> None:
        first, second = make(), make()
        pdf, pages = first.render_pdf(an_invoice()), first.render_pages(an_invoice())
        first.render_pdf(an_invoice(number="KN-2026-0012", language="nl"))
        assert first.render_pdf(an_invoice()) == second.render_pdf(an_invoice()) == pdf
        assert second.render_pages(an_invoice()) == pages

    def test_other_documents_give_other_bytes(self, renderer: InvoiceRenderer) -> None:
        assert renderer.render_pdf(an_invoice()) != renderer.render_pdf(an_invoice(customer_number="1002"))

    @pytest.mark.parametrize(
        "wording",
        [
            '#panic("x") *bold* $x^2$ _it_ `raw` <label> @ref // gone',
            "\\u{41} #let x = 1; [a] {b} = heading",
            "<script>alert(1)</script> &amp; %d {0} {{ x }}",
            "/Type /Catalog >> endobj",
        ],
    )
    def test_wording_is_text_and_never_markup(self, renderer: InvoiceRenderer, wording: str) -> None:
        assert wording.replace(" ", "") in text_of(renderer.render_pdf(an_invoice(described(wording)))).replace(" ", "")

    @pytest.mark.parametrize(
        "wording",
        [
            "漢字 Straße",
            "👨‍👩‍👧 ok",
            "bell\x07tab\tline\nend",
            "a\u0301\u20dd",
            "\u0301",
            "\ufffe",
            "",
        ],
    )
    def test_no_wording_fails_an_invoice(self, renderer: InvoiceRenderer, wording: str) -> None:
        document = an_invoice(described(wording))
        assert len(PdfReader(BytesIO(renderer.render_pdf(document))).pages) == len(renderer.render_pages(document))

    def test_two_hundred_lines_flow_over_equal_pages_and_pictures(self, renderer: InvoiceRenderer) -> None:
        document = an_invoice(*(described(f"Line number {number}.") for number in range(1, 201)))
        pdf = renderer.render_pdf(document)
        assert len(renderer.render_pages(document)) == len(PdfReader(BytesIO(pdf)).pages) > 3
        text = text_of(pdf)
        assert all(text.count(f"Line number {number}.") == 1 for number in range(1, 201))

    def test_several_threads_get_their_own_documents(self, renderer: InvoiceRenderer) -> None:
        def numbered(number: int) -> bool:
            return f"KN-{number:04}" in text_of(renderer.render_pdf(an_invoice(number=f"KN-{number:04}")))

        with ThreadPoolExecutor(4) as threads:
            assert all(threads.map(numbered, range(12)))

    def test_pages_say_what_they_are(self, renderer: InvoiceRenderer) -> None:
        assert renderer.page_media_type.startswith("image/")
        assert all(renderer.render_pages(an_invoice()))
