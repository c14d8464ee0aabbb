"""What a role may do with invoices."""

from billhook.foundation.permissions import permission

VIEW = permission("invoicing.view", "see invoices")
SEND = permission("invoicing.send", "send invoices again")
