"""The room as a Django application."""

from billhook.foundation.shelf import RoomConfig


class LedgerConfig(RoomConfig):
    """Makes the room's tables, reactions and due rows known."""

    name = "billhook.ledger"
    label = "ledger"
    default = True
