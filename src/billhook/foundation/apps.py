"""The foundation as a Django application."""

from django.apps import AppConfig


class FoundationConfig(AppConfig):
    """Ties the foundation's tables to Django."""

    name = "billhook.foundation"
    label = "foundation"
