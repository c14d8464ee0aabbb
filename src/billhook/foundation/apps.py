"""The foundation as a Django application."""

from importlib import import_module

from django.apps import AppConfig


class FoundationConfig(AppConfig):
    """Ties the foundation's tables to Django."""

    name = "billhook.foundation"
    label = "foundation"

    def ready(self) -> None:
        """Load the events and permissions that the foundation itself declares."""
        for name in ("happenings", "permissions"):
            import_module(f"{self.name}.{name}")
