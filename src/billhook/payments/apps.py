"""The room as a Django application."""

from billhook.foundation.shelf import RoomConfig


class PaymentsConfig(RoomConfig):
    """Makes the room's tables, reactions and due rows known."""

    name = "billhook.payments"
    label = "payments"
    default = True
