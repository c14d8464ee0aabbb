"""The room's tables: what was agreed, what of the company's own is used for it, and what the network is told."""

from billhook.orders.models.assets import Asset, AssetAssignment, AssetType
from billhook.orders.models.order import ChangeRules, Order, OrderChange, OrderLine, OrderLineVersion, UsageIdentifier
from billhook.orders.models.provisioning import ProvisioningTask

__all__ = [
    "Asset",
    "AssetAssignment",
    "AssetType",
    "ChangeRules",
    "Order",
    "OrderChange",
    "OrderLine",
    "OrderLineVersion",
    "ProvisioningTask",
    "UsageIdentifier",
]
