"""What orders do when something happens to them: the network is told, after the commit."""

from billhook.foundation.events import Occasion, on
from billhook.orders.events import OrderEvent, OrderPlaced, OrderResumed, OrderSuspended
from billhook.orders.models import Order
from billhook.orders.operations.provision import tell_network

VERBS = {OrderPlaced.name: "activate", OrderSuspended.name: "suspend", OrderResumed.name: "resume"}


def tell(event: OrderEvent, occasion: Occasion) -> None:
    """Tell the network what became of an order."""
    order = Order.objects.select_related("customer").get(number=event.order)
    tell_network(order=order, verb=VERBS[event.name], actor=occasion.actor, at=occasion.at)


for happening in (OrderPlaced, OrderSuspended, OrderResumed):
    on(happening, tell, when="after")
