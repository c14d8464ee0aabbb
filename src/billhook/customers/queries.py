"""Reads of customers and of what belongs to them; those of many at once take one statement."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

from django.db.models import Count, Q, QuerySet

from billhook.core.errors import Refusal
from billhook.customers.dating import counting_on
from billhook.customers.models import (
    AccountType,
    Address,
    Contact,
    Customer,
    CycleChange,
    Exemption,
    Note,
    PaymentInstrument,
    TaxId,
)
from billhook.customers.models.customer import STATUSES
from billhook.customers.names import sort_name
from billhook.customers.refusals import UnknownAccountTypeError

CustomerRow = Customer
"""A customer, as pages read it."""


class UnknownCustomerError(Refusal):
    """Raised when no customer has a number."""

    def __init__(self, number: str) -> None:
        """Name the number."""
        super().__init__(f"No customer has the number {number}.")


def by_number(number: str) -> Customer:
    """Return one customer.

    Raises:
        UnknownCustomerError: no customer of the company has the number.
    """
    customer = Customer.objects.filter(number=number).select_related("account_type").first()
    if customer is None:
        raise UnknownCustomerError(number)
    return customer


def matching(text: str = "", *, status: str = "") -> QuerySet[Customer]:
    """Return the customers whose number, name or e-mail contains a text, by name."""
    found = Customer.objects.select_related("account_type").order_by("sort_name", "id")
    if text:
        found = found.filter(
            Q(number__icontains=text) | Q(sort_name__contains=sort_name(text)) | Q(email__icontains=text)
        )
    return found.filter(status=status) if status else found


def instruments(customer: Customer) -> list[PaymentInstrument]:
    """Return a customer's active cards and accounts in the order in which they are tried."""
    return list(PaymentInstrument.objects.filter(customer=customer, status="active"))


def status_counts() -> Mapping[str, int]:
    """Return how many customers there are in all, and of each status."""
    by_status = {status: Count("id", filter=Q(status=status)) for status in STATUSES}
    return Customer.objects.aggregate(all=Count("id"), **by_status)


def by_external_key(key: str) -> Customer | None:
    """Return the customer of a key in another system, the one it was merged into where it was; None where none has it.

    An import that asks this before it creates a customer can be repeated.
    """
    customer = Customer.objects.filter(external_key=key).select_related("account_type").first() if key else None
    return customer and survivor(customer)


def survivor(customer: Customer) -> Customer:
    """Return the customer that stays of one who was merged, itself where it was not."""
    while customer.merged_into is not None:
        customer = customer.merged_into
    return customer


def account_type(code: str) -> AccountType:
    """Return an account type.

    Raises:
        UnknownAccountTypeError: there is none of that code.
    """
    found = AccountType.objects.filter(code=code).first()
    if found is None:
        raise UnknownAccountTypeError(code)
    return found


def account_types() -> QuerySet[AccountType]:
    """Return the kinds of customer by name."""
    return AccountType.objects.order_by("name", "code")


def contacts(customer: Customer, *, receiving: str = "") -> list[Contact]:
    """Return a customer's contacts in their order: all, or those that receive a kind of message."""
    found = Contact.objects.filter(customer=customer, status="active")
    return list(found.filter(receives__contains=[receiving]) if receiving else found)


def addresses(customer: Customer) -> list[Address]:
    """Return all addresses of a customer, by kind and first day."""
    return list(Address.objects.filter(customer=customer))


def addresses_on(customers: Iterable[Customer], day: date, kind: str = "billing") -> Mapping[int, Address]:
    """Return the address of a kind that counts on a day, by the primary key of the customer; some may have none."""
    found = Address.objects.filter(counting_on(day), customer__in=[one.pk for one in customers], kind=kind)
    return {address.customer_id: address for address in found}


def address_on(customer: Customer, day: date, kind: str = "billing") -> Address | None:
    """Return the address of a kind that counts on a day, or None."""
    return addresses_on([customer], day, kind).get(customer.pk)


def postal_lines(address: Address) -> str:
    """Return an address as it stands on an envelope, its country as two letters in the last line."""
    town = f"{address.postcode} {address.city}".strip()
    return "\n".join(line for line in (address.lines, town, address.region, address.country) if line)


def postal_addresses(customers: Iterable[Customer], day: date) -> Mapping[int, str]:
    """Return where each customer's invoice of a day goes: the address dated for it, else the one without dates."""
    asked = list(customers)
    dated = addresses_on(asked, day)
    return {one.pk: postal_lines(dated[one.pk]) if one.pk in dated else one.address for one in asked}


def tax_ids(customers: Iterable[Customer]) -> Mapping[int, list[TaxId]]:
    """Return the tax ids of each of some customers in their order, by the primary key of the customer."""
    found: dict[int, list[TaxId]] = defaultdict(list)
    for tax_id in TaxId.objects.filter(customer__in=[one.pk for one in customers], status="active"):
        found[tax_id.customer_id].append(tax_id)
    return dict(found)


def exemptions_on(customers: Iterable[Customer], day: date) -> Mapping[int, list[Exemption]]:
    """Return the exemptions that hold on a day, by the primary key of the customer."""
    found: dict[int, list[Exemption]] = defaultdict(list)
    for exemption in Exemption.objects.filter(counting_on(day), customer__in=[one.pk for one in customers]):
        found[exemption.customer_id].append(exemption)
    return dict(found)


def notes(customer: Customer) -> list[Note]:
    """Return the notes about a customer: pinned ones first, then the newest."""
    return list(Note.objects.filter(customer=customer))


def planned_cycle_changes(customers: Iterable[Customer]) -> Mapping[int, CycleChange]:
    """Return the billing cycle that is to come of each of some customers, by the primary key of the customer."""
    found = CycleChange.objects.filter(customer__in=[one.pk for one in customers], status="planned")
    return {change.customer_id: change for change in found}


def cycle_changes_due(day: date) -> list[CycleChange]:
    """Return the planned cycles whose first day is reached, the earliest first."""
    found = CycleChange.objects.filter(status="planned", anchor__lte=day).order_by("anchor", "customer__number")
    return list(found.select_related("customer"))
