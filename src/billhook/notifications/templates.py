"""The wording of messages: one subject and one text a template, in English; figures and dates come ready to print."""

from collections.abc import Mapping
from dataclasses import dataclass
from string import Template

from billhook.core.errors import Refusal


class UnknownTemplateError(Refusal):
    """Raised when a message is to be written with a template that does not exist."""

    def __init__(self, code: str) -> None:
        super().__init__(f"There is no message template {code}; choose one of {', '.join(sorted(TEMPLATES))}.")


@dataclass(frozen=True, slots=True)
class Wording:
    """Subject and text, with `$name` for what is filled in."""

    subject: str
    text: str


GREETING = "Dear $name,\n\n"
CLOSING = "\n\nKind regards,\n$company\n"

TEMPLATES: Mapping[str, Wording] = {
    "invoice": Wording(
        "Invoice $invoice from $company",
        "your invoice $invoice over $total is attached. It is due on $due_on.\n"
        "If a card is on file, it is charged for you; there is nothing else to do.",
    ),
    "payment_received": Wording(
        "Thank you for your payment", "we have received $amount for invoice $invoice by $method. Thank you."
    ),
    "payment_declined": Wording(
        "Your payment was declined",
        "we could not charge $instrument for $amount, invoice $invoice ($code).\n$next_attempt",
    ),
    "reminder": Wording(
        "Reminder: invoice $invoice is overdue",
        "invoice $invoice is $days overdue; $overdue is open. Please pay, or replace the card on file.",
    ),
    "final_notice": Wording(
        "Final notice for invoice $invoice",
        "invoice $invoice is still unpaid after $days; $overdue is open.\n"
        "A late fee has been added. Without payment your service will be suspended.",
    ),
    "suspended": Wording(
        "Your service is suspended",
        "because invoice $invoice is $days overdue ($overdue open), your service is suspended.\n"
        "It is restored as soon as the invoice is paid.",
    ),
    "restored": Wording(
        "Your service is restored", "your payment has arrived and your service is restored. Thank you."
    ),
}


def word(code: str, values: Mapping[str, str]) -> tuple[str, str]:
    """Return subject and text of a message.

    Raises:
        UnknownTemplateError: there is no such template.
    """
    wording = TEMPLATES.get(code)
    if wording is None:
        raise UnknownTemplateError(code)
    subject = Template(wording.subject).substitute(values)
    return subject, Template(GREETING + wording.text + CLOSING).substitute(values)
