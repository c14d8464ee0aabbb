"""A credit note becomes the customer's credit, which settles the oldest open invoices first."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from billhook.core import journal
from billhook.core.money import Money, currency
from billhook.customers.models import Customer
from billhook.foundation.events import Actor, emit
from billhook.ledger.bulk import ToPost, post
from billhook.orders.queries import local_day
from billhook.payments.events import CreditKept
from billhook.payments.models import Payment
from billhook.payments.operations.receive import allocate_oldest, post_allocations

METHOD = "credit_note"


@transaction.atomic
def keep_credit(
    *, customer: Customer, document: str, amount: Decimal, code: str, actor: Actor, at: datetime
) -> Payment:
    """Keep what a credit note gives back as credit, settle with it, and post both.

    Args:
        customer: whose credit it is.
        document: the credit note's number.
        amount: its gross, above zero.
        code: its currency.
        actor: who issued it.
        at: when.
    """
    payment = Payment.objects.create(
        number=f"P-{document}",
        customer=customer,
        method=METHOD,
        currency=code,
        amount=amount,
        state="received",
        note=document,
        created_at=at,
        received_at=at,
    )
    emit(
        CreditKept(customer=customer.number, number=payment.number, document=document, amount=amount, currency=code),
        actor=actor,
        at=at,
    )
    given = journal.allocation(document=f"{document}→credit", amount=Money(-amount, currency(code)))
    if given is not None:
        post([ToPost(entry=given, customer=customer.number, on=local_day(at, customer))], at=at)
    post_allocations(payment, allocate_oldest(payment, actor=actor, at=at), at=at)
    return payment
