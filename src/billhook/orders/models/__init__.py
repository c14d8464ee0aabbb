"""The room's tables: what was agreed, what of the company's own is used for it, and what the network is told."""

from billhook.orders.models.assets import Asset, AssetAssignment, AssetType
from billhook.orders.models.order import Order, OrderLine, OrderLineVersion, UsageIdentifier
from billhook.orders.models.provisioning import ProvisioningTask

__all__ = [
    "Asset",
    "AssetAssignment",
    "AssetType",
    "Order",
    "OrderLine",
    "OrderLineVersion",
    "ProvisioningTask",
    "UsageIdentifier",
]
