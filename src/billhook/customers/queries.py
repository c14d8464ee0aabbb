"""Reads of customers."""

from collections.abc import Mapping

from django.db.models import Count, Q, QuerySet

from billhook.core.errors import Refusal
from billhook.customers.models import Customer, PaymentInstrument
from billhook.customers.names import sort_name

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
    """Return how many customers there are in all, active, suspended and closed."""
    by_status = {status: Count("id", filter=Q(status=status)) for status in ("active", "suspended", "closed")}
    return Customer.objects.aggregate(all=Count("id"), **by_status)
