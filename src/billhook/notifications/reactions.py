"""Which happenings a customer is told of, and that written messages are sent."""

from datetime import date
from decimal import Decimal

from billhook.core.money import Money
from billhook.customers.events import CustomerRestored
from billhook.customers.queries import by_number
from billhook.dunning.events import StepTaken
from billhook.foundation.events import Event, Occasion, on
from billhook.invoicing.events import InvoiceRendered
from billhook.invoicing.queries import by_number as invoice_by_number
from billhook.notifications.events import MessageWritten
from billhook.notifications.operations.send import send_message
from billhook.notifications.operations.write import Notice, write_message
from billhook.payments.events import PaymentDeclined, PaymentReceived


def tell(event: Event, occasion: Occasion, notice: Notice) -> None:
    """Write a notice to the customer whom an event concerns."""
    write_message(customer=by_number(event.customer), notice=notice, actor=occasion.actor, at=occasion.at)


def amount(value: Decimal, currency: str) -> str:
    """Return an amount as messages print it."""
    return str(Money.of(value, currency))


def day(value: date) -> str:
    """Return a date as messages print it."""
    return f"{value.day} {value:%B %Y}"


def invoice_rendered(event: InvoiceRendered, occasion: Occasion) -> None:
    """Send an invoice with its document."""
    invoice = invoice_by_number(event.number)
    values = {
        "invoice": invoice.number,
        "total": amount(invoice.total, invoice.currency),
        "due_on": day(invoice.due_on),
    }
    notice = Notice(key=f"invoice/{event.number}", template="invoice", values=values, attachments=(event.path,))
    tell(event, occasion, notice)


def payment_received(event: PaymentReceived, occasion: Occasion) -> None:
    """Thank for a payment."""
    values = {
        "amount": amount(event.amount, event.currency),
        "invoice": event.invoice or "your account",
        "method": event.method.replace("_", " "),
    }
    tell(event, occasion, Notice(key=f"received/{event.number}", template="payment_received", values=values))


def payment_declined(event: PaymentDeclined, occasion: Occasion) -> None:
    """Say that a card was declined, and what happens next."""
    following = (
        f"We will try again on {day(event.retry_at.date())}."
        if event.retry_at
        else "We will not try again: please pay in another way, or replace the card."
    )
    values = {
        "instrument": event.instrument,
        "amount": amount(event.amount, event.currency),
        "invoice": event.invoice,
        "code": event.code.replace("_", " "),
        "next_attempt": following,
    }
    key = f"declined/{event.number}/{occasion.at:%Y%m%d%H%M}"
    tell(event, occasion, Notice(key=key, template="payment_declined", values=values))


def step_taken(event: StepTaken, occasion: Occasion) -> None:
    """Send the notice of a dunning step that has one."""
    if not event.template:
        return
    days = "1 day" if event.days == 1 else f"{event.days} days"
    values = {"invoice": event.invoice, "days": days, "overdue": amount(event.overdue, event.currency)}
    key = f"dunning/{event.invoice}/{event.position}/{occasion.at:%Y%m%d}"
    tell(event, occasion, Notice(key=key, template=event.template, values=values))


def customer_restored(event: CustomerRestored, occasion: Occasion) -> None:
    """Say that the service runs again."""
    notice = Notice(key=f"restored/{event.customer}/{occasion.at:%Y%m%d%H%M}", template="restored", values={})
    tell(event, occasion, notice)


def send(event: MessageWritten, occasion: Occasion) -> None:
    """Hand a written message to its channel."""
    send_message(company=occasion.company, key=event.key, actor=occasion.actor, at=occasion.at)


# After the commit, so that a wording or a channel that fails never undoes a payment or a dunning step.
on(InvoiceRendered, invoice_rendered, when="after")
on(PaymentReceived, payment_received, when="after")
on(PaymentDeclined, payment_declined, when="after")
on(StepTaken, step_taken, when="after")
on(CustomerRestored, customer_restored, when="after")
on(MessageWritten, send, when="alone")
