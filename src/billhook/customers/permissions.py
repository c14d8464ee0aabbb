"""What a role may do with customers."""

from billhook.foundation.permissions import permission

VIEW = permission("customers.view", "see customers")
CHANGE = permission("customers.change", "create and change customers")
