"""Reads of what the network is told: of one order, and what a person has to look at."""

from collections.abc import Mapping

from django.db.models import Count, QuerySet

from billhook.orders.models import Order, ProvisioningTask


def network_tasks(order: Order) -> QuerySet[ProvisioningTask]:
    """Return what every network was told of an order, in the order of telling."""
    return ProvisioningTask.objects.filter(order=order).order_by("id")


def failed_tasks() -> QuerySet[ProvisioningTask]:
    """Return what networks failed to do and wait for a person, with order and customer, the oldest first."""
    return ProvisioningTask.objects.filter(status="failed").select_related("order__customer").order_by("at", "id")


def task_counts() -> Mapping[str, int]:
    """Return how many tasks stand at each status that any stands at, in one query."""
    rows = ProvisioningTask.objects.order_by().values_list("status").annotate(count=Count("id"))
    return dict(rows)
