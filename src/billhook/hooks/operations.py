"""Activating plugins for a company."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from billhook.core.errors import Refusal
from billhook.foundation.events import Actor, emit
from billhook.foundation.scope import current_company
from billhook.hooks import registry
from billhook.hooks.contract import Hook
from billhook.hooks.events import PluginActivated
from billhook.hooks.models import PluginInstance


class SandboxOnlyError(Refusal):
    """Raised when a live company is to use a plugin that only plays a part."""

    def __init__(self, plugin: str) -> None:
        """Name the plugin."""
        super().__init__(f"The plugin {plugin} plays in sandbox companies only: choose a real one for a live company.")


@transaction.atomic
def activate(
    *,
    hook: Hook[Any],
    plugin: str,
    code: str,
    parameters: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    position: int = 1,
) -> PluginInstance:
    """Activate an installed plugin for the company in scope.

    Args:
        hook: which decision it takes.
        plugin: the plugin's code.
        code: the instance's own name in the company.
        parameters: validated by the plugin's `Parameters`.
        actor: who activates it.
        at: when.
        position: its place in the order of calls.

    Raises:
        UnknownPluginError: it is not installed.
        SandboxOnlyError: it only plays a part, and the company is live.
        pydantic.ValidationError: the parameters do not fit.
    """
    found = registry.find(hook.name, plugin)
    if getattr(found, "sandbox_only", False) and not current_company().sandbox:
        raise SandboxOnlyError(plugin)
    valid = found.Parameters(**parameters)
    row = PluginInstance.objects.create(
        hook=hook.name, plugin=plugin, code=code, position=position, parameters=valid.model_dump(mode="json")
    )
    emit(PluginActivated(hook=hook.name, plugin=plugin, code=code), actor=actor, at=at)
    return row
