"""The room as a Django application."""

from billhook.foundation.shelf import RoomConfig


class OrdersConfig(RoomConfig):
    """Makes the room's tables, reactions and due rows known."""

    name = "billhook.orders"
    label = "orders"
    default = True
