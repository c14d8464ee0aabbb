"""What falls due in dunning: an invoice that becomes overdue, and the next step of an episode."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from billhook.core.calendar import day_start
from billhook.customers.queries import by_number
from billhook.dunning.models import DunningEpisode, DunningStep
from billhook.dunning.operations.step import open_episode, take_step
from billhook.foundation.events import SYSTEM
from billhook.foundation.jobs import DueSource, register_due
from billhook.invoicing.models import InvoiceBalance

ONE_DAY = timedelta(days=1)


def newly_overdue(until: datetime) -> Iterable[tuple[datetime, str]]:
    """Return the customers whose oldest open invoice is overdue while no episode is open, where steps are set up."""
    if not DunningStep.objects.exists():
        return
    late = InvoiceBalance.objects.filter(state="open", due_on__lt=(until + ONE_DAY).date())
    late = late.exclude(customer__episodes__state="open").select_related("customer").order_by("due_on", "id")
    seen: set[int] = set()
    for balance in late:
        begins = day_start(balance.due_on + ONE_DAY, balance.customer.zone)
        if balance.customer_id not in seen and begins <= until:
            yield begins, balance.customer.number
        seen.add(balance.customer_id)


def run_overdue(number: str, at: datetime) -> None:
    """Open the episode of one customer."""
    open_episode(customer=by_number(number), actor=SYSTEM, at=at)


def steps_due(until: datetime) -> Iterable[tuple[datetime, str]]:
    """Return the open episodes whose next step is reached."""
    found = DunningEpisode.objects.filter(next_at__lte=until, state="open").select_related("customer")
    return [(episode.next_at, episode.customer.number) for episode in found if episode.next_at]


def run_step(number: str, at: datetime) -> None:
    """Take the next step of a customer's open episode."""
    take_step(episode=DunningEpisode.objects.get(customer__number=number, state="open"), actor=SYSTEM, at=at)


register_due(DueSource(name="dunning.overdue", find=newly_overdue, run=run_overdue))
register_due(DueSource(name="dunning.step", find=steps_due, run=run_step))
