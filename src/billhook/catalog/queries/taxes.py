"""Reads of taxes: the policy for a buyer, and the days for which a tax has no rate."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from django.db.models import Q

from billhook.catalog.models import TaxRate, TaxTreatment
from billhook.core.tax import FixedPer, TaxPolicy, TaxRounding, TaxRule, Treatment
from billhook.core.vat import MEMBERS
from billhook.foundation.scope import current_company

EUROPEAN_UNION = "EU"
UNTAXED, BUYER, HOME = "untaxed", "buyer", "home"


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """Where and what a buyer is, as far as it decides about tax.

    Args:
        country: by ISO 3166; empty where the company is.
        region: a state, province or special territory, as the company's rates name it.
        business: whether it buys as a business.
        vat_checked: whether its VAT id was found to be valid.
        exemptions: names of the exemptions that it has proven.
    """

    country: str = ""
    region: str = ""
    business: bool = False
    vat_checked: bool = False
    exemptions: frozenset[str] = frozenset()


def tax_policy(
    country: str = "",
    region: str = "",
    *,
    business: bool = False,
    vat_checked: bool = False,
    exemptions: Collection[str] = (),
) -> TaxPolicy:
    """Return the taxes of the company in scope for a buyer, and how it rounds them; three statements.

    The first treatment that fits the buyer decides whether it pays no tax, the rates of its place, or the company's
    own. Where none fits, the rates of its place hold: those of the country, of which the region replaces the ones of
    the same code and adds others; for a tax category without any, the company's own.

    Args:
        country: of the buyer, by ISO 3166; empty for that of the company.
        region: within the country.
        business: whether it buys as a business.
        vat_checked: whether its VAT id was found to be valid.
        exemptions: names of the exemptions that it has proven.
    """
    buyer = Buyer(
        country=country, region=region, business=business, vat_checked=vat_checked, exemptions=frozenset(exemptions)
    )
    rounding = TaxRounding(current_company().tax_rounding)
    treated = next((row for row in TaxTreatment.objects.order_by("position") if fits(row, buyer)), None)
    if treated is not None and treated.outcome == UNTAXED:
        treatment = Treatment(category=treated.category, name=treated.name, reason=treated.reason)
        return TaxPolicy(rounding=rounding, treatment=treatment)
    if treated is not None and treated.outcome == HOME:
        country, region = "", ""
    places = Q(country="") | Q(country=country, region__in=["", region])
    rates = TaxRate.objects.filter(places).order_by("tax_category", "code", "valid_from")
    return TaxPolicy(rules=tuple(_rule(rate) for rate in rates_of_place(rates, country, region)), rounding=rounding)


def fits(treatment: TaxTreatment, buyer: Buyer) -> bool:
    """Return whether a treatment is for a buyer."""
    return (
        (not treatment.countries or is_in(buyer.country, treatment.countries))
        and not is_in(buyer.country, treatment.except_countries)
        and treatment.business in (None, buyer.business)
        and treatment.vat_checked in (None, buyer.vat_checked)
        and (not treatment.exemption or treatment.exemption in buyer.exemptions)
    )


def is_in(country: str, places: Collection[str]) -> bool:
    """Return whether a country is named, or lies in the European Union where that is; a buyer at home is nowhere."""
    return country in places or (EUROPEAN_UNION in places and country in MEMBERS)


def rates_of_place(rates: Iterable[TaxRate], country: str, region: str) -> tuple[TaxRate, ...]:
    """Return the rates that hold in a place, of those of the company, the country and the region."""
    found: dict[str, list[TaxRate]] = defaultdict(list)
    for rate in rates:
        if rate.country in ("", country) and rate.region in ("", region):
            found[rate.tax_category].append(rate)
    return tuple(rate for same in found.values() for rate in _nearest(same))


def _nearest(rates: list[TaxRate]) -> Iterable[TaxRate]:
    """Return the rates of a tax category: the country's if it has any, of which the region replaces some."""
    of_country = [rate for rate in rates if rate.country] or rates
    in_region = {rate.code for rate in of_country if rate.region}
    return (rate for rate in of_country if rate.region or rate.code not in in_region)


def _rule(rate: TaxRate) -> TaxRule:
    return TaxRule(
        tax_category=rate.tax_category,
        code=rate.code,
        name=rate.name,
        percent=rate.percent,
        category=rate.category,
        reason=rate.reason,
        account=f"tax:{rate.code}",
        valid_from=rate.valid_from,
        valid_until=rate.valid_until,
        fixed=rate.fixed,
        per=FixedPer(rate.per),
        compound=rate.compound,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxGap:
    """Days between two rates of a tax, from the first up to, not including, the last, on which it has none."""

    country: str
    region: str
    tax_category: str
    code: str
    start: date
    end: date

    def __str__(self) -> str:
        """Return the gap in words."""
        place = f" in {'/'.join(filter(None, (self.country, self.region)))}" if self.country else ""
        return f"{self.code} on {self.tax_category}{place} has no rate from {self.start} to before {self.end}"


def tax_gaps() -> tuple[TaxGap, ...]:
    """Return the gaps between the dated rates of each tax, in one statement; a gap may be meant."""
    return gaps(TaxRate.objects.order_by("country", "region", "tax_category", "code", "valid_from"))


def gaps(in_order: Iterable[TaxRate]) -> tuple[TaxGap, ...]:
    """Return the gaps between rates that are sorted by place, category, code and first day."""
    return tuple(
        TaxGap(
            country=earlier.country,
            region=earlier.region,
            tax_category=earlier.tax_category,
            code=earlier.code,
            start=earlier.valid_until,
            end=later.valid_from,
        )
        for earlier, later in pairwise(in_order)
        if _same_tax(earlier, later) and earlier.valid_until is not None and earlier.valid_until < later.valid_from
    )


def _same_tax(one: TaxRate, other: TaxRate) -> bool:
    return (one.country, one.region, one.tax_category, one.code) == (
        other.country,
        other.region,
        other.tax_category,
        other.code,
    )
