"""The room's tables: account types, customers, and what belongs to one of them."""

from billhook.customers.models.account_type import AccountType
from billhook.customers.models.contact import Address, Contact
from billhook.customers.models.customer import Customer
from billhook.customers.models.cycle import CycleChange
from billhook.customers.models.instrument import PaymentInstrument
from billhook.customers.models.note import Note
from billhook.customers.models.tax import Exemption, TaxId

__all__ = [
    "AccountType",
    "Address",
    "Contact",
    "Customer",
    "CycleChange",
    "Exemption",
    "Note",
    "PaymentInstrument",
    "TaxId",
]
