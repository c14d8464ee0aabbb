"""The room as a Django application."""

from billhook.foundation.shelf import RoomConfig


class CustomersConfig(RoomConfig):
    """Makes the room's tables, reactions and due rows known."""

    name = "billhook.customers"
    label = "customers"
    default = True
