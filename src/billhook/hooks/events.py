"""What happens to plugin instances."""

from dataclasses import dataclass
from typing import ClassVar

from billhook.foundation.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginActivated(Event):
    """A company activated a plugin on a hook."""

    name: ClassVar[str] = "plugin.activated"
    sentence: ClassVar[str] = "The plugin {plugin} was activated on {hook} as {code}."
    subject_field: ClassVar[str] = "code"

    hook: str
    plugin: str
    code: str
