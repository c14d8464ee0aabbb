"""What a role may do with messages."""

from billhook.foundation.permissions import permission

VIEW = permission("notifications.view", "read the messages that customers were sent")
