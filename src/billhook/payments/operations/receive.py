"""Money comes in, by card or by hand, and settles invoices; what is left over is the customer's credit."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from billhook.core import journal, settlement
from billhook.core.errors import Refusal
from billhook.core.money import Currency, Money, currency
from billhook.core.rounding import to_places
from billhook.customers.models import Customer
from billhook.foundation.events import Actor, emit
from billhook.foundation.sequences import take_number
from billhook.invoicing.models import InvoiceBalance
from billhook.invoicing.operations.settle import settle_invoice
from billhook.ledger.bulk import ToPost, post
from billhook.orders.queries import local_day
from billhook.payments.events import PaymentReceived
from billhook.payments.models import Allocation, Payment, PaymentAttempt
from billhook.payments.operations.collect import payment_number

PAYMENT_NUMBERS = "P-{number:06d}"


class NoAmountError(Refusal):
    """Raised when a payment of nothing, or less, is recorded."""

    def __init__(self, amount: Decimal) -> None:
        super().__init__(f"A payment must be above zero, not {amount}.")


class NotAnAmountError(Refusal):
    """Raised when a payment is no amount of its currency."""

    def __init__(self, amount: Decimal, unit: Currency) -> None:
        super().__init__(f"{amount} is no amount of {unit}: give a figure with at most {unit.digits} decimals.")


def check_amount(amount: Decimal, unit: Currency) -> None:
    """Let an amount pass that can be paid in a currency.

    Raises:
        NotAnAmountError: it is no figure, or has more decimals than the currency.
        NoAmountError: it is not above zero.
    """
    if not amount.is_finite() or to_places(amount, unit.digits) != amount:
        raise NotAnAmountError(amount, unit)
    if amount <= 0:
        raise NoAmountError(amount)


@transaction.atomic
def receive_charge(*, attempt: PaymentAttempt, actor: Actor, at: datetime) -> None:
    """A charge succeeded: the payment is received and settles its invoice first, unless that was settled meanwhile."""
    payment = attempt.payment
    first = _invoice_to_settle(payment)
    payment.state, payment.retry_at = "received", None
    payment.amount, payment.received_at = attempt.amount, at
    payment.save(update_fields=["state", "retry_at", "amount", "received_at"])
    _announce_and_allocate(payment=payment, first=first, account=f"clearing:{attempt.gateway}", actor=actor, at=at)


@transaction.atomic
def receive_late_charge(*, attempt: PaymentAttempt, actor: Actor, at: datetime) -> Payment:
    """A charge that was called declined or failed took the money after all: it is received as a payment of its own.

    What was done since on the word of the first answer stands. The payment settles the invoice, which stops a retry
    that waits; where the invoice is settled already, it is the customer's credit.
    """
    given_up = attempt.payment
    first = _invoice_to_settle(given_up)
    payment = Payment.objects.create(
        number=_number_after(given_up, at=at),
        customer=given_up.customer,
        invoice=given_up.invoice,
        method=given_up.method,
        currency=attempt.currency,
        amount=attempt.amount,
        state="received",
        note=f"late answer to {attempt.reference}",
        created_at=at,
        received_at=at,
    )
    _announce_and_allocate(payment=payment, first=first, account=f"clearing:{attempt.gateway}", actor=actor, at=at)
    return payment


def _number_after(payment: Payment, *, at: datetime) -> str:
    """Return the number of one more payment of the same invoice, whose balance is locked."""
    if payment.invoice is None:
        return take_number("payment", year=at.year, pattern=PAYMENT_NUMBERS)
    return payment_number(payment.invoice)


def _invoice_to_settle(payment: Payment) -> str:
    """Lock the balance of a payment's invoice and return the invoice's number, empty where nothing of it is open."""
    balance = InvoiceBalance.objects.select_for_update().filter(invoice=payment.invoice).first()
    return payment.invoice.number if payment.invoice and balance and balance.state == "open" else ""


@transaction.atomic
def record_payment(
    *, customer: Customer, amount: Decimal, method: str, actor: Actor, at: datetime, note: str = "", invoice: str = ""
) -> Payment:
    """Record money that came in outside any gateway, in the customer's currency, and settle with it.

    Args:
        customer: who paid.
        amount: above zero.
        method: bank_transfer, cash, cheque.
        actor: who records it.
        at: when it was received.
        note: what the bank statement says.
        invoice: settled first, if given; then the oldest due.

    Raises:
        NoAmountError, NotAnAmountError: it cannot be paid.
        SettlementError: the chosen invoice is not open.
    """
    check_amount(amount, currency(customer.currency))
    payment = Payment.objects.create(
        number=take_number("payment", year=at.year, pattern=PAYMENT_NUMBERS),
        customer=customer,
        method=method,
        currency=customer.currency,
        amount=amount,
        state="received",
        note=note,
        created_at=at,
        received_at=at,
    )
    _announce_and_allocate(payment=payment, first=invoice, account="cash", actor=actor, at=at)
    return payment


def _announce_and_allocate(*, payment: Payment, first: str, account: str, actor: Actor, at: datetime) -> None:
    """Emit the receipt, allocate to open invoices, keep the rest as credit, and post both."""
    emit(
        PaymentReceived(
            customer=payment.customer.number,
            number=payment.number,
            amount=payment.amount,
            currency=payment.currency,
            invoice=first,
            method=payment.method,
        ),
        actor=actor,
        at=at,
    )
    allocations = allocate_oldest(payment, first=first, actor=actor, at=at)
    amount = Money(payment.amount, currency(payment.currency))
    received = journal.payment_received(document=payment.number, amount=amount, account=account)
    if received is not None:
        day = local_day(at, payment.customer)
        post([ToPost(entry=received, customer=payment.customer.number, on=day)], at=at)
    post_allocations(payment, allocations, at=at)


def allocate_oldest(payment: Payment, *, actor: Actor, at: datetime, first: str = "") -> Mapping[str, Decimal]:
    """Settle open invoices, a chosen one first, keep the rest as credit, and return how much settled which."""
    allocations = _allocate(payment, _settled_by(payment, first), actor=actor, at=at)
    payment.unallocated = payment.amount - sum(allocations.values(), Decimal(0))
    payment.save(update_fields=["unallocated"])
    return allocations


def post_allocations(payment: Payment, allocations: Mapping[str, Decimal], *, at: datetime) -> None:
    """Post each allocation, from the customer's credit to the receivable."""
    unit = currency(payment.currency)
    entries = [
        journal.allocation(document=f"{payment.number}→{number}", amount=Money(amount, unit))
        for number, amount in allocations.items()
    ]
    day = local_day(at, payment.customer)
    post([ToPost(entry=entry, customer=payment.customer.number, on=day) for entry in entries if entry], at=at)


