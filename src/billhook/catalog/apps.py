"""The room as a Django application."""

from billhook.foundation.shelf import RoomConfig


class CatalogConfig(RoomConfig):
    """Makes the room's tables, reactions and due rows known."""

    name = "billhook.catalog"
    label = "catalog"
    default = True
