"""A customer's addresses count from a day on."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from billhook.core.errors import Refusal
from billhook.customers import forms
from billhook.customers.dating import counting_on, overlapping, require_day_within, require_days
from billhook.customers.events import AddressAdded, AddressEnded
from billhook.customers.locks import locked
from billhook.customers.models import Address, Customer
from billhook.customers.models.contact import KINDS
from billhook.customers.refusals import MalformedError, OverlapError
from billhook.foundation.events import Actor, emit


class NoAddressError(Refusal):
    """Raised when an address is to end on a day on which none counts."""

    def __init__(self, number: str, kind: str, day: date) -> None:
        super().__init__(f"No {kind} address of customer {number} counts before {day}: add one first.")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAddress:
    """An address and the days on which it counts.

    Args:
        kind: billing, delivery or site.
        lines: what stands above the town, one line below the other.
        country: two letters.
        valid_from: the first day.
        valid_until: the day after the last; None until further notice.
        postcode: of the town.
        city: the town.
        region: county, province or state.
    """

    lines: str
    country: str
    valid_from: date
    valid_until: date | None = None
    kind: str = "billing"
    postcode: str = ""
    city: str = ""
    region: str = ""


@transaction.atomic
def add_address(*, customer: Customer, new: NewAddress, actor: Actor, at: datetime) -> Address:
    """Add an address; no two of a kind count on one day.

    Raises:
        OverlapError: another of its kind counts on some of the days.
        MalformedError: a value is missing or not of its form.
        CustomerMergedError: the customer was merged into another.
        CustomerAnonymisedError: the customer's personal data was removed.
    """
    return _add(locked(customer), new, actor=actor, at=at)


@transaction.atomic
def move_address(*, customer: Customer, new: NewAddress, actor: Actor, at: datetime) -> Address:
    """Let another address follow the one that counts on the day before; that one ends where the other begins.

    Raises:
        NoAddressError: none of its kind counts on the day before.
        OverlapError: one that was added for later counts on some of the days.
        MalformedError: a value is missing or not of its form.
    """
    fresh = locked(customer)
    _end(fresh, new.kind, new.valid_from, actor=actor, at=at)
    return _add(fresh, new, actor=actor, at=at)


@transaction.atomic
def end_address(*, customer: Customer, kind: str, on: date, actor: Actor, at: datetime) -> Address:
    """Let the address that counts before a day count no longer from that day on.

    Raises:
        NoAddressError: none of the kind counts on the day before, or it ends that day anyway.
    """
    return _end(locked(customer), kind, on, actor=actor, at=at)


def _add(customer: Customer, new: NewAddress, *, actor: Actor, at: datetime) -> Address:
    require_days(new.valid_from, new.valid_until)
    kind, country = forms.one_of(new.kind, "kind of address", KINDS), forms.country(new.country)
    if not country:
        raise MalformedError("The address has no country: give its two letters, such as NL.")
    clash = Address.objects.filter(overlapping(new.valid_from, new.valid_until), customer=customer, kind=kind).first()
    if clash is not None:
        raise OverlapError(f"The {kind} address", clash.valid_from, clash.valid_until)
    row = Address.objects.create(
        customer=customer,
        kind=kind,
        lines=forms.filled(new.lines, "address", 500),
        postcode=forms.fits(new.postcode, "postcode", 20),
        city=forms.fits(new.city, "town", 100),
        region=forms.fits(new.region, "region", 100),
        country=country,
        valid_from=new.valid_from,
        valid_until=new.valid_until,
    )
    emit(
        AddressAdded(customer=customer.number, kind=kind, valid_from=row.valid_from, valid_until=row.valid_until),
        actor=actor,
        at=at,
    )
    return row


def _end(customer: Customer, kind: str, on: date, *, actor: Actor, at: datetime) -> Address:
    row = Address.objects.filter(counting_on(on), customer=customer, kind=kind, valid_from__lt=on).first()
    if row is None:
        raise NoAddressError(customer.number, kind, on)
    require_day_within(on, row.valid_from, row.valid_until)
    row.valid_until = on
    row.save(update_fields=["valid_until"])
    emit(
        AddressEnded(customer=customer.number, kind=kind, valid_from=row.valid_from, valid_until=on),
        actor=actor,
        at=at,
    )
    return row
