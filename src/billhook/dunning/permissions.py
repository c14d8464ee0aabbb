"""What a role may do with collections."""

from billhook.foundation.permissions import permission

VIEW = permission("dunning.view", "see collections")
CHANGE = permission("dunning.change", "set up dunning steps")
