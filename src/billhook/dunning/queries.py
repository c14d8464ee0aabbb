"""Reads of collections: what is overdue, which steps there are, who is where."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from billhook.core.ageing import AgeingStep
from billhook.customers.models import Customer
from billhook.dunning.models import DunningEpisode, DunningStep
from billhook.invoicing.models import InvoiceBalance, InvoiceLine

EpisodeRow = DunningEpisode
"""An episode of dunning, as pages read it."""

StepRow = DunningStep
"""A step of dunning, as pages read it."""


def ageing_steps() -> list[AgeingStep]:
    """Return the company's steps as the core takes them."""
    return [AgeingStep(step.position, step.days) for step in DunningStep.objects.all()]


def steps() -> QuerySet[DunningStep]:
    """Return the company's steps in order."""
    return DunningStep.objects.all()


def overdue(customer: Customer, *, on: date) -> QuerySet[InvoiceBalance]:
    """Return a customer's open invoices whose due date lies before a day, the oldest first."""
    found = InvoiceBalance.objects.filter(customer=customer, state="open", due_on__lt=on)
    return found.select_related("invoice").order_by("due_on", "invoice__number")


def oldest_overdue(customer: Customer, *, on: date) -> InvoiceBalance | None:
    """Return a customer's oldest overdue invoice, None when nothing is overdue."""
    return overdue(customer, on=on).first()


def overdue_amount(customer: Customer, *, on: date) -> Decimal:
    """Return what is overdue in the customer's currency."""
    rows = overdue(customer, on=on).filter(currency=customer.currency)
    return rows.aggregate(total=Sum("open_amount"))["total"] or Decimal(0)


def open_penalties(balance: InvoiceBalance) -> Decimal:
    """Return how much of what is open on an invoice is penalties: at most what is open."""
    lines = InvoiceLine.objects.filter(invoice=balance.invoice, kind="penalty").aggregate(sum=Sum("amount"))
    return min(lines["sum"] or Decimal(0), balance.open_amount)


def episodes(*, state: str = "open") -> QuerySet[DunningEpisode]:
    """Return episodes with customer and invoice, the furthest first."""
    found = DunningEpisode.objects.filter(state=state).select_related("customer", "invoice__balance")
    return found.order_by("-step", "next_at", "id")


@dataclass(frozen=True, slots=True)
class StepReached:
    """A step, and how many customers who are late have come as far."""

    name: str
    reached: int


def steps_with_reached() -> list[StepReached]:
    """Return the company's steps in order with the open episodes that have taken them, by one statement."""
    beyond = DunningEpisode.objects.filter(state="open", step__gte=OuterRef("position")).order_by().values("state")
    count = Subquery(beyond.annotate(count=Count("id")).values("count"), output_field=IntegerField())
    steps = DunningStep.objects.annotate(reached=Coalesce(count, 0))
    return [StepReached(step.name, step.reached) for step in steps]


def overdue_by_customer(*, on: date) -> Mapping[str, Mapping[str, Decimal]]:
    """Return what is overdue before a day, by customer number and currency."""
    rows = InvoiceBalance.objects.filter(state="open", due_on__lt=on).order_by().values("customer__number", "currency")
    found: dict[str, dict[str, Decimal]] = {}
    for number, code, total in rows.annotate(total=Sum("open_amount")).values_list(
        "customer__number", "currency", "total"
    ):
        found.setdefault(number, {})[code] = total
    return found
