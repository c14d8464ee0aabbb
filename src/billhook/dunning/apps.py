"""The room as a Django application."""

from billhook.foundation.shelf import RoomConfig


class DunningConfig(RoomConfig):
    """Makes the room's tables, reactions and due rows known."""

    name = "billhook.dunning"
    label = "dunning"
    default = True
