"""Numbers with tax authorities are added and removed; the invoices' VAT id follows."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from billhook.core.errors import Refusal
from billhook.customers import forms
from billhook.customers.events import TaxIdAdded, TaxIdRemoved
from billhook.customers.locks import locked
from billhook.customers.models import Customer, TaxId
from billhook.customers.numbering import next_number
from billhook.customers.tax_schemes import SCHEMES, CheckedTaxId, check_tax_id, scheme_of_vat_id
from billhook.foundation.events import Actor, emit


class TaxIdExistsError(Refusal):
    """Raised when a customer has a tax id already."""

    def __init__(self, number: str, name: str) -> None:
        super().__init__(f"Customer {number} has this {name} number already: nothing is to be added.")


class TaxIdRemovedError(Refusal):
    """Raised when a tax id that counts no longer is to be removed."""

    def __init__(self, number: str) -> None:
        super().__init__(f"This tax id of customer {number} was removed already: nothing is to be done.")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTaxId:
    """A number with a tax authority; `country` is asked for where neither scheme nor number says it."""

    scheme: str
    number: str
    country: str = ""


def first_tax_id(customer: Customer, vat_id: str) -> TaxId:
    """Store the VAT id that somebody gave who became a customer.

    Raises:
        TaxIdError: it is not right.
    """
    # The customer's own country helps only where the number names none.
    country = "" if vat_id.strip()[:2].isalpha() else customer.country
    return _store(customer, check_tax_id(scheme_of_vat_id(vat_id), vat_id, country=country))


def _store(customer: Customer, new: CheckedTaxId) -> TaxId:
    """Store a checked tax id as the customer's last one, or take up one that was removed."""
    found = TaxId.objects.filter(customer=customer, scheme=new.scheme.code, number=new.number).first()
    if found is not None and found.status == "active":
        raise TaxIdExistsError(customer.number, new.scheme.name)
    row = found or TaxId(customer=customer, scheme=new.scheme.code, number=new.number)
    row.country, row.formatted, row.status = new.country, new.formatted, "active"
    row.position = next_number(TaxId.objects.filter(customer=customer), "position")
    row.save()
    show_vat_id(customer)
    return row


def show_vat_id(customer: Customer) -> None:
    """Let invoices carry the number of the first VAT scheme that a customer has; none where there is none."""
    codes = [code for code, scheme in SCHEMES.items() if scheme.vat]
    first = TaxId.objects.filter(customer=customer, status="active", scheme__in=codes).order_by("position").first()
    customer.vat_id = first.number if first else ""
    customer.save(update_fields=["vat_id"])


@transaction.atomic
def add_tax_id(*, customer: Customer, new: NewTaxId, actor: Actor, at: datetime) -> TaxId:
    """Check a tax id by its form and check digits, and store it; nobody outside is asked.

    Raises:
        TaxIdError: it is not right; the message says what is wrong, and does not repeat it.
        TaxIdExistsError: the customer has it already.
        CustomerMergedError: the customer was merged into another.
    """
    fresh = locked(customer)
    row = _store(fresh, check_tax_id(new.scheme, new.number, country=forms.country(new.country)))
    emit(TaxIdAdded(customer=fresh.number, scheme=row.scheme, country=row.country), actor=actor, at=at)
    return row


@transaction.atomic
def remove_tax_id(*, tax_id: TaxId, actor: Actor, at: datetime) -> None:
    """Let a tax id count no longer; it is kept.

    Raises:
        TaxIdRemovedError: it counts no longer already.
    """
    fresh = locked(tax_id.customer)
    if not TaxId.objects.filter(pk=tax_id.pk, status="active").update(status="removed"):
        raise TaxIdRemovedError(fresh.number)
    show_vat_id(fresh)
    emit(TaxIdRemoved(customer=fresh.number, scheme=tax_id.scheme, country=tax_id.country), actor=actor, at=at)
