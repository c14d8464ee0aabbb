"""Kinds of customer are set up and changed, and a customer becomes one of another kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.errors import Refusal
from billhook.core.money import currency as currency_of
from billhook.customers import changed, forms
from billhook.customers.changed import KEEP, Unchanged
from billhook.customers.events import AccountTypeAssigned, AccountTypeChanged, AccountTypeCreated
from billhook.customers.locks import locked_open
from billhook.customers.models import AccountType, Customer, PaymentInstrument
from billhook.customers.models.instrument import METHODS
from billhook.customers.refusals import UnknownAccountTypeError
from billhook.foundation.constraints import refusing
from billhook.foundation.events import Actor, emit
from billhook.foundation.scope import current_company


class AccountTypeExistsError(Refusal):
    """Raised when the code of an account type is taken."""

    def __init__(self, code: str) -> None:
        super().__init__(f"There is an account type {code} already: change it, or choose another code.")


class MethodInUseError(Refusal):
    """Raised when a kind of customer would not allow a method by which some of its customers pay."""

    def __init__(self, code: str, methods: Sequence[str], count: int) -> None:
        super().__init__(
            f"The account type {code} would not allow {', '.join(methods)}, but {count} payment instruments in use are"
            " of it: remove those first, or allow it."
        )


class OtherCurrencyError(Refusal):
    """Raised when amounts of one currency would be taken over into another."""

    def __init__(self, code: str, theirs: str, ours: str) -> None:
        super().__init__(
            f"The account type {code} is in {theirs}, the customer in {ours}: its credit limit cannot be taken over;"
            " assign it without its defaults."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountTypeChange:
    """What is to change of an account type; what is left out stays. An empty list of methods allows all."""

    name: str | Unchanged = KEEP
    currency: str | Unchanged = KEEP
    language: str | Unchanged = KEEP
    cycle_unit: str | Unchanged = KEEP
    cycle_count: int | Unchanged = KEEP
    due_days: int | Unchanged | None = KEEP
    credit_limit: Decimal | Unchanged | None = KEEP
    invoiced_separately: bool | Unchanged = KEEP
    delivery: str | Unchanged = KEEP
    methods: Sequence[str] | Unchanged = KEEP


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of an account type, each in its form; the currency is always among them."""
    checked = {**values, "currency": currency_of(values["currency"]).code}
    if "name" in values:
        checked["name"] = forms.filled(values["name"], "name", 120)
    if "language" in values:
        checked["language"] = forms.language(values["language"])
    if "cycle_unit" in values or "cycle_count" in values:
        unit = forms.one_of(values["cycle_unit"], "unit of a cycle", list(CadenceUnit))
        checked["cycle_count"] = Cadence(CadenceUnit(unit), values["cycle_count"]).count
    if values.get("credit_limit") is not None:
        checked["credit_limit"] = forms.amount(values["credit_limit"], "credit limit", currency_of(values["currency"]))
    if "delivery" in values:
        checked["delivery"] = forms.delivery(values["delivery"])
    if "methods" in values:
        checked["methods"] = forms.some_of(values["methods"], "payment method", METHODS)
    return checked


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
    defaults: AccountTypeChange | None = None,
) -> AccountType:
    """Set up a kind of customer; the currency is the company's unless one is given.

    Args:
        code: by which it is named.
        name: what people read.
        actor: who sets it up.
        at: when.
        currency: an ISO 4217 code.
        cycle_unit: unit of the billing cycle.
        cycle_count: how many units a cycle has.
        due_days: days from the bill date to the due date; None leaves it to the company.
        defaults: whatever else its customers begin with.

    Raises:
        AccountTypeExistsError: the code is taken.
        MalformedError: a value is not of its form.
    """
    values: dict[str, Any] = {
        "name": name,
        "currency": currency or current_company().currency,
        "cycle_unit": cycle_unit,
        "cycle_count": cycle_count,
        "due_days": due_days,
        **(changed.given(defaults) if defaults else {}),
    }
    with refusing(account_type_once=AccountTypeExistsError(code)):
        kind = AccountType.objects.create(code=code, **_checked(values))
    emit(AccountTypeCreated(code=code), actor=actor, at=at)
    return kind


@transaction.atomic
def update_account_type(*, code: str, change: AccountTypeChange, actor: Actor, at: datetime) -> AccountType:
    """Change what customers of a kind begin with; those that exist keep theirs, but for the methods allowed.

    Raises:
        UnknownAccountTypeError: there is none of that code.
        MethodInUseError: customers pay by a method that would no longer be allowed.
        MalformedError: a value is not of its form.
    """
    kind = _locked_kind(code)
    stay = {name: getattr(kind, name) for name in ("currency", "cycle_unit", "cycle_count", "credit_limit")}
    values = changed.differing(kind, _checked({**stay, **changed.given(change)}))
    if not values:
        return kind
    if "methods" in values:
        _require_allowed(kind.code, values["methods"], PaymentInstrument.objects.filter(customer__account_type=kind))
    event = AccountTypeChanged(code=code, **changed.shown(kind, values))
    changed.write(kind, values)
    emit(event, actor=actor, at=at)
    return kind


def _locked_kind(code: str) -> AccountType:
    kind = AccountType.objects.select_for_update(no_key=True).filter(code=code).first()
    if kind is None:
        raise UnknownAccountTypeError(code)
    return kind


def _require_allowed(code: str, methods: Sequence[str], instruments: QuerySet[PaymentInstrument]) -> None:
    """Refuse methods that leave out one of an active instrument; an empty list allows all."""
    in_use = instruments.filter(status="active").values_list("method", flat=True)
    barred = [method for method in in_use if method not in methods] if methods else []
    if barred:
        raise MethodInUseError(code, sorted(set(barred)), len(barred))


@transaction.atomic
def assign_account_type(
    *, customer: Customer, code: str, actor: Actor, at: datetime, with_defaults: bool = False
) -> Customer:
    """Make a customer one of another kind.

    Args:
        customer: who.
        code: of the account type.
        actor: who does it.
        at: when.
        with_defaults: also take over its due days, credit limit, delivery and whether it is invoiced separately;
            currency, language and billing cycle stay, they have operations of their own.

    Raises:
        UnknownAccountTypeError: there is none of that code.
        MethodInUseError: it does not allow a method by which the customer pays.
        OtherCurrencyError: its credit limit is in another currency than the customer's.
    """
    fresh = locked_open(customer)
    # The kind's row keeps somebody waiting who takes a method from it at this moment.
    kind = _locked_kind(code)
    if fresh.account_type_id == kind.pk:
        return fresh
    _require_allowed(kind.code, kind.methods, PaymentInstrument.objects.filter(customer=fresh))
    if with_defaults and kind.credit_limit is not None and kind.currency != fresh.currency:
        raise OtherCurrencyError(kind.code, kind.currency, fresh.currency)
    names = ("due_days", "credit_limit", "delivery", "invoiced_separately") if with_defaults else ()
    event = AccountTypeAssigned(customer=fresh.number, earlier=fresh.account_type.code, account_type=kind.code)
    changed.write(fresh, {"account_type": kind, **{name: getattr(kind, name) for name in names}})
    emit(event, actor=actor, at=at)
    return fresh
