"""The room as a Django application."""

from billhook.foundation.shelf import RoomConfig


class InvoicingConfig(RoomConfig):
    """Makes the room's tables, reactions and due rows known."""

    name = "billhook.invoicing"
    label = "invoicing"
    default = True
