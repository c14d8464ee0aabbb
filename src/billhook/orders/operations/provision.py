"""The network is told what to do with an order: what is to be told is stored first, each network in its own order."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from billhook.core import states
from billhook.core.errors import Refusal
from billhook.foundation.events import Actor, emit
from billhook.foundation.scope import current_company
from billhook.hooks.queries import codes
from billhook.orders.asset_queries import assets_of_order
from billhook.orders.events import NetworkAsked, NetworkSpared, NetworkTold
from billhook.orders.hooks import PROVISIONING, Verb
from billhook.orders.models import Order, OrderLineVersion, ProvisioningTask
from billhook.orders.queries import line_key, local_day

OPEN = ("waiting", "sent", "pending", "failed")
UNDOES: dict[str, str] = {Verb.RESUME: Verb.SUSPEND, Verb.SUSPEND: Verb.RESUME}
LONGEST_FEATURES = 120
NO_ANSWER_FOR = timedelta(minutes=15)
"""A task that was to be told and has had no result for so long is told again: its job is lost."""


class UnknownVerbError(Refusal):
    """Raised for a verb that is none of the eight."""

    def __init__(self, verb: str) -> None:
        super().__init__(f"No network understands {verb}: say one of {', '.join(Verb)}.")


class TooManyFeaturesError(Refusal):
    """Raised for more features than one word can be about."""

    def __init__(self, count: int) -> None:
        super().__init__(f"One word cannot be about these {count} features: tell the network of them one by one.")


@transaction.atomic
def tell_network(
    *, order: Order, verb: str, actor: Actor, at: datetime, features: Sequence[str] = (), about: str = ""
) -> list[ProvisioningTask]:
    """Store a word to every network of the company; it is told after the commit, and after what was stored before.

    A resume that follows a suspend of which the network has heard nothing yet cancels it out, and the other way round.

    Args:
        order: which order.
        verb: one of `Verb`.
        actor: whose doing it is.
        at: the instant of the happening; the same verb about the same thing at the same instant is told once.
        features: codes, for `add_feature` and `remove_feature`.
        about: tells apart what is said by one verb at one instant, such as two assets.

    Raises:
        UnknownVerbError: no network understands the verb.
        TooManyFeaturesError: their codes, joined, are longer than 120 characters.
    """
    if verb not in list(Verb):
        raise UnknownVerbError(verb)
    if len("+".join(features)) > LONGEST_FEATURES:
        raise TooManyFeaturesError(len(features))
    order = Order.objects.select_for_update(of=("self",)).select_related("customer").get(pk=order.pk)
    requested = _requested(order, features, at)
    found = []
    for network in codes(PROVISIONING) or [""]:
        known = (current_company().code, network, order.number, str(verb), at.isoformat(), about, "+".join(features))
        key = "/".join(part for part in known if part)
        task = ProvisioningTask.objects.filter(key=key).first()
        if task is None:
            task = ProvisioningTask(order=order, network=network, key=key, verb=str(verb), at=at, requested=requested)
            _store(task, actor=actor, at=at)
        found.append(task)
    return found


def _requested(order: Order, features: Sequence[str], at: datetime) -> dict[str, Any]:
    """Return what a word to the network is about: of each line what is in force, or will be first."""
    day = local_day(at, order.customer)
    versions = OrderLineVersion.objects.filter(line__order=order).exclude(ends_on__lte=day)
    versions = versions.exclude(ends_on=F("starts_on")).select_related("line__order", "line__product")
    first = {version.line_id: version for version in versions.order_by("-starts_on")}
    lines = [
        {
            "line": line_key(version.line),
            "product": version.line.product.code,
            "quantity": f"{version.quantity.normalize():f}",
        }
        for version in sorted(first.values(), key=lambda version: version.line.position)
    ]
    assets = [
        {"type": held.asset.type.code, "identifier": held.asset.identifier, "line": line_key(held.line)}
        for held in assets_of_order(order)
    ]
    return {"lines": lines, "assets": assets, "features": list(features)}


def _store(task: ProvisioningTask, *, actor: Actor, at: datetime) -> None:
    """Store a task behind those of its order and network that are still open, whose rows stay locked meanwhile."""
    before = list(
        ProvisioningTask.objects.select_for_update()
        .filter(order=task.order, network=task.network, status__in=OPEN)
        .order_by("id")
    )
    last = before[-1] if before else None
    spared = last is not None and last.status == "waiting" and not last.attempts and last.verb == UNDOES.get(task.verb)
    if not task.network:
        task.status, task.message = "done", "no network is connected"
    elif spared:
        task.status = "superseded"
    task.save(force_insert=True)
    if not task.network:
        emit(told(task), actor=actor, at=at)
    elif last is not None and spared:
        states.check(states.PROVISIONING_TASK, last.status, "superseded")
        last.status, last.next_at = "superseded", None
        last.save(update_fields=["status", "next_at"])
        emit(NetworkSpared(**named(task), undone=last.verb), actor=actor, at=at)
    elif not before:
        ask(task=task, actor=actor, at=at)


@transaction.atomic
def ask(*, task: ProvisioningTask, actor: Actor, at: datetime) -> None:
    """Note that a network is to be told or asked now; the call itself follows the commit."""
    task.next_at = at + NO_ANSWER_FOR
    task.save(update_fields=["next_at"])
    verb = str(Verb.QUERY) if task.status == "pending" else task.verb
    emit(NetworkAsked(**{**named(task), "verb": verb}, key=task.key), actor=actor, at=at)


@transaction.atomic
def ask_when_due(*, key: str, actor: Actor, at: datetime) -> None:
    """Tell a network again, or ask it, when it is time; otherwise another worker was first, and nothing is noted."""
    task = locked_task(key)
    if task.next_at is not None and task.next_at <= at:
        ask(task=task, actor=actor, at=at)


@transaction.atomic
def ask_next(*, after: ProvisioningTask, actor: Actor, at: datetime) -> None:
    """Let the next word to the same network about the same order have its turn, now that the one before is over."""
    waiting = ProvisioningTask.objects.select_for_update(of=("self",)).filter(
        order=after.order_id, network=after.network, status__in=OPEN
    )
    following = waiting.select_related("order__customer").order_by("id").first()
    if following is not None and following.status == "waiting" and following.next_at is None:
        ask(task=following, actor=actor, at=at)


def locked_task(key: str) -> ProvisioningTask:
    """Return a task with its order and customer, and let nobody else move it before this transaction ends."""
    tasks = ProvisioningTask.objects.select_for_update(of=("self",)).select_related("order__customer")
    return tasks.get(key=key)


def named(task: ProvisioningTask) -> dict[str, str]:
    """Return what every event about a task says."""
    return {
        "customer": task.order.customer.number,
        "order": task.order.number,
        "network": task.network,
        "verb": task.verb,
    }


def told(task: ProvisioningTask) -> NetworkTold:
    """Return the event of a task that is done."""
    return NetworkTold(**named(task), answer=task.message)
