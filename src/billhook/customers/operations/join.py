"""Somebody becomes a customer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from billhook.core.money import currency
from billhook.customers import forms
from billhook.customers.events import CustomerCreated
from billhook.customers.forms import OF_CUSTOMER, AutoRecharge, recharge_columns
from billhook.customers.locks import lock_tree
from billhook.customers.models import AccountType, Customer
from billhook.customers.names import sort_name
from billhook.customers.operations.parent import possible_parent
from billhook.customers.operations.tax_ids import first_tax_id
from billhook.customers.queries import account_type, by_number
from billhook.customers.refusals import CustomerExistsError, ExternalKeyTakenError
from billhook.foundation.constraints import refusing
from billhook.foundation.custom_fields.checking import checked
from billhook.foundation.events import Actor, emit
from billhook.foundation.scope import current_company

TEXTS = (
    "name",
    "trading_name",
    "email",
    "country",
    "registration",
    "registration_scheme",
    "external_key",
    "buyer_reference",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCustomer:
    """What somebody who becomes a customer gives; what is left empty comes from the account type or the company.

    `external_key` is the customer's number in another system, for importing the same customer only once; `parent` is
    the number of the customer above. Amounts are in the currency of the account type.
    """

    number: str
    name: str
    account_type: str
    email: str = ""
    address: str = ""
    country: str = ""
    zone: str = ""
    language: str = ""
    first_day: date
    due_days: int | None = None
    vat_id: str = ""
    buyer_reference: str = ""
    trading_name: str = ""
    registration: str = ""
    registration_scheme: str = ""
    external_key: str = ""
    parent: str = ""
    invoiced_separately: bool | None = None
    delivery: str = ""
    credit_limit: Decimal | None = None
    auto_recharge: AutoRecharge | None = None
    custom: Mapping[str, object] = field(default_factory=dict)


def _texts(new: NewCustomer) -> dict[str, Any]:
    """Return the columns that are texts, each in its form."""
    return {
        "number": forms.filled(new.number, "number", 40),
        **{name: OF_CUSTOMER[name](getattr(new, name)) for name in TEXTS},
        "sort_name": sort_name(new.name),
        "address": new.address,
    }


def _terms(new: NewCustomer, kind: AccountType) -> dict[str, Any]:
    """Return the columns that come from the account type where the customer gives nothing."""
    limit = kind.credit_limit if new.credit_limit is None else new.credit_limit
    separately = new.invoiced_separately
    return {
        "account_type": kind,
        "currency": kind.currency,
        "language": forms.language(new.language or kind.language),
        "zone": forms.zone(new.zone or current_company().zone),
        "invoiced_separately": kind.invoiced_separately if separately is None else separately,
        "delivery": forms.delivery(new.delivery or kind.delivery),
        "due_days": new.due_days if new.due_days is not None else kind.due_days,
        "credit_limit": limit and forms.amount(limit, "credit limit", currency(kind.currency)),
        **recharge_columns(new.auto_recharge, kind.currency),
        "cycle_unit": kind.cycle_unit,
        "cycle_count": kind.cycle_count,
        "cycle_anchor": new.first_day,
        "next_invoice_on": new.first_day,
    }


@transaction.atomic
def create_customer(*, new: NewCustomer, actor: Actor, at: datetime) -> Customer:
    """Make somebody a customer of the company in scope, with a cycle that begins, and is first billed, on `first_day`.

    Raises:
        CustomerExistsError: the number is taken.
        ExternalKeyTakenError: another customer has the external key.
        UnknownAccountTypeError: no such account type.
        UnknownCustomerError: no such parent; a parent that cannot have it below is refused by name as well.
        CustomFieldsError: the custom fields are not what their definitions ask for.
        TaxIdError: the VAT id is not right.
        MalformedError: something else is not of its form.
    """
    if Customer.objects.filter(number=new.number).exists():
        raise CustomerExistsError(new.number)
    kind = account_type(new.account_type)
    parent = None
    if new.parent:
        lock_tree()
        parent = possible_parent(by_number(new.parent))
    columns = {**_texts(new), **_terms(new, kind), "custom": checked("customer", new.custom)}
    with refusing(
        customer_number_once=CustomerExistsError(new.number),
        customer_external_key_once=ExternalKeyTakenError(new.external_key),
    ):
        customer = Customer.objects.create(parent=parent, since=at, **columns)
    if new.vat_id:
        first_tax_id(customer, new.vat_id)
    emit(CustomerCreated(customer=customer.number, customer_name=customer.name), actor=actor, at=at)
    return customer
