"""What something would do to a customer's next bill, to the cent: it is done, billed, and undone in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from billhook.billing.inputs import gather
from billhook.core.derivation import sentence
from billhook.core.document import DraftLine
from billhook.core.draft import InvoiceDraft, bill
from billhook.core.money import Money, currency
from billhook.customers.models import Customer


@dataclass(frozen=True, slots=True)
class PreviewedLine:
    """A line of a bill, and how its amount comes about in one sentence."""

    line: DraftLine
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A customer's bill as it would be with something done, and as it is without; None where nothing is due."""

    customer: str
    before: InvoiceDraft | None
    after: InvoiceDraft | None
    difference: Money

    @property
    def lines(self) -> list[PreviewedLine]:
        """Return the lines of the bill as it would be."""
        return [PreviewedLine(line, sentence(line.derivation)) for line in (self.after.lines if self.after else ())]


def next_bill(customer: Customer, as_of: date) -> InvoiceDraft | None:
    """Return what a run would issue to a customer on a day; None where nothing is due."""
    fresh = Customer.objects.get(pk=customer.pk)
    (inputs,) = gather([fresh], as_of=as_of)
    return bill(inputs.agreement, inputs.usage, as_of)


def preview(act: Callable[[], object], customer: Customer, as_of: date) -> Preview:
    """Return what an act, which calls operations, would do to a customer's bill of a day; nothing of it stays.

    Neither rows nor numbers, events or jobs stay; objects that the act was handed have to be read again.

    Raises:
        Refusal: an operation refuses, or the bill cannot be computed.
    """
    before = next_bill(customer, as_of)
    with transaction.atomic():
        act()
        after = next_bill(customer, as_of)
        transaction.set_rollback(True)
    nothing = Money.zero(currency(customer.currency))
    difference = (after.total if after else nothing) - (before.total if before else nothing)
    return Preview(customer=customer.number, before=before, after=after, difference=difference)
