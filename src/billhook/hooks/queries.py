"""The plugins that a company has activated, made and ready to be asked."""

from typing import TypeVar, cast

from billhook.core.errors import Refusal
from billhook.foundation.embedded import Check
from billhook.hooks import registry
from billhook.hooks.contract import Hook
from billhook.hooks.models import PluginInstance

P = TypeVar("P")


class NothingFillsHookError(Refusal):
    """Raised when a hook that must answer is filled by no plugin of the company."""

    def __init__(self, hook: str) -> None:
        """Name the hook."""
        super().__init__(f"No plugin is activated for {hook}: activate one under Plugins.")


def codes(hook: Hook[P]) -> list[str]:
    """Return the codes of the enabled instances of a hook for the company in scope, in order, without making them."""
    return list(PluginInstance.objects.filter(hook=hook.name, enabled=True).values_list("code", flat=True))


def filled(hook: Hook[P]) -> list[tuple[str, P]]:
    """Return the enabled instances of a hook for the company in scope, in order, each with its code."""
    found = []
    for row in PluginInstance.objects.filter(hook=hook.name, enabled=True):
        plugin = registry.find(row.hook, row.plugin)
        found.append((row.code, cast("P", plugin(plugin.Parameters(**row.parameters)))))
    return found


def first(hook: Hook[P]) -> tuple[str, P]:
    """Return the first instance of a hook with its code.

    Raises:
        NothingFillsHookError: the company has activated none.
    """
    instances = filled(hook)
    if not instances:
        raise NothingFillsHookError(hook.name)
    return instances[0]


def by_code(hook: Hook[P], code: str) -> P:
    """Return one instance of a hook by its code, enabled or not: what it began it has to finish.

    Raises:
        NothingFillsHookError: the company has none of that code.
    """
    row = PluginInstance.objects.filter(hook=hook.name, code=code).first()
    if row is None:
        raise NothingFillsHookError(f"{hook.name} {code}")
    plugin = registry.find(row.hook, row.plugin)
    return cast("P", plugin(plugin.Parameters(**row.parameters)))


def plugin_checks() -> list[Check]:
    """Return what the active plugins of the company in scope say of their own surroundings, for `billhook doctor`.

    A plugin that has something to look at has a method `check`; one that cannot even be made is a fault as well.
    """
    found: list[Check] = []
    for row in PluginInstance.objects.filter(enabled=True):
        try:
            plugin = registry.find(row.hook, row.plugin)
            check = getattr(plugin(plugin.Parameters(**row.parameters)), "check", None)
            found.extend(check() if check else [])
        except (Refusal, ValueError) as trouble:
            found.append(Check(f"Plugin {row.code}", False, str(trouble), "Correct its settings."))  # noqa: FBT003
    return found
