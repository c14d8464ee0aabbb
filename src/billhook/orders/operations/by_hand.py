"""What a person decides about a word that a network did not carry out: try again, give up, or it is done by hand."""

from datetime import datetime

from django.db import transaction

from billhook.core import states
from billhook.foundation.events import Actor, emit
from billhook.orders.events import NetworkDoneByHand, NetworkGivenUp
from billhook.orders.models import ProvisioningTask
from billhook.orders.operations.provision import ask, ask_next, locked_task, named


@transaction.atomic
def retry_now(*, task: ProvisioningTask, actor: Actor, at: datetime) -> ProvisioningTask:
    """Tell a network once more what it failed to do; if it cannot even now, the task has failed again.

    Raises:
        TransitionError: the task has not failed.
    """
    found = locked_task(task.key)
    states.check(states.PROVISIONING_TASK, found.status, "waiting")
    found.status, found.reference, found.polls = "waiting", "", 0
    found.save(update_fields=["status", "reference", "polls"])
    ask(task=found, actor=actor, at=at)
    return found


@transaction.atomic
def give_up(*, task: ProvisioningTask, reason: str, actor: Actor, at: datetime) -> ProvisioningTask:
    """Let a network do without what it was told; the next word to it has its turn.

    Raises:
        TransitionError: the task is over.
    """
    return _close(task, "given_up", NetworkGivenUp, reason=reason, actor=actor, at=at)


@transaction.atomic
def mark_done(*, task: ProvisioningTask, reason: str, actor: Actor, at: datetime) -> ProvisioningTask:
    """Note that what a network was told is done, by hand or by its own account; the next word has its turn.

    Raises:
        TransitionError: the task is over.
    """
    return _close(task, "done", NetworkDoneByHand, reason=reason, actor=actor, at=at)


def _close(
    task: ProvisioningTask,
    status: str,
    event: type[NetworkGivenUp | NetworkDoneByHand],
    *,
    reason: str,
    actor: Actor,
    at: datetime,
) -> ProvisioningTask:
    """Write that a task is over, and why, and let the next word have its turn."""
    found = locked_task(task.key)
    states.check(states.PROVISIONING_TASK, found.status, status)
    found.status, found.message, found.next_at = status, reason[:300], None
    found.save(update_fields=["status", "message", "next_at"])
    emit(event(**named(found), reason=reason), actor=actor, at=at)
    ask_next(after=found, actor=actor, at=at)
    return found