def _settled_by(payment: Payment, first: str) -> Mapping[str, Decimal]:
    """Return how much of which open invoice a payment settles: the chosen one first, then the oldest due."""
    code = currency(payment.currency)
    balances = (
        InvoiceBalance.objects.select_for_update(of=("self",))
        .select_related("invoice")
        .filter(customer=payment.customer, currency=payment.currency, state="open")
    )
    claims = tuple(
        settlement.Claim(key=row.invoice.number, due_on=row.due_on, open=Money(row.open_amount, code))
        for row in balances
    )
    result = settlement.settle(Money(payment.amount, code), claims, first=(first,) if first else ())
    return {allocation.key: allocation.amount.amount for allocation in result.allocations}


def _allocate(payment: Payment, amounts: Mapping[str, Decimal], *, actor: Actor, at: datetime) -> Mapping[str, Decimal]:
    """Store the allocations of a payment and settle the invoices by them."""
    for ordinal, (number, amount) in enumerate(amounts.items(), start=1):
        balance = InvoiceBalance.objects.select_related("invoice").get(invoice__number=number)
        Allocation.objects.create(payment=payment, ordinal=ordinal, invoice=balance.invoice, amount=amount, at=at)
        settle_invoice(balance=balance, amount=amount, actor=actor, at=at)
    return amounts
