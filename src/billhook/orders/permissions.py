"""What a role may do with orders."""

from billhook.foundation.permissions import permission

VIEW = permission("orders.view", "see orders")
CHANGE = permission("orders.change", "place and change orders")
