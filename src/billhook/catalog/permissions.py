"""What a role may do with the catalog."""

from billhook.foundation.permissions import permission

VIEW = permission("catalog.view", "see products and prices")
CHANGE = permission("catalog.change", "create products and publish prices")
