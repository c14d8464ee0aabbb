"""The room as a Django application."""

from billhook.foundation.shelf import RoomConfig


class MediationConfig(RoomConfig):
    """Makes the room's tables, reactions and due rows known."""

    name = "billhook.mediation"
    label = "mediation"
    default = True
