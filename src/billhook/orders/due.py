"""What falls due in orders: first days, days of changes, ends of terms; reservations, quarantines and networks."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import QuerySet

from billhook.core.calendar import day_start
from billhook.foundation.events import SYSTEM
from billhook.foundation.jobs import DueSource, register_due
from billhook.orders.models import Asset, Order, OrderChange, ProvisioningTask
from billhook.orders.operations.assets.reserve import free_when_over
from billhook.orders.operations.provision import ask_when_due
from billhook.orders.operations.take_effect import bring_in_force, finish_order, start_order

ONE_DAY = timedelta(days=1)


def starting(until: datetime) -> Iterable[tuple[datetime, str]]:
    """Return the pending orders whose first day is reached where their customers live."""
    found = Order.objects.filter(status="pending", starts_on__lte=(until + ONE_DAY).date()).select_related("customer")
    for order in found.order_by("starts_on", "id"):
        begins = day_start(order.starts_on, order.customer.zone)
        if begins <= until:
            yield begins, order.number


def run_start(number: str, at: datetime) -> None:
    """Start one order."""
    start_order(order=Order.objects.select_related("customer").get(number=number), actor=SYSTEM, at=at)


def ending(until: datetime) -> Iterable[tuple[datetime, str]]:
    """Return the orders whose fixed term is over; a cancellation has its own day."""
    found = Order.objects.filter(status__in=["active", "suspended"], ends_on__lte=(until + ONE_DAY).date())
    found = found.exclude(pk__in=_ended_by_change().values("order")).select_related("customer")
    for order in found.order_by("ends_on", "id"):
        if order.ends_on is not None and (ends := day_start(order.ends_on, order.customer.zone)) <= until:
            yield ends, order.number


def _ended_by_change() -> QuerySet[OrderChange]:
    return OrderChange.objects.filter(kind__in=["cancel", "move"], state="scheduled")


def run_end(number: str, at: datetime) -> None:
    """End one order."""
    finish_order(order=Order.objects.select_related("customer").get(number=number), actor=SYSTEM, at=at)


def changes(until: datetime) -> Iterable[tuple[datetime, str]]:
    """Return the scheduled changes whose day is reached, in the order in which they were made."""
    found = OrderChange.objects.filter(state="scheduled", effective_on__lte=(until + ONE_DAY).date())
    for change in found.select_related("order__customer").order_by("effective_on", "order", "number"):
        begins = day_start(change.effective_on, change.order.customer.zone)
        if begins <= until:
            yield begins, f"{change.order.number}/{change.number:06d}"


def run_change(key: str, at: datetime) -> None:
    """Bring one change in force."""
    order, _, number = key.rpartition("/")
    found = OrderChange.objects.select_related("order__customer")
    bring_in_force(change=found.get(order__number=order, number=int(number)), actor=SYSTEM, at=at)


def assets_over(until: datetime) -> Iterable[tuple[datetime, str]]:
    """Return the assets whose reservation or quarantine is over, each as its type's code and its identifier."""
    found = (
        Asset.objects.filter(until__lte=until).order_by("until", "id").values_list("until", "type__code", "identifier")
    )
    return [(ends, f"{kind} {identifier}") for ends, kind, identifier in found if ends]


def run_asset(key: str, at: datetime) -> None:
    """Let one asset be available again."""
    kind, _, identifier = key.partition(" ")
    asset = Asset.objects.exclude(status="retired").get(type__code=kind, identifier=identifier)
    free_when_over(asset=asset, actor=SYSTEM, at=at)


def networks_due(until: datetime) -> Iterable[tuple[datetime, str]]:
    """Return the keys of what a network is to be told again, or asked about."""
    found = ProvisioningTask.objects.filter(next_at__lte=until).order_by("next_at", "key")
    return [(due_at, key) for due_at, key in found.values_list("next_at", "key") if due_at]


def run_network(key: str, at: datetime) -> None:
    """Tell or ask one network, after the commit."""
    ask_when_due(key=key, actor=SYSTEM, at=at)


register_due(DueSource(name="orders.start", find=starting, run=run_start))
register_due(DueSource(name="orders.end", find=ending, run=run_end))
register_due(DueSource(name="orders.change", find=changes, run=run_change))
register_due(DueSource(name="orders.asset", find=assets_over, run=run_asset))
register_due(DueSource(name="orders.provisioning", find=networks_due, run=run_network))
