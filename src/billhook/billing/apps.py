"""The room as a Django application."""

from billhook.foundation.shelf import RoomConfig


class BillingConfig(RoomConfig):
    """Makes the room's tables, reactions and due rows known."""

    name = "billhook.billing"
    label = "billing"
    default = True
