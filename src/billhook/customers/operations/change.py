"""What is known of a customer, and agreed with it, is changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from billhook.core.errors import Refusal
from billhook.core.money import currency
from billhook.customers import changed, forms
from billhook.customers.changed import KEEP, Unchanged
from billhook.customers.events import CurrencyChanged, CustomerChanged
from billhook.customers.forms import OF_CUSTOMER, AutoRecharge, recharge_columns
from billhook.customers.locks import locked
from billhook.customers.models import Address, Customer
from billhook.customers.names import sort_name
from billhook.customers.refusals import CustomerClosedError, ExternalKeyTakenError
from billhook.foundation.constraints import refusing
from billhook.foundation.custom_fields.checking import checked
from billhook.foundation.events import Actor, emit

PERSONAL = frozenset(
    {
        "name",
        "sort_name",
        "trading_name",
        "email",
        "address",
        "registration",
        "external_key",
        "buyer_reference",
        "custom",
    }
)
CLOSED_MAY = frozenset(
    {"name", "trading_name", "email", "address", "country", "language", "buyer_reference", "delivery"}
)
"""What may still change of a closed customer, to whom a last bill goes."""


class AmountsInOldCurrencyError(Refusal):
    """Raised when a currency changes while a credit limit or recharge is in the old one."""

    def __init__(self, number: str, code: str) -> None:
        super().__init__(
            f"Customer {number} has a credit limit or auto-recharge in another currency: give both in {code} too,"
            " or take them away."
        )


class AddressDatedError(Refusal):
    """Raised when an address without dates is to change while dated ones count."""

    def __init__(self, number: str) -> None:
        super().__init__(f"Customer {number} has dated billing addresses: add the next one with its first day.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerChange:
    """What is to change of a customer; what is left out stays.

    Amounts are in the customer's currency, the new one if that changes as well. Of `custom` only the fields given
    change; None takes one away. Numbers with tax authorities, parent, cycle and account type have their own operations.
    """

    name: str | Unchanged = KEEP
    trading_name: str | Unchanged = KEEP
    email: str | Unchanged = KEEP
    address: str | Unchanged = KEEP
    country: str | Unchanged = KEEP
    zone: str | Unchanged = KEEP
    language: str | Unchanged = KEEP
    registration: str | Unchanged = KEEP
    registration_scheme: str | Unchanged = KEEP
    external_key: str | Unchanged = KEEP
    buyer_reference: str | Unchanged = KEEP
    delivery: str | Unchanged = KEEP
    invoiced_separately: bool | Unchanged = KEEP
    due_days: int | Unchanged | None = KEEP
    currency: str | Unchanged = KEEP
    credit_limit: Decimal | Unchanged | None = KEEP
    auto_recharge: AutoRecharge | Unchanged | None = KEEP
    custom: Mapping[str, object] | Unchanged = KEEP


def _columns(customer: Customer, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns that a change asks for, each in its form."""
    columns = {name: value for name, value in given.items() if name not in {"auto_recharge", "custom"}}
    columns |= {name: form(given[name]) for name, form in OF_CUSTOMER.items() if name in given}
    if "name" in given:
        columns["sort_name"] = sort_name(given["name"])
    if "custom" in given:
        columns["custom"] = checked("customer", given["custom"], before=customer.custom)
    return {**columns, **_amounts(customer, given)}


def _amounts(customer: Customer, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of currency and amounts; amounts in an old currency are refused."""
    code = currency(given.get("currency", customer.currency)).code
    moves = code != customer.currency
    limit_stays = "credit_limit" not in given and customer.credit_limit is not None
    recharge_stays = "auto_recharge" not in given and customer.recharge_amount is not None
    if moves and (limit_stays or recharge_stays):
        raise AmountsInOldCurrencyError(customer.number, code)
    columns: dict[str, Any] = {"currency": code} if moves else {}
    if given.get("credit_limit") is not None:
        columns["credit_limit"] = forms.amount(given["credit_limit"], "credit limit", currency(code))
    if "auto_recharge" in given:
        columns |= recharge_columns(given["auto_recharge"], code)
    return columns


@transaction.atomic
def update_customer(*, customer: Customer, change: CustomerChange, actor: Actor, at: datetime) -> Customer:
    """Change a customer; a change that changes nothing happens not at all.

    A currency is that of new agreements alone: what was agreed, and what is owed, stays in its own.

    Raises:
        CustomerMergedError: the customer was merged into another.
        CustomerClosedError: the customer is closed, and the change is not about reaching it.
        ExternalKeyTakenError: another customer has the external key.
        AmountsInOldCurrencyError: the currency changes, but a credit limit or auto-recharge is not given anew.
        AddressDatedError: the address has dates.
        CustomFieldsError: the custom fields are not what their definitions ask for.
        MalformedError: something else is not of its form.
    """
    fresh, given = locked(customer), changed.given(change)
    if fresh.status == "closed" and not set(given) <= CLOSED_MAY:
        raise CustomerClosedError(fresh.number)
    values = changed.differing(fresh, _columns(fresh, given))
    dated = {"address", "country"} & set(values) and Address.objects.filter(customer=fresh, kind="billing").exists()
    if dated:
        raise AddressDatedError(fresh.number)
    if not values:
        return fresh
    named = {name: value for name, value in values.items() if name != "sort_name"}
    happened = CustomerChanged(customer=fresh.number, **changed.shown(fresh, named, personal=PERSONAL))
    earlier = fresh.currency
    with refusing(customer_external_key_once=ExternalKeyTakenError(str(values.get("external_key")))):
        changed.write(fresh, values)
    emit(happened, actor=actor, at=at)
    if fresh.currency != earlier:
        emit(CurrencyChanged(customer=fresh.number, earlier=earlier, currency=fresh.currency), actor=actor, at=at)
    return fresh
