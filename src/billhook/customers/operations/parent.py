"""A customer is put under another, or at the top."""

from datetime import datetime

from django.db import transaction

from billhook.core.errors import Refusal
from billhook.customers.events import ParentSet
from billhook.customers.hierarchy import DEEPEST, levels_above, levels_below, stands_under
from billhook.customers.locks import lock_tree, locked_open
from billhook.customers.models import Customer
from billhook.foundation.events import Actor, emit
from billhook.foundation.scope import current_company_id

TOP = "nobody"


class OwnParentError(Refusal):
    """Raised when a customer would stand under itself."""

    def __init__(self, number: str) -> None:
        super().__init__(f"Customer {number} cannot stand under itself: choose another parent.")


class ParentCycleError(Refusal):
    """Raised when a customer would stand under one who stands under it."""

    def __init__(self, number: str, parent: str) -> None:
        super().__init__(f"Customer {parent} stands under {number} already: put {parent} elsewhere first.")


class ParentOfAnotherCompanyError(Refusal):
    """Raised when a parent is a customer of another company."""

    def __init__(self, number: str) -> None:
        super().__init__(f"Customer {number} belongs to another company: choose a parent of this one.")


class ParentNotOpenError(Refusal):
    """Raised when a parent is closed or merged."""

    def __init__(self, number: str, status: str) -> None:
        super().__init__(f"Customer {number} is {status}: nobody can be put under it; choose another parent.")


class TooDeepError(Refusal):
    """Raised when more customers would stand one under the other than are allowed."""

    def __init__(self, levels: int) -> None:
        super().__init__(
            f"{levels} customers would stand one under the other, but at most {DEEPEST} may: choose a parent higher up."
        )


def possible_parent(parent: Customer, *, levels: int = 1) -> Customer:
    """Return a customer, read afresh, under whom a tree of so many levels can be put; call it with the tree locked.

    Raises:
        ParentOfAnotherCompanyError: it belongs to another company than the one in scope.
        ParentNotOpenError: it is closed or merged.
        TooDeepError: the tree would have more than 20 levels.
    """
    # A company above reads those below it; its customers stay among themselves all the same.
    fresh = Customer.objects.filter(pk=parent.pk, company_id=current_company_id()).first()
    if fresh is None:
        raise ParentOfAnotherCompanyError(parent.number)
    if fresh.status in {"closed", "merged"}:
        raise ParentNotOpenError(fresh.number, fresh.status)
    deep = levels_above(fresh) + 1 + levels
    if deep > DEEPEST:
        raise TooDeepError(deep)
    return fresh


@transaction.atomic
def set_parent(*, customer: Customer, parent: Customer | None, actor: Actor, at: datetime) -> Customer:
    """Put a customer under another, or at the top for None; it counts from the next bill.

    Raises:
        OwnParentError: the parent is the customer itself.
        ParentCycleError: the parent stands under the customer.
        ParentOfAnotherCompanyError: the parent belongs to another company.
        ParentNotOpenError: the parent is closed or merged.
        TooDeepError: the tree would have more than 20 levels.
        CustomerClosedError: the customer is closed.
    """
    lock_tree()
    fresh = locked_open(customer)
    if parent is not None:
        if parent.pk == fresh.pk:
            raise OwnParentError(fresh.number)
        if stands_under(parent, fresh):
            raise ParentCycleError(fresh.number, parent.number)
        parent = possible_parent(parent, levels=levels_below(fresh) + 1)
    if fresh.parent_id == (parent.pk if parent else None):
        return fresh
    earlier = fresh.parent
    fresh.parent = parent
    fresh.save(update_fields=["parent"])
    emit(
        ParentSet(
            customer=fresh.number,
            parent=parent.number if parent else TOP,
            earlier=earlier.number if earlier else TOP,
        ),
        actor=actor,
        at=at,
    )
    return fresh
