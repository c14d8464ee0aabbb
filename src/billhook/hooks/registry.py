"""Which plugins are installed: one entry point each, in the group `billhook.plugins`, bundled and foreign alike."""

from functools import cache
from importlib.metadata import entry_points
from typing import Any

from billhook.core.errors import Refusal
from billhook.hooks.contract import Hook, Plugin

GROUP = "billhook.plugins"

_hooks: dict[str, Hook[Any]] = {}


class UnknownPluginError(Refusal):
    """Raised when a company's row names a plugin that is not installed."""

    def __init__(self, hook: str, code: str) -> None:
        """Name hook and plugin."""
        known = ", ".join(sorted(plugin.code for plugin in plugins_for(hook))) or "none"
        super().__init__(f"No installed plugin {code} fills the hook {hook} (installed: {known}): install its package.")


def declare(hook: Hook[Any]) -> None:
    """Add a hook to the catalogue; each room does so in its `hooks.py`."""
    _hooks[hook.name] = hook


def hooks() -> tuple[Hook[Any], ...]:
    """Return every declared hook, by name."""
    return tuple(_hooks[name] for name in sorted(_hooks))


@cache
def installed() -> tuple[type[Plugin], ...]:
    """Return every installed plugin class, by hook and code."""
    classes = [point.load() for point in entry_points(group=GROUP)]
    return tuple(sorted(classes, key=lambda plugin: (plugin.hook, plugin.code)))


def plugins_for(hook: str) -> tuple[type[Plugin], ...]:
    """Return the installed plugins that fill a hook."""
    return tuple(plugin for plugin in installed() if plugin.hook == hook)


def find(hook: str, code: str) -> type[Plugin]:
    """Return one installed plugin.

    Raises:
        UnknownPluginError: no installed plugin of that code fills the hook.
    """
    for plugin in plugins_for(hook):
        if plugin.code == code:
            return plugin
    raise UnknownPluginError(hook, code)
