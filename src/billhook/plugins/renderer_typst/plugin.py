"""The Typst renderer as a plugin of the hook `invoicing.renderer`."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

import structlog
from pydantic import BaseModel, Field

from billhook.foundation.embedded import Check
from billhook.hooks import contract
from billhook.invoicing.document import InvoiceDocument, printed
from billhook.plugins.renderer_typst.compiler import ROBOTO, TEMPLATES, Job, compiler_for
from billhook.plugins.renderer_typst.errors import LogoUnreadableError

OURS_SECONDS = 30.0
OWN_SECONDS = 2.0
_IMAGES = {".svg": "svg", ".png": "png", ".jpg": "jpg", ".jpeg": "jpg"}

log = structlog.get_logger()


class RendererParameters(contract.Parameters):
    """What a company sets on its documents."""

    accent: str = Field(
        default="#2f4b7c",
        title="Accent colour",
        pattern=r"^#[0-9a-fA-F]{6}$",
        description="The colour of the title and of the amount due, such as #2f4b7c.",
    )
    footer: str = Field(default="", title="Footer", max_length=400, description="A line at the foot of every page.")
    logo: Path | None = Field(
        default=None, title="Logo", description="An SVG, PNG or JPEG file on the server, set in place of the name."
    )
    fonts: Path | None = Field(
        default=None,
        title="Fonts folder",
        description="A folder of further fonts on the server, for the scripts that Roboto does not write.",
    )
    template: str = Field(
        default="",
        title="Own template",
        description="Typst source in place of Billhook's own. It must finish in 2 seconds and may load no package.",
        json_schema_extra={"format": "textarea"},
    )


class TypstRenderer:
    """Renders documents with Typst; all instances of a process with the same fonts share one compiler."""

    hook: ClassVar[str] = "invoicing.renderer"
    code: ClassVar[str] = "typst"
    title: ClassVar[str] = "Typst"
    Parameters: ClassVar[type[BaseModel]] = RendererParameters
    page_media_type: ClassVar[str] = "image/svg+xml"

    def __init__(self, parameters: RendererParameters) -> None:
        self._parameters = parameters

    def render_pdf(self, document: InvoiceDocument) -> bytes:
        """Return the document as one PDF/A-3b file, the same bytes whenever and wherever it is made."""
        return self._rendered(document, "pdf")[0]

    def render_pages(self, document: InvoiceDocument) -> list[bytes]:
        """Return one SVG picture a page, which stays sharp at any size."""
        return self._rendered(document, "svg")

    def check(self) -> list[Check]:
        """Look whether every folder of fonts holds a font; a document needs them all."""
        wanted = [ROBOTO, *([self._parameters.fonts] if self._parameters.fonts else [])]
        missing = [folder for folder in wanted if not any(folder.glob("*.[ot]tf"))]
        detail = f"none in {', '.join(map(str, missing))}" if missing else f"found in {len(wanted)} folder(s)"
        return [Check("Fonts", not missing, detail, "Install font-roboto, or correct the renderer's fonts folder.")]

    def _rendered(self, document: InvoiceDocument, output: Literal["pdf", "svg"]) -> list[bytes]:
        job = Job(
            template=self._parameters.template or _OURS,
            inputs={"data": printed(document), "look": self._look},
            output=output,
            dated=document.issued_on,
            seconds=OWN_SECONDS if self._parameters.template else OURS_SECONDS,
        )
        fonts = self._parameters.fonts
        done = compiler_for((fonts,) if fonts else ()).typeset(job)
        if done.missing:
            log.warning("glyphs missing", document=document.number, characters=" ".join(done.missing))
        for warning in done.warnings:
            log.warning("template warning", document=document.number, warning=warning)
        return done.parts

    @cached_property
    def _look(self) -> dict[str, Any]:
        return {"accent": self._parameters.accent, "footer": self._parameters.footer, "logo": self._logo()}

    def _logo(self) -> dict[str, Any] | None:
        """Return the logo as JSON carries it: an SVG as its text, a picture as its bytes."""
        logo = self._parameters.logo
        if logo is None:
            return None
        try:
            content, form = logo.read_bytes(), _IMAGES[logo.suffix.lower()]
        except (OSError, KeyError):
            raise LogoUnreadableError(logo) from None
        return {"format": form, "bytes": list(content)}


_OURS = (TEMPLATES / "invoice.typ").read_text(encoding="utf-8")
