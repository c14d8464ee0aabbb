"""What a role may do with payments."""

from billhook.foundation.permissions import permission

VIEW = permission("payments.view", "see payments")
RECORD = permission("payments.record", "record payments")
