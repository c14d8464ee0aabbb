"""Asterisk's `Master.csv` as a plugin: what a source must say, and the definition that follows from it."""

from typing import ClassVar

from billhook.hooks import contract
from billhook.mediation.formats import FormatDefinition
from billhook.mediation.hooks import USAGE_FORMAT
from billhook.plugins.format_asterisk.format import AsteriskMaster


class AsteriskParameters(contract.Parameters):
    """What the file does not say: whether its times are UTC, and the calling code of its national numbers."""

    usegmtime: bool = False
    country_code: str | None = None


class AsteriskFormat:
    """Call records as Asterisk's `cdr_csv` writes them."""

    hook: ClassVar[str] = USAGE_FORMAT.name
    code: ClassVar[str] = "asterisk"
    title: ClassVar[str] = "Asterisk Master.csv"
    Parameters: ClassVar[type[contract.Parameters]] = AsteriskParameters

    def __init__(self, parameters: AsteriskParameters) -> None:
        """Take the validated parameters."""
        self.parameters = parameters

    def definition(self) -> FormatDefinition:
        """Return the format of the source's files."""
        return AsteriskMaster(usegmtime=self.parameters.usegmtime).definition()
