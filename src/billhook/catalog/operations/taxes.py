"""Taxes are set from a day on, ended, and treatments of buyers are defined."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet

from billhook.catalog.events import TaxRateEnded, TaxRateSet, TaxTreatmentDefined, TaxTreatmentRemoved
from billhook.catalog.models import TaxRate, TaxTreatment
from billhook.catalog.queries.taxes import BUYER, EUROPEAN_UNION, HOME, UNTAXED, gaps
from billhook.catalog.refusals import (
    CodeTakenError,
    DatesOutOfOrderError,
    lock_catalog,
    require_code,
    require_decimals,
    require_option,
)
from billhook.core import exact
from billhook.core.errors import Refusal
from billhook.core.tax import FixedPer, TaxRule
from billhook.foundation.constraints import refusing
from billhook.foundation.events import Actor, emit

PERCENT_DECIMALS = 4
UNTAXED_CATEGORIES = ("AE", "E", "G", "K", "O", "Z")
COUNTRY_LETTERS = 2


class TaxOverlapError(Refusal):
    """Raised when a tax would have two rates on a day."""

    def __init__(self, code: str, valid_from: date) -> None:
        """Name the tax and the day on which the other rate begins."""
        super().__init__(
            f"A rate of {code} begins on {valid_from} already: set one from another day, or end this one before it."
        )


class TaxGapError(Refusal):
    """Raised when a tax would have no rate for some days between two, and nobody says that this is meant."""

    def __init__(self, gap: str) -> None:
        """Name the tax and the days."""
        super().__init__(f"{gap}: begin where the earlier rate ends, or say that the gap is meant.")


class TaxPlaceError(Refusal):
    """Raised when a place is no country by ISO 3166, or a region without one."""


class TreatmentError(Refusal):
    """Raised when a treatment takes the tax away without a category and reason, or stands where another does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxPlace:
    """Where a rate holds: a country by ISO 3166 and a region in it; nowhere for the company's own."""

    country: str = ""
    region: str = ""

    def __post_init__(self) -> None:
        """Refuse what is no country, and a region without one."""
        if self.country:
            require_country(self.country)
        elif self.region:
            raise TaxPlaceError(f"The region {self.region} lies in no country: give its country.")


def require_country(country: str) -> None:
    """Refuse what cannot be a country.

    Raises:
        TaxPlaceError: it is no two capital letters.
    """
    if len(country) != COUNTRY_LETTERS or not (country.isascii() and country.isalpha() and country.isupper()):
        raise TaxPlaceError(f"{country!r} is no country: give two capital letters, as in ISO 3166.")


EVERYWHERE = TaxPlace()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxTerms:
    """What sets a tax apart from a plain percentage.

    Args:
        fixed: an amount in the currency of the invoice, in place of the percentage.
        per: for what it is charged.
        compound: whether a percentage stands on the other taxes too, as rounded.
    """

    fixed: Decimal | None = None
    per: FixedPer = FixedPer.INVOICE
    compound: bool = False


PERCENTAGE = TaxTerms()


@transaction.atomic
def set_tax_rate(
    *,
    tax_category: str,
    code: str,
    name: str,
    valid_from: date,
    actor: Actor,
    at: datetime,
    percent: Decimal = exact.ZERO,
    terms: TaxTerms = PERCENTAGE,
    place: TaxPlace = EVERYWHERE,
    category: str = "S",
    reason: str = "",
    gap_is_meant: bool = False,
) -> TaxRate:
    """Set a tax on a tax category of products from a day on; the rate before ends the day before.

    Args:
        tax_category: of the products.
        code: names the tax.
        name: what the invoice says.
        valid_from: first day.
        actor: who sets it.
        at: when.
        percent: at least 0, with up to 4 decimals; or
        terms: a fixed amount in place of a percentage, or a tax on other taxes.
        place: where it holds.
        category: the code of EN 16931.
        reason: why no tax is due, for the categories that need one.
        gap_is_meant: whether there may be days without a rate after one that was ended.

    Raises:
        TaxOverlapError: a rate of the tax begins on the day or later.
        TaxGapError: the rate before ended earlier, and no gap is meant.
        TaxError: the figures make no tax.
    """
    _require_tax(tax_category, code, name, percent, terms)
    lock_catalog()
    same = TaxRate.objects.filter(country=place.country, region=place.region, tax_category=tax_category, code=code)
    _end_before(same, code, valid_from)
    rate = TaxRate.objects.create(
        country=place.country,
        region=place.region,
        tax_category=tax_category,
        code=code,
        name=name,
        kind="percent" if terms.fixed is None else "fixed",
        percent=percent,
        fixed=terms.fixed,
        per=terms.per.value,
        compound=terms.compound,
        valid_from=valid_from,
        category=category,
        reason=reason,
    )
    if not gap_is_meant:
        _refuse_gap(same, valid_from)
    emit(_told(rate), actor=actor, at=at)
    return rate


def _end_before(same: QuerySet[TaxRate], code: str, valid_from: date) -> None:
    """End the rate that holds on a day, and refuse one that begins on the day or later."""
    later = same.filter(valid_from__gte=valid_from).order_by("valid_from").first()
    if later is not None:
        raise TaxOverlapError(code, later.valid_from)
    same.filter(valid_from__lt=valid_from).exclude(valid_until__lte=valid_from).update(valid_until=valid_from)


