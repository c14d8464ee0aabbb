import hashlib
import json
import os
import subprocess
import sys
from datetime import date
from io import BytesIO
from pathlib import Path
from shutil import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from structlog.testing import capture_logs
from tests.plugins.conformance.documents import an_invoice, described
from tests.plugins.conformance.renderer import Make, RendererConformance, text_of

from billhook.invoicing.document import WRITING, DocumentKind, DocumentTax
from billhook.invoicing.hooks import DocumentNotRenderedError
from billhook.plugins.renderer_typst.compiler import ROBOTO, TEMPLATES, Compiler, Job
from billhook.plugins.renderer_typst.errors import (
    FontFolderMissingError,
    LogoUnreadableError,
    RendererDiedError,
    TemplateRefusedError,
    TemplateTooSlowError,
)
from billhook.plugins.renderer_typst.plugin import RendererParameters, TypstRenderer
from billhook.plugins.renderer_typst.wording import missing_in

ROOT = Path(__file__).resolve().parents[2]


def job(template, *, seconds=10.0, **inputs):
    return Job(template=template, inputs=inputs, output="pdf", dated=date(2026, 4, 1), seconds=seconds)


@pytest.fixture
def renderer():
    return TypstRenderer(RendererParameters())


@pytest.fixture
def compiler():
    made = Compiler()
    yield made
    made.close()


class TestConformance(RendererConformance):
    @pytest.fixture
    def make(self) -> Make:
        return lambda: TypstRenderer(RendererParameters())


def test_the_file_is_pdf_a_3_with_its_own_title_date_and_language(renderer):
    pdf = PdfReader(BytesIO(renderer.render_pdf(an_invoice(language="nl-NL"))))
    xmp = pdf.trailer["/Root"]["/Metadata"].get_data().decode()
    assert "<pdfaid:part>3</pdfaid:part>" in xmp
    assert "<pdfaid:conformance>B</pdfaid:conformance>" in xmp
    assert pdf.metadata.title == "Factuur KN-2026-0011"
    assert pdf.metadata.author == "Kestrel Networks B.V."
    assert pdf.metadata.creation_date.date() == date(2026, 4, 1)
    assert pdf.trailer["/Root"]["/Lang"] == "nl"


def test_fonts_are_embedded_and_ours(renderer):
    page = PdfReader(BytesIO(renderer.render_pdf(an_invoice()))).pages[0]
    assert all("Roboto" in font.get_object()["/BaseFont"] for font in page["/Resources"]["/Font"].values())


ELSEWHERE = """
import hashlib
from billhook.plugins.renderer_typst.plugin import RendererParameters, TypstRenderer
from tests.plugins.conformance.documents import an_invoice
renderer = TypstRenderer(RendererParameters())
pages = b"".join(renderer.render_pages(an_invoice()))
print(hashlib.sha256(renderer.render_pdf(an_invoice()) + pages).hexdigest())
"""


def test_another_process_zone_and_locale_give_the_same_bytes(renderer):
    env = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    command = [sys.executable, "-c", ELSEWHERE]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True, cwd="/")
    here = renderer.render_pdf(an_invoice()) + b"".join(renderer.render_pages(an_invoice()))
    assert done.stdout.strip() == hashlib.sha256(here).hexdigest()


def test_pages_are_numbered_and_repeat_the_heads(renderer):
    pdf = PdfReader(BytesIO(renderer.render_pdf(an_invoice(*(described(f"Line {n}") for n in range(60))))))
    count = len(pdf.pages)
    for number, page in enumerate(pdf.pages, start=1):
        text = page.extract_text()
        assert f"{number} / {count}" in text
        assert "Description" in text
        assert "KN-2026-0011" in text


def test_long_wording_wraps_inside_its_column(renderer):
    places = []
    pdf = PdfReader(BytesIO(renderer.render_pdf(an_invoice(described("W" * 250), described("wide words " * 40)))))
    pdf.pages[0].extract_text(visitor_text=lambda text, _, tm, *__: places.append((text, tm[4])))
    assert sum(text.count("W") for text, _ in places) == 250
    assert all(text.count("W") <= 40 for text, _ in places)


