"""A former customer's personal data is removed."""

from datetime import datetime

from django.db import transaction

from billhook.core.errors import Refusal
from billhook.customers.events import CustomerAnonymised
from billhook.customers.models import Address, Contact, Customer, Exemption, Note, PaymentInstrument
from billhook.customers.names import sort_name
from billhook.foundation.events import Actor, emit

REMOVED = "removed"
EMPTY_OF_CUSTOMER = {
    "trading_name": "",
    "email": "",
    "address": "",
    "registration": "",
    "registration_scheme": "",
    "external_key": "",
    "buyer_reference": "",
    "custom": {},
}


class CustomerStillOpenError(Refusal):
    """Raised when personal data of a customer is to be removed who is neither closed nor merged."""

    def __init__(self, number: str, status: str) -> None:
        super().__init__(f"Customer {number} is {status}: close it first, then its personal data can be removed.")


@transaction.atomic
def anonymise_customer(*, customer: Customer, actor: Actor, at: datetime) -> None:
    """Remove the personal data of a closed or merged customer, and of those that were merged into it.

    Names, addresses, contacts, notes, payment instruments, custom fields and external keys go. What tax law asks for
    stays: number, country, tax ids, and of exemptions certificate, document and days; so do issued documents, and the
    events, which tell of what happened. Done once, it is not done again.

    Raises:
        CustomerStillOpenError: the customer is neither closed nor merged.
    """
    pending = [customer.pk]
    while pending:
        row = Customer.objects.select_for_update(no_key=True).get(pk=pending.pop())
        if row.status not in {"closed", "merged"}:
            raise CustomerStillOpenError(row.number, row.status)
        pending += Customer.objects.filter(merged_into=row).values_list("pk", flat=True)
        if row.anonymised_at is None:
            _remove(row, at)
            emit(CustomerAnonymised(customer=row.number), actor=actor, at=at)


def _remove(row: Customer, at: datetime) -> None:
    """Overwrite everything personal in the tables of this room."""
    for name, value in EMPTY_OF_CUSTOMER.items():
        setattr(row, name, value)
    row.name = f"Former customer {row.number}"
    row.sort_name = sort_name(row.name)
    row.anonymised_at = at
    row.save()
    Contact.objects.filter(customer=row).update(
        name=REMOVED, email="", phone="", language="", receives=[], status=REMOVED
    )
    Address.objects.filter(customer=row).update(lines=REMOVED, postcode="", city="", region="")
    Note.objects.filter(customer=row).update(text=REMOVED)
    Exemption.objects.filter(customer=row).update(reason=REMOVED)
    for ordinal, instrument in enumerate(PaymentInstrument.objects.filter(customer=row).order_by("id"), start=1):
        # A token is unique within a customer, so each keeps a name of its own.
        instrument.token, instrument.label, instrument.status = f"{REMOVED}-{ordinal}", REMOVED, REMOVED
        instrument.holder = instrument.mandate_reference = ""
        instrument.expiry_year = instrument.expiry_month = instrument.mandate_on = None
        instrument.save()
