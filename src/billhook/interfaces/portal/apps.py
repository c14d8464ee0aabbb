"""The portal as a Django application."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Makes the portal's templates and static files known to Django."""

    name = "billhook.interfaces.portal"
    label = "portal"
