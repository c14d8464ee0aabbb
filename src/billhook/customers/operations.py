"""What can happen to customers."""

from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction

from billhook.core.errors import Refusal
from billhook.customers.events import (
    AccountTypeCreated,
    CustomerCreated,
    CustomerRestored,
    CustomerSuspended,
    InstrumentAdded,
)
from billhook.customers.models import AccountType, Customer, PaymentInstrument
from billhook.customers.names import sort_name
from billhook.foundation.events import Actor, emit
from billhook.foundation.scope import current_company


class CustomerExistsError(Refusal):
    """Raised when a customer number is taken."""

    def __init__(self, number: str) -> None:
        """Name the number."""
        super().__init__(f"Customer {number} exists already: choose another number.")


class UnknownAccountTypeError(Refusal):
    """Raised when no account type has a code."""

    def __init__(self, code: str) -> None:
        """Name the code."""
        super().__init__(f"There is no account type {code}: create it, or choose another.")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCustomer:
    """What somebody who becomes a customer gives; what is left empty comes from the account type or the company."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInstrument:
    """A token that a gateway gave for a card or account, and what people may see of it."""

    token: str
    label: str
    method: str = field(default="card")


@transaction.atomic
def create_account_type(
    *,
    code: str,
    name: str,
    actor: Actor,
    at: datetime,
    currency: str = "",
    cycle_unit: str = "month",
    cycle_count: int = 1,
    due_days: int | None = None,
) -> AccountType:
    """Set up a kind of customer; the currency is the company's unless one is given."""
    kind = AccountType.objects.create(
        code=code,
        name=name,
        currency=currency or current_company().currency,
        cycle_unit=cycle_unit,
        cycle_count=cycle_count,
        due_days=due_days,
    )
    emit(AccountTypeCreated(code=code), actor=actor, at=at)
    return kind


def account_type(code: str) -> AccountType:
    """Return an account type.

    Raises:
        UnknownAccountTypeError: there is none of that code.
    """
    found = AccountType.objects.filter(code=code).first()
    if found is None:
        raise UnknownAccountTypeError(code)
    return found


@transaction.atomic
def create_customer(*, new: NewCustomer, actor: Actor, at: datetime) -> Customer:
    """Make somebody a customer of the company in scope, with a cycle that begins, and is first billed, on `first_day`.

    Raises:
        CustomerExistsError: the number is taken.
        UnknownAccountTypeError: no such account type.
    """
    if Customer.objects.filter(number=new.number).exists():
        raise CustomerExistsError(new.number)
    company, kind = current_company(), account_type(new.account_type)
    customer = Customer.objects.create(
        number=new.number,
        name=new.name,
        sort_name=sort_name(new.name),
        email=new.email,
        account_type=kind,
        currency=kind.currency,
        language=new.language or kind.language,
        zone=new.zone or company.zone,
        address=new.address,
        country=new.country,
        vat_id=new.vat_id,
        buyer_reference=new.buyer_reference,
        cycle_unit=kind.cycle_unit,
        cycle_count=kind.cycle_count,
        cycle_anchor=new.first_day,
        next_invoice_on=new.first_day,
        due_days=new.due_days if new.due_days is not None else kind.due_days,
        since=at,
    )
    emit(CustomerCreated(customer=customer.number, customer_name=customer.name), actor=actor, at=at)
    return customer


@transaction.atomic
def add_instrument(*, customer: Customer, new: NewInstrument, actor: Actor, at: datetime) -> PaymentInstrument:
    """Store a payment token as the customer's first choice; the ones it has move back a place."""
    for instrument in customer.instruments.all():
        instrument.position += 1
        instrument.save(update_fields=["position"])
    added = PaymentInstrument.objects.create(
        customer=customer, position=1, method=new.method, token=new.token, label=new.label, added_at=at
    )
    emit(InstrumentAdded(customer=customer.number, label=new.label, method=new.method), actor=actor, at=at)
    return added


@transaction.atomic
def suspend_customer(*, customer: Customer, reason: str, actor: Actor, at: datetime) -> None:
    """Mark a customer as suspended; one who is suspended stays so, and nothing more happens."""
    if Customer.objects.filter(pk=customer.pk, status="active").update(status="suspended"):
        emit(CustomerSuspended(customer=customer.number, reason=reason), actor=actor, at=at)


@transaction.atomic
def restore_customer(*, customer: Customer, reason: str, actor: Actor, at: datetime) -> None:
    """Mark a suspended customer as active again; one who is active stays so, and nothing more happens."""
    if Customer.objects.filter(pk=customer.pk, status="suspended").update(status="active"):
        emit(CustomerRestored(customer=customer.number, reason=reason), actor=actor, at=at)
