"""What a role may do with the ledger."""

from billhook.foundation.permissions import permission

VIEW = permission("ledger.view", "read the ledger")
