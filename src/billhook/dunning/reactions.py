"""What dunning does when an invoice is settled: its episode ends."""

from billhook.dunning.models import DunningEpisode
from billhook.dunning.operations.end import end_episode
from billhook.foundation.events import Occasion, on
from billhook.invoicing.events import InvoiceSettled


def settled(event: InvoiceSettled, occasion: Occasion) -> None:
    """End the episode of a settled invoice."""
    for episode in DunningEpisode.objects.filter(invoice__number=event.number, state="open").select_related(
        "customer", "invoice"
    ):
        end_episode(episode=episode, reason="the invoice is settled", actor=occasion.actor, at=occasion.at)


on(InvoiceSettled, settled, when="in transaction")