def _told(rate: TaxRate) -> TaxRateSet:
    charge = f"{exact.plain(rate.percent)} %" if rate.fixed is None else f"{exact.plain(rate.fixed)} per {rate.per}"
    return TaxRateSet(
        code=rate.code,
        tax_name=rate.name,
        tax_category=rate.tax_category,
        percent=str(rate.percent),
        charge=charge,
        valid_from=rate.valid_from,
    )


def _require_tax(tax_category: str, code: str, name: str, percent: Decimal, terms: TaxTerms) -> None:
    require_decimals(percent, f"rate of {code}", PERCENT_DECIMALS)
    if terms.fixed is not None:
        require_decimals(terms.fixed, f"amount of {code}")
    TaxRule(
        tax_category=tax_category,
        code=code,
        name=name,
        percent=percent,
        fixed=terms.fixed,
        compound=terms.compound,
    )


def _refuse_gap(same: QuerySet[TaxRate], valid_from: date) -> None:
    for gap in gaps(same.order_by("valid_from")):
        if gap.end == valid_from:
            raise TaxGapError(str(gap))


@transaction.atomic
def end_tax_rate(*, rate: TaxRate, on: date, actor: Actor, at: datetime) -> TaxRate:
    """End a rate: it no longer holds on a day, which has none until another is set.

    Raises:
        DatesOutOfOrderError: it begins on the day or later.
        TaxOverlapError: it ends earlier already.
    """
    lock_catalog()
    locked = TaxRate.objects.select_for_update().get(pk=rate.pk)
    if on <= locked.valid_from:
        raise DatesOutOfOrderError(f"rate of {locked.code}")
    if locked.valid_until is not None and locked.valid_until < on:
        raise TaxOverlapError(locked.code, locked.valid_until)
    locked.valid_until = on
    locked.save(update_fields=["valid_until"])
    emit(TaxRateEnded(code=locked.code, tax_category=locked.tax_category, on=on), actor=actor, at=at)
    return locked


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTreatment:
    """How buyers of a kind and place are treated; the first that fits, by position, decides.

    Args:
        code: names it.
        name: what the invoice says.
        position: its place among the others.
        countries: of the buyer, by ISO 3166, or `EU` for the member states; none named, every country.
        except_countries: of which it is not for, such as the company's own.
        business: whether the buyer is a business; None: whatever it is.
        vat_checked: whether its VAT id was found to be valid; None: whatever was found.
        exemption: which the buyer must have proven; empty: none.
        outcome: `untaxed`, `buyer` (the rates of its place) or `home` (the company's own).
        category: of what is untaxed, as EN 16931 says: AE, E, G, K, O or Z.
        reason: why it is.
    """

    code: str
    name: str
    position: int
    countries: tuple[str, ...] = ()
    except_countries: tuple[str, ...] = ()
    business: bool | None = None
    vat_checked: bool | None = None
    exemption: str = ""
    outcome: str = UNTAXED
    category: str = ""
    reason: str = ""

    def __post_init__(self) -> None:
        """Refuse places that are none, and what is untaxed for no reason."""
        require_code("treatment", self.code)
        require_option("outcome of a treatment", self.outcome, (UNTAXED, BUYER, HOME))
        for country in (*self.countries, *self.except_countries):
            if country != EUROPEAN_UNION:
                require_country(country)
        untaxed = self.outcome == UNTAXED
        if untaxed and not (self.category in UNTAXED_CATEGORIES and self.reason):
            known = ", ".join(UNTAXED_CATEGORIES)
            raise TreatmentError(f"The treatment {self.code} takes the tax away: give a category of {known}, and why.")
        if not untaxed and self.category:
            raise TreatmentError(
                f"The treatment {self.code} is taxed at rates: leave out the category {self.category}."
            )


@transaction.atomic
def define_treatment(*, new: NewTreatment, actor: Actor, at: datetime) -> TaxTreatment:
    """Add a treatment of buyers.

    Raises:
        CodeTakenError: another treatment has the code.
        TreatmentError: another treatment has the position.
    """
    taken = TreatmentError(f"Another treatment has the position {new.position}: give {new.code} another one.")
    with refusing(tax_treatment_once=CodeTakenError("treatment", new.code), tax_treatment_position_once=taken):
        treatment = TaxTreatment.objects.create(
            code=new.code,
            name=new.name,
            position=new.position,
            countries=sorted(new.countries),
            except_countries=sorted(new.except_countries),
            business=new.business,
            vat_checked=new.vat_checked,
            exemption=new.exemption,
            outcome=new.outcome,
            category=new.category,
            reason=new.reason,
        )
    emit(TaxTreatmentDefined(code=new.code, treatment=new.name), actor=actor, at=at)
    return treatment


@transaction.atomic
def remove_treatment(*, treatment: TaxTreatment, actor: Actor, at: datetime) -> None:
    """Take a treatment away; what is issued keeps it."""
    code, name = treatment.code, treatment.name
    treatment.delete()
    emit(TaxTreatmentRemoved(code=code, treatment=name), actor=actor, at=at)
