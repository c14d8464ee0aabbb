"""What a role may do with orders."""

from billhook.foundation.permissions import permission

VIEW = permission("orders.view", "see orders")
CHANGE = permission("orders.change", "place and change orders")
ASSETS = permission("orders.assets", "create, reserve, assign and retire numbers, SIM cards and other assets")
PROVISION = permission("orders.provision", "decide about what a network did not carry out")
