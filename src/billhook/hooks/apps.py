"""The room as a Django application."""

from billhook.foundation.shelf import RoomConfig


class HooksConfig(RoomConfig):
    """Makes the room's tables, reactions and due rows known."""

    name = "billhook.hooks"
    label = "hooks"
    default = True
