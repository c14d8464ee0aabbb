"""What falls due for orders: a reservation or quarantine that ends, a network that is told again or asked."""

from collections.abc import Iterable
from datetime import datetime

from billhook.foundation.events import SYSTEM
from billhook.foundation.jobs import DueSource, register_due
from billhook.orders.models import Asset, ProvisioningTask
from billhook.orders.operations.assets.reserve import free_when_over
from billhook.orders.operations.provision import ask_when_due


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


register_due(DueSource(name="orders.asset", find=assets_over, run=run_asset))
register_due(DueSource(name="orders.provisioning", find=networks_due, run=run_network))
