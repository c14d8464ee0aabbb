"""What orders do when something happens to them: the network is told, and what is over gives its assets back."""

from billhook.foundation.events import Occasion, on
from billhook.orders.asset_events import AssetAssigned, AssetSwapped, AssetUnassigned
from billhook.orders.events import (
    NetworkAsked,
    OrderEnded,
    OrderEvent,
    OrderPlaced,
    OrderResumed,
    OrderStarted,
    OrderSuspended,
)
from billhook.orders.hooks import Verb
from billhook.orders.models import Order
from billhook.orders.operations.assets.unassign import unassign_all
from billhook.orders.operations.carry_out import carry_out
from billhook.orders.operations.provision import tell_network

VERBS = {
    OrderPlaced.name: Verb.ACTIVATE,
    OrderStarted.name: Verb.ACTIVATE,
    OrderSuspended.name: Verb.SUSPEND,
    OrderResumed.name: Verb.RESUME,
}
RUNNING = ("active", "suspended")


def tell(event: OrderEvent, occasion: Occasion) -> None:
    """Store what the network is to be told of an order; one that is pending has nothing to run yet."""
    order = Order.objects.get(number=event.order)
    if order.status == "pending":
        return
    tell_network(order=order, verb=VERBS[event.name], actor=occasion.actor, at=occasion.at)


def tell_of_asset(event: AssetAssigned | AssetUnassigned | AssetSwapped, occasion: Occasion) -> None:
    """Store that a running order uses other assets than the network knows of."""
    order = Order.objects.get(number=event.order)
    if order.status in RUNNING:
        tell_network(order=order, verb=Verb.CHANGE, about=event.asset, actor=occasion.actor, at=occasion.at)


def order_over(event: OrderEvent, occasion: Occasion) -> None:
    """Let the network terminate an order that has ended or was cancelled, and take its assets from it."""
    order = Order.objects.get(number=event.order)
    tell_network(order=order, verb=Verb.TERMINATE, actor=occasion.actor, at=occasion.at)
    unassign_all(order=order, reason=f"the order is {order.status}", actor=occasion.actor, at=occasion.at)


def call_network(event: NetworkAsked, occasion: Occasion) -> None:
    """Tell or ask the network what was stored."""
    carry_out(company=occasion.company, key=event.key, actor=occasion.actor, at=occasion.at)


for happening in (OrderPlaced, OrderStarted, OrderSuspended, OrderResumed):
    on(happening, tell, when="in transaction")
on(OrderEnded, order_over, when="in transaction")
on(AssetAssigned, tell_of_asset, when="in transaction")
on(AssetUnassigned, tell_of_asset, when="in transaction")
on(AssetSwapped, tell_of_asset, when="in transaction")
on(NetworkAsked, call_network, when="alone")
