"""The room as a Django application."""

from billhook.foundation.shelf import RoomConfig


class NotificationsConfig(RoomConfig):
    """Makes the room's tables, reactions and due rows known."""

    name = "billhook.notifications"
    label = "notifications"
    default = True
