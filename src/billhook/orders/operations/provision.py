"""The network is told what to do with an order."""

from datetime import datetime

from django.db import transaction

from billhook.foundation.events import Actor, emit
from billhook.hooks.queries import filled
from billhook.orders.events import NetworkTold
from billhook.orders.hooks import PROVISIONING, ProvisioningRequest
from billhook.orders.models import Order, ProvisioningTask


@transaction.atomic
def tell_network(*, order: Order, verb: str, actor: Actor, at: datetime) -> ProvisioningTask:
    """Ask every provisioning plugin of the company to do a thing, once, and keep the answers.

    Args:
        order: which order.
        verb: activate, suspend, resume or terminate.
        actor: whose doing it is.
        at: the instant of the happening; the same verb at the same instant is told once.
    """
    task, _ = ProvisioningTask.objects.select_for_update().get_or_create(order=order, verb=verb, at=at)
    if task.status == "done":
        return task
    request = ProvisioningRequest(
        key=f"{order.number}/{verb}/{at.isoformat()}",
        verb=verb,
        order=order.number,
        customer=order.customer.number,
        at=at,
    )
    task.answer = {code: plugin.carry_out(request) for code, plugin in filled(PROVISIONING)}
    task.status = "done"
    task.save(update_fields=["answer", "status"])
    answer = "; ".join(task.answer.values()) or "no network is connected"
    emit(NetworkTold(customer=request.customer, order=order.number, verb=verb, answer=answer), actor=actor, at=at)
    return task
