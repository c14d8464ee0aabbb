"""What a plugin may fill here: usage formats."""

from typing import Protocol

from billhook.hooks.contract import Call, Hook
from billhook.hooks.registry import declare
from billhook.mediation.formats import FormatDefinition


class UsageFormat(Protocol):
    """Knows how a kind of switch or meter writes its files.

    Most formats are a definition: layouts told apart by their number of columns, a field map, types, zone. The
    definition must depend on the parameters alone.
    """

    def definition(self) -> FormatDefinition:
        """Return the definition by which files are decoded."""


USAGE_FORMAT: Hook[UsageFormat] = Hook(
    name="mediation.format", protocol=UsageFormat, call=Call.FIRST_ANSWER, sentence="Decodes a kind of usage file."
)
declare(USAGE_FORMAT)
