"""The room as a Django application."""

from importlib import import_module

from django.apps import AppConfig

from billhook.foundation.shelf import SHELF, has_file


class MediationConfig(AppConfig):
    """Ties the tables of mediation to Django, and its reactions and due rows to the foundation."""

    name = "billhook.mediation"
    label = "mediation"

    def ready(self) -> None:
        """Load what registers itself."""
        for name in SHELF:
            if has_file(self.name, name):
                import_module(f"{self.name}.{name}")
