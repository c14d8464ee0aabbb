"""The console as a Django application."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """Makes the console's templates, tags and static files known to Django."""

    name = "billhook.interfaces.console"
    label = "console"