def test_what_no_font_has_is_a_box_and_a_warning(renderer):
    document = an_invoice(described("漢字 Ünïcode Ωμέγα Жук"))
    with capture_logs() as logs:
        text = text_of(renderer.render_pdf(document))
    assert "□□ Ünïcode Ωμέγα Жук" in text
    assert [(entry["document"], entry["characters"]) for entry in logs] == [("KN-2026-0011", "字 漢")]
    with capture_logs() as logs:
        renderer.render_pages(document)
    assert [entry["characters"] for entry in logs] == ["字 漢"]


def test_typst_names_missing_characters_as_expected():
    diagnostic = r'the text `"漢"` could not be displayed … the text `"\u{7}\""` could not be displayed'
    assert missing_in(diagnostic) == {"漢", "\x07", '"'}


def test_a_missing_mark_takes_its_letter_along_here_and_nowhere_else(renderer):
    text = text_of(renderer.render_pdf(an_invoice(described("a\u0301\u20dd and a"))))
    assert "□ and a" in text
    assert "Kestrel Networks" in text
    assert "□" not in text_of(renderer.render_pdf(an_invoice()))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wording=st.text(st.characters(codec="utf-8"), max_size=60))
def test_any_text_is_printed(renderer, wording):
    assert renderer.render_pdf(an_invoice(described(wording))).startswith(b"%PDF")


def test_every_language_has_every_heading(renderer):
    words = json.loads((TEMPLATES / "words.json").read_text())
    assert words.keys() == WRITING.keys()
    assert len({frozenset(headings) for headings in words.values()}) == 1
    for language, headings in words.items():
        assert headings["amount_due"] in text_of(renderer.render_pdf(an_invoice(language=language)))


def test_a_credit_note_claims_nothing(renderer):
    note = an_invoice(kind=DocumentKind.CREDIT_NOTE, corrects="KN-2026-0003", payment_terms="")
    text = text_of(renderer.render_pdf(note))
    assert "Credit note" in text
    assert "Corrects KN-2026-0003" in text
    assert "Credited €30.25" in text
    assert "Due" not in text
    assert "IBAN" not in text


def test_the_reason_of_an_exemption_is_printed(renderer):
    reason = "VAT reverse charge, article 196 of Directive 2006/112/EC."
    tax = DocumentTax(
        category="Reverse charge",
        percent=0 * an_invoice().net,
        base=an_invoice().net,
        amount=0 * an_invoice().net,
        reason=reason,
    )
    text = text_of(renderer.render_pdf(an_invoice(percent=0 * an_invoice().net, taxes=(tax,))))
    assert "Reverse charge 0% on €25.00" in text
    assert reason in text


def test_pages_are_svg_pictures_without_script(renderer):
    (page,) = renderer.render_pages(an_invoice())
    assert page.startswith(b"<svg")
    assert b"<script" not in page
    assert b"http" not in page.replace(b'xmlns:h5="http://www.w3.org/1999/xhtml"', b"").replace(
        b'xmlns="http://www.w3.org/2000/svg"', b""
    ).replace(b'xmlns:xlink="http://www.w3.org/1999/xlink"', b"")


SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 1"><rect width="4" height="1" fill="#123456"/></svg>'


def test_accent_footer_and_logo(tmp_path):
    (tmp_path / "logo.svg").write_text(SVG)
    parameters = RendererParameters(logo=tmp_path / "logo.svg", accent="#aa1122", footer="Chamber of Commerce 34123456")
    (page,) = TypstRenderer(parameters).render_pages(an_invoice())
    assert b"#aa1122" in page
    assert "Chamber of Commerce" in text_of(TypstRenderer(parameters).render_pdf(an_invoice()))
    (plain,) = TypstRenderer(RendererParameters()).render_pages(an_invoice())
    assert page.count(b"<image") + page.count(b"#123456") > plain.count(b"<image") + plain.count(b"#123456")


