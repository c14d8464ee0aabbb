"""Why a document could not be rendered, each with what to do about it."""

from pathlib import Path

from billhook.invoicing.hooks import DocumentNotRenderedError


class FontFolderMissingError(DocumentNotRenderedError):
    """Raised when the folder of fonts that the operator named is not there."""

    def __init__(self, folder: Path) -> None:
        """Name the folder."""
        super().__init__(
            f"The fonts folder {folder} is not there: create it, or correct or empty “Fonts folder” of the renderer."
        )


class LogoUnreadableError(DocumentNotRenderedError):
    """Raised when the company's logo is not there."""

    def __init__(self, logo: Path) -> None:
        """Name the file."""
        super().__init__(f"The logo {logo} cannot be read: put the file there, or correct or empty “Logo”.")


class TemplateRefusedError(DocumentNotRenderedError):
    """Raised when Typst refuses the template."""

    def __init__(self, diagnostic: str) -> None:
        """Give Typst's own words, which name the line."""
        super().__init__(f"Typst refuses the template; correct what it names.\n{diagnostic.strip()}")


class TemplateTooSlowError(DocumentNotRenderedError):
    """Raised when a template runs past its time and was ended."""

    def __init__(self, seconds: float) -> None:
        """Name the limit."""
        super().__init__(f"The template did not finish in {seconds:g} s and was ended: look for a loop in it.")


class RendererDiedError(DocumentNotRenderedError):
    """Raised when the compiler died twice over the same document."""

    def __init__(self, returncode: int) -> None:
        """Name how it ended."""
        super().__init__(
            f"The Typst compiler died twice over this document (exit {returncode}), most often for want of memory: "
            "simplify the template, or give the machine more."
        )
