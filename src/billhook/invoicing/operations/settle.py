"""Part or all of an invoice is settled, by a payment or by credit."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from billhook.core.errors import Refusal
from billhook.foundation.events import Actor, emit
from billhook.invoicing.events import InvoicePartlyPaid, InvoiceSettled
from billhook.invoicing.models import InvoiceBalance


class MoreThanOpenError(Refusal):
    """Raised when more is to be settled than is open on an invoice."""

    def __init__(self, number: str, amount: Decimal, open_amount: Decimal) -> None:
        super().__init__(
            f"{amount} cannot settle invoice {number}: only {open_amount} is open; keep the rest as credit."
        )


@transaction.atomic
def settle_invoice(*, balance: InvoiceBalance, amount: Decimal, actor: Actor, at: datetime) -> InvoiceBalance:
    """Take an amount, in the invoice's currency, off what is open.

    Raises:
        MoreThanOpenError: the amount is more than what is open, or not above zero.
    """
    balance = (
        InvoiceBalance.objects.select_for_update(of=("self",)).select_related("invoice__customer").get(pk=balance.pk)
    )
    invoice = balance.invoice
    if not 0 < amount <= balance.open_amount:
        raise MoreThanOpenError(invoice.number, amount, balance.open_amount)
    balance.open_amount -= amount
    if balance.open_amount == 0:
        balance.state, balance.settled_at = "settled", at
    balance.save(update_fields=["open_amount", "state", "settled_at"])
    if balance.state == "settled":
        emit(InvoiceSettled(customer=invoice.customer.number, number=invoice.number), actor=actor, at=at)
    else:
        emit(
            InvoicePartlyPaid(
                customer=invoice.customer.number,
                number=invoice.number,
                amount=amount,
                currency=balance.currency,
                open_amount=balance.open_amount,
            ),
            actor=actor,
            at=at,
        )
    return balance
