"""Reads of payments: lists, what is tried again, and what failed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, OuterRef, Q, QuerySet, Subquery

from billhook.customers.models import Customer
from billhook.hooks.queries import filled
from billhook.invoicing.models import Invoice
from billhook.payments.hooks import GATEWAY, CardChoice
from billhook.payments.models import Payment, PaymentAttempt

PaymentRow = Payment
"""A payment, as pages read it."""

FAILING = (Q(state="given_up") | Q(state="collecting", retry_at__isnull=False)) & Q(invoice__balance__state="open")
"""A gateway declined, and the invoice is open still."""


def matching(*, text: str = "", state: str = "") -> QuerySet[Payment]:
    """Return payments, newest first, each with the outcome of its last attempt; the state may also be `failing`."""
    found = with_outcome(Payment.objects.all())
    if text:
        found = found.filter(Q(number__icontains=text) | Q(customer__number=text) | Q(customer__name__icontains=text))
    if state == "failing":
        return found.filter(FAILING)
    return found.filter(state=state) if state else found


def with_outcome(payments: QuerySet[Payment]) -> QuerySet[Payment]:
    """Add customer, invoice and what the gateway last said (`outcome`, `outcome_card`), newest first."""
    last = PaymentAttempt.objects.filter(payment=OuterRef("pk")).order_by("-ordinal")
    return (
        payments.select_related("customer", "invoice")
        .annotate(
            outcome=Subquery(last.values("code")[:1]), outcome_card=Subquery(last.values("instrument__label")[:1])
        )
        .order_by("-created_at", "-id")
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a gateway last said about a payment, and of which card; empty where it was not asked."""

    code: str
    card: str


def outcome_of(payment: Payment) -> Outcome:
    """Return what a gateway last said about a payment that was read here."""
    return Outcome(getattr(payment, "outcome", None) or "", getattr(payment, "outcome_card", None) or "")


@dataclass(frozen=True, slots=True)
class CardsOffered:
    """The gateway that new cards go to, by its title, empty for none; and the cards it lets people choose."""

    gateway: str
    choices: tuple[CardChoice, ...]


def cards_offered() -> CardsOffered:
    """Return which cards somebody who signs up may choose; none where the gateway offers none."""
    for _, gateway in filled(GATEWAY)[:1]:
        offer = getattr(gateway, "card_choices", None)
        return CardsOffered(getattr(gateway, "title", ""), tuple(offer()) if offer else ())
    return CardsOffered("", ())


def counts() -> Mapping[str, int]:
    """Return how many payments there are in all, failing, and in each state."""
    states = ("collecting", "received", "given_up", "cancelled")
    by_state = {state: Count("id", filter=Q(state=state)) for state in states}
    return Payment.objects.aggregate(all=Count("id"), failing=Count("id", filter=FAILING), **by_state)


def of_customer(customer: Customer) -> QuerySet[Payment]:
    """Return a customer's payments, newest first."""
    return with_outcome(Payment.objects.filter(customer=customer))


def on_invoice(invoice: Invoice) -> QuerySet[Payment]:
    """Return the payments that were to settle an invoice, or did, newest first, with their attempts."""
    settled = Payment.objects.filter(allocations__invoice=invoice).values("pk")
    found = with_outcome(Payment.objects.filter(Q(invoice=invoice) | Q(pk__in=settled)))
    return found.prefetch_related("attempts__instrument")


def failing() -> QuerySet[Payment]:
    """Return the payments of invoices that are open still, which a gateway declined last, newest first."""
    return matching(state="failing")


def next_retries() -> Mapping[str, datetime]:
    """Return when each customer's card is next tried again, by customer number."""
    waiting = Payment.objects.filter(retry_at__isnull=False).order_by()
    return dict(waiting.values("customer__number").annotate(at=Min("retry_at")).values_list("customer__number", "at"))
