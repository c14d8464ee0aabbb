"""What a role may do with plugins."""

from billhook.foundation.permissions import permission

VIEW = permission("hooks.view", "see plugins and their settings")
CHANGE = permission("hooks.change", "activate and set up plugins")
