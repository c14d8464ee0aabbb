"""An overdue invoice is settled: its episode ends; with nothing else overdue the customer is restored."""

from datetime import datetime

from django.db import transaction

from billhook.core import states
from billhook.core.calendar import local_date
from billhook.customers.models import Customer
from billhook.dunning.events import EpisodeEnded
from billhook.dunning.models import DunningEpisode
from billhook.dunning.queries import oldest_overdue
from billhook.foundation.events import Actor, emit
from billhook.orders.operations.suspend import resume_all


@transaction.atomic
def end_episode(*, episode: DunningEpisode, reason: str, actor: Actor, at: datetime) -> None:
    """End an episode; another overdue invoice opens its own, at step one.

    Raises:
        TransitionError: the episode has ended.
    """
    states.check(states.DUNNING_EPISODE, episode.state, "ended")
    episode.state, episode.ended_at, episode.next_at = "ended", at, None
    episode.save(update_fields=["state", "ended_at", "next_at"])
    emit(
        EpisodeEnded(customer=episode.customer.number, invoice=episode.invoice.number, reason=reason),
        actor=actor,
        at=at,
    )


@transaction.atomic
def restore_paid_up(*, customer: Customer, actor: Actor, at: datetime) -> None:
    """Restore a suspended customer once nothing is overdue; who was never late was not suspended here, and stays so."""
    was_late = customer.status == "suspended" and DunningEpisode.objects.filter(customer=customer).exists()
    if was_late and oldest_overdue(customer, on=local_date(at, customer.zone)) is None:
        resume_all(customer=customer, reason="nothing is overdue any more", actor=actor, at=at)
