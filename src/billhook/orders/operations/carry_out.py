"""A stored word is told to its network, outside any transaction, and the answer is written down.

A process that dies in between leaves the task `sent`: it is told again under the same key.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from billhook.core import states
from billhook.foundation.events import Actor, emit
from billhook.foundation.models import Company
from billhook.foundation.scope import company_scope
from billhook.hooks.queries import by_code
from billhook.orders.events import NetworkDelayed, NetworkFailed
from billhook.orders.hooks import (
    PROVISIONING,
    Outcome,
    Provisioning,
    ProvisioningRequest,
    ProvisioningResult,
    RequestedAsset,
    RequestedLine,
    Verb,
)
from billhook.orders.models import ProvisioningTask
from billhook.orders.operations.provision import NO_ANSWER_FOR, ask_next, locked_task, named, told

AGAIN_AFTER = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=24),
)
ANSWERED = {Outcome.DONE: "done", Outcome.FAILED: "failed", Outcome.RETRY: "waiting", Outcome.PENDING: "pending"}


def carry_out(*, company: Company, key: str, actor: Actor, at: datetime) -> None:
    """Tell a network what a task says, or ask it about a pending one, and record the answer.

    Args:
        company: whose task; the scope is opened here, twice, with the call to the plugin between.
        key: the task's.
        actor: who caused it.
        at: the instant at which it is told, in the company's time.
    """
    with company_scope(company):
        task = locked_task(key)
        # Set when it was asked for, this is no wait of a schedule: anything else was answered or decided since.
        if task.next_at != at + NO_ANSWER_FOR:
            return
        asked = task.status == "pending"
        if task.status == "waiting":
            states.check(states.PROVISIONING_TASK, task.status, "sent")
            task.status, task.attempts = "sent", task.attempts + 1
            task.save(update_fields=["status", "attempts"])
        request = request_for(task, asked=asked)
        network = task.network
    result = answer_of(company, network, request)
    with company_scope(company):
        record_answer(key=key, result=result, asked=asked, actor=actor, at=at)


def request_for(task: ProvisioningTask, *, asked: bool) -> ProvisioningRequest:
    """Return what a network is told, or asked, about a task."""
    wanted = task.requested
    return ProvisioningRequest(
        key=task.key,
        verb=str(Verb.QUERY) if asked else task.verb,
        order=task.order.number,
        customer=task.order.customer.number,
        at=task.at,
        lines=tuple(
            RequestedLine(line=row["line"], product=row["product"], quantity=Decimal(row["quantity"]))
            for row in wanted["lines"]
        ),
        assets=tuple(RequestedAsset(**row) for row in wanted["assets"]),
        features=tuple(wanted["features"]),
        reference=task.reference,
    )


def answer_of(company: Company, network: str, request: ProvisioningRequest) -> ProvisioningResult:
    """Return a network's answer; a plugin that stumbles, or cannot be made, has not done it.

    Of what went wrong only the kind is named: its words may hold what is secret.
    """
    try:
        with company_scope(company):
            plugin: Provisioning = by_code(PROVISIONING, network)
        return in_full(plugin.carry_out(request))
    except Exception as trouble:  # noqa: BLE001 - it is told again, whatever the plugin stumbled over
        waits = Outcome.PENDING if request.verb == Verb.QUERY and request.reference else Outcome.RETRY
        message = f"no answer from the plugin ({type(trouble).__name__})"
        return ProvisioningResult(outcome=waits, message=message, reference=request.reference)


def in_full(answer: object) -> ProvisioningResult:
    """Return a plugin's answer in full; a text means that it is done.

    Raises:
        TypeError: it is neither a text nor a result.
    """
    if isinstance(answer, ProvisioningResult):
        return answer
    if isinstance(answer, str):
        return ProvisioningResult(outcome=Outcome.DONE, message=answer)
    message = f"A network answers by a text or a ProvisioningResult, not by {type(answer).__name__}."
    raise TypeError(message)


@transaction.atomic
def record_answer(*, key: str, result: ProvisioningResult, asked: bool, actor: Actor, at: datetime) -> None:
    """Write down how far a network came and do what follows; a task that was decided meanwhile stays as it is.

    Args:
        key: the task's.
        result: the network's answer.
        asked: whether it was asked about a pending task, rather than told.
        actor: who caused it.
        at: the instant at which it was told or asked; the next time counts from it.
    """
    task = locked_task(key)
    if task.status != ("pending" if asked else "sent"):
        return
    wait = _wait(task, result)
    status = ANSWERED[result.outcome] if wait or result.outcome is Outcome.DONE else "failed"
    if status != task.status:
        states.check(states.PROVISIONING_TASK, task.status, status)
    task.status, task.message = status, result.message[:300]
    task.reference = (result.reference or task.reference) if status != "waiting" else ""
    task.polls = 0 if status == "waiting" else task.polls + (status == "pending")
    task.next_at = at + wait if wait else None
    task.save()
    if task.next_at is not None:
        emit(NetworkDelayed(**named(task), message=task.message, next_at=task.next_at), actor=actor, at=at)
    elif status == "failed":
        emit(NetworkFailed(**named(task), message=task.message), actor=actor, at=at)
    else:
        emit(told(task), actor=actor, at=at)
        ask_next(after=task, actor=actor, at=at)


def _wait(task: ProvisioningTask, result: ProvisioningResult) -> timedelta | None:
    """Return how long to wait before a task is told again, or asked about; None for no longer by itself."""
    if result.outcome is Outcome.RETRY:
        made = task.attempts - 1
    elif result.outcome is Outcome.PENDING:
        made = task.polls
    else:
        return None
    return AGAIN_AFTER[made] if made < len(AGAIN_AFTER) else None
