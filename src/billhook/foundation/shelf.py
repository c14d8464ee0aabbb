"""The same file names in every room; the ones that register something are loaded when Django is ready."""

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig

SHELF = ("events", "hooks", "permissions", "jobs", "reactions", "due")


class RoomConfig(AppConfig):
    """A room as a Django application: ties its tables to Django, and its reactions and due rows to the foundation.

    Django takes the one configuration of an `apps.py` that says `default`.
    """

    default = False

    def ready(self) -> None:
        """Load what registers itself."""
        for name in SHELF:
            if find_spec(f"{self.name}.{name}") is not None:
                import_module(f"{self.name}.{name}")