@pytest.mark.parametrize("name", ["missing.svg", "logo.gif"])
def test_a_logo_that_cannot_be_read_is_named(tmp_path, name):
    (tmp_path / "logo.gif").write_bytes(b"GIF89a")
    with pytest.raises(LogoUnreadableError, match=name):
        TypstRenderer(RendererParameters(logo=tmp_path / name)).render_pdf(an_invoice())


def test_the_accent_is_a_colour_and_nothing_else():
    with pytest.raises(ValueError, match="accent"):
        RendererParameters(accent='#fff") #panic("')


def test_a_missing_fonts_folder_is_named_with_its_mending(tmp_path):
    gone = tmp_path / "fonts"
    broken = TypstRenderer(RendererParameters(fonts=gone))
    with pytest.raises(FontFolderMissingError, match="create it, or correct"):
        broken.render_pdf(an_invoice())
    gone.mkdir()
    copy(ROBOTO / "Roboto-Black.ttf", gone)
    assert broken.render_pdf(an_invoice())


def test_an_own_template_reads_the_document():
    own = '#let data = json(bytes(sys.inputs.data))\n#text("Own " + data.number + " " + data.total)'
    renderer = TypstRenderer(RendererParameters(template=own))
    assert text_of(renderer.render_pdf(an_invoice())) == "Own KN-2026-0011 €30.25"


LOOP = "#for one in range(100000) { for other in range(100000) { } }"


def test_a_template_that_loops_is_ended_and_the_next_document_is_rendered(compiler):
    with pytest.raises(TemplateTooSlowError, match=r"0\.3 s"):
        compiler.typeset(job(LOOP, seconds=0.3))
    assert compiler.typeset(job("after")).parts[0].startswith(b"%PDF")


def test_a_template_that_devours_memory_is_ended(compiler):
    with pytest.raises(RendererDiedError, match="memory"):
        compiler.typeset(job("#let all = range(100000000)"))
    assert compiler.typeset(job("after")).parts


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("#panic(1)", "panicked"),
        ("#let x =", "expected expression"),
        ('#read("/etc/passwd")', "not found"),
        ('#read("../compiler.py")', "escape"),
        ('#import "@preview/cetz:0.3.0"', "package"),
        ("漢", "could not be displayed"),
    ],
)
def test_a_wrong_template_is_refused_in_typsts_words(compiler, template, reason):
    with pytest.raises(TemplateRefusedError, match=reason) as refused:
        compiler.typeset(job(template))
    assert isinstance(refused.value, DocumentNotRenderedError)


def test_a_killed_child_is_replaced(compiler):
    first = compiler.typeset(job("text")).parts
    child = compiler._child.process
    child.kill()
    child.wait()
    assert compiler.typeset(job("text")).parts == first


def test_a_forked_process_starts_its_own_child(compiler):
    expected = compiler.typeset(job("text")).parts
    ours = compiler._child.process.pid
    pid = os.fork()
    if pid == 0:
        same = compiler.typeset(job("text")).parts == expected and compiler._child.process.pid != ours
        compiler.close()
        os._exit(0 if same else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert compiler.typeset(job("text")).parts == expected
    assert compiler._child.process.pid == ours


def test_the_child_ends_with_its_parent(compiler):
    compiler.typeset(job("text"))
    child = compiler._child.process
    child.stdin.close()
    assert child.wait(timeout=5) == 0


def test_the_doctor_hears_of_a_folder_without_fonts(tmp_path):
    (sound,) = TypstRenderer(RendererParameters()).check()
    (lacking,) = TypstRenderer(RendererParameters(fonts=tmp_path)).check()
    assert (sound.ok, lacking.ok) == (True, False)
    assert str(tmp_path) in lacking.detail
