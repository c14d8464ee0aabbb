"""Locked rows: whoever changes a customer, or the tree of customers, holds the row that decides."""

from billhook.customers.models import Customer
from billhook.customers.refusals import CustomerAnonymisedError, CustomerClosedError, CustomerMergedError
from billhook.foundation.models import Company
from billhook.foundation.scope import current_company_id


def lock_tree() -> None:
    """Hold the tree of the company in scope until the transaction ends: no other parent is set meanwhile.

    Take it before any customer's row, so that two who need both never wait for each other.
    """
    Company.objects.select_for_update(no_key=True).only("pk").get(pk=current_company_id())


def locked(customer: Customer) -> Customer:
    """Return a customer read afresh, whose row stays locked until the transaction ends.

    Raises:
        CustomerMergedError: the customer was merged into another.
        CustomerAnonymisedError: the customer's personal data was removed.
    """
    rows = Customer.objects.select_for_update(of=("self",), no_key=True)
    fresh = rows.select_related("account_type", "merged_into").get(pk=customer.pk)
    if fresh.merged_into is not None:
        raise CustomerMergedError(fresh.number, fresh.merged_into.number)
    if fresh.anonymised_at is not None:
        raise CustomerAnonymisedError(fresh.number)
    return fresh


def locked_open(customer: Customer) -> Customer:
    """Return a customer who is not closed, read afresh and locked.

    Raises:
        CustomerMergedError: the customer was merged into another.
        CustomerClosedError: the customer is closed.
    """
    fresh = locked(customer)
    if fresh.status == "closed":
        raise CustomerClosedError(fresh.number)
    return fresh
