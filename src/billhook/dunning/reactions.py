"""What dunning does when an invoice is settled: its episode ends, and who owes nothing overdue is restored."""

from billhook.customers.queries import by_number
from billhook.dunning.models import DunningEpisode
from billhook.dunning.operations.end import end_episode, restore_paid_up
from billhook.foundation.events import Occasion, on
from billhook.invoicing.events import InvoiceSettled


def settled(event: InvoiceSettled, occasion: Occasion) -> None:
    """End the episode of a settled invoice, and restore a customer with whom nothing is overdue any more.

    One payment may settle several invoices, of which only the oldest has an episode.
    """
    for episode in DunningEpisode.objects.filter(invoice__number=event.number, state="open").select_related(
        "customer", "invoice"
    ):
        end_episode(episode=episode, reason="the invoice is settled", actor=occasion.actor, at=occasion.at)
    restore_paid_up(customer=by_number(event.customer), actor=occasion.actor, at=occasion.at)


on(InvoiceSettled, settled, when="in transaction")
