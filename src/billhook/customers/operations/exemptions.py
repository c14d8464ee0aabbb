"""A customer is excused from tax by a certificate, for a time."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from billhook.customers import forms
from billhook.customers.dating import overlapping, require_day_within, require_days
from billhook.customers.events import ExemptionAdded, ExemptionEnded
from billhook.customers.locks import locked
from billhook.customers.models import Customer, Exemption
from billhook.customers.refusals import MalformedError, OverlapError
from billhook.foundation.events import Actor, emit


@dataclass(frozen=True, slots=True, kw_only=True)
class NewExemption:
    """A certificate of exemption.

    Args:
        certificate: its number.
        country: whose tax, two letters.
        reason: what the law excuses, in the words that an invoice may carry.
        valid_from: the first day.
        valid_until: the day after the last; None until further notice.
        tax_category: where it holds for one category of what is sold alone.
        tax_code: where it holds for one tax alone.
        document: where the proof is kept.
    """

    certificate: str
    country: str
    reason: str
    valid_from: date
    valid_until: date | None = None
    tax_category: str = ""
    tax_code: str = ""
    document: str = ""


@transaction.atomic
def add_exemption(*, customer: Customer, new: NewExemption, actor: Actor, at: datetime) -> Exemption:
    """Excuse a customer from tax; no two for the same tax hold on one day.

    Raises:
        OverlapError: another one for the same tax holds on some of the days.
        MalformedError: a value is missing or not of its form.
        CustomerMergedError: the customer was merged into another.
    """
    fresh = locked(customer)
    require_days(new.valid_from, new.valid_until)
    country = forms.country(new.country)
    if not country:
        raise MalformedError("The exemption does not say whose tax it is about: give the country.")
    scope = {
        "country": country,
        "tax_category": forms.fits(new.tax_category, "tax category", 40),
        "tax_code": forms.fits(new.tax_code, "tax code", 40),
    }
    same = Exemption.objects.filter(customer=fresh, **scope)
    clash = same.filter(overlapping(new.valid_from, new.valid_until)).first()
    if clash is not None:
        raise OverlapError(f"The exemption by certificate {clash.certificate}", clash.valid_from, clash.valid_until)
    row = Exemption.objects.create(
        customer=fresh,
        certificate=forms.filled(new.certificate, "certificate", 80),
        reason=forms.filled(new.reason, "reason", 200),
        document=forms.fits(new.document, "document", 200),
        valid_from=new.valid_from,
        valid_until=new.valid_until,
        **scope,
    )
    emit(
        ExemptionAdded(customer=fresh.number, valid_from=row.valid_from, valid_until=row.valid_until, **scope),
        actor=actor,
        at=at,
    )
    return row


@transaction.atomic
def end_exemption(*, exemption: Exemption, on: date, actor: Actor, at: datetime) -> Exemption:
    """Let an exemption hold up to, not including, a day.

    Raises:
        MalformedError: the day is not after its first one, or not before its end.
    """
    fresh = locked(exemption.customer)
    row = Exemption.objects.select_for_update().get(pk=exemption.pk)
    require_day_within(on, row.valid_from, row.valid_until)
    row.valid_until = on
    row.save(update_fields=["valid_until"])
    emit(
        ExemptionEnded(
            customer=fresh.number,
            country=row.country,
            tax_category=row.tax_category,
            tax_code=row.tax_code,
            valid_from=row.valid_from,
            valid_until=on,
        ),
        actor=actor,
        at=at,
    )
    return row
