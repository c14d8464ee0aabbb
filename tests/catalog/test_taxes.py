"""Taxes by place, and buyers who pay those of their place, none, or the company's own."""

from decimal import Decimal

import pytest
from tests.builders import OPENED
from tests.catalog.selling import BY, day, statements, tax_rate, told, treat

from billhook.catalog.models import TaxTreatment
from billhook.catalog.operations.taxes import (
    NewTreatment,
    TaxGapError,
    TaxOverlapError,
    TaxPlace,
    TaxPlaceError,
    TaxTerms,
    TreatmentError,
    end_tax_rate,
    remove_treatment,
)
from billhook.catalog.queries import tax_gaps, tax_policy
from billhook.catalog.refusals import CodeTakenError, DatesOutOfOrderError, TooFineError, UnknownOptionError
from billhook.core.money import Money, currency
from billhook.core.tax import FixedPer, Taxable, TaxError, assess

pytestmark = pytest.mark.usefixtures("shop")


def rates(*where, on=OPENED, tax_category="standard", **buyer):
    """Return code and percentage of what a buyer pays, or the category of what it does not."""
    found = tax_policy(*where, **buyer).rules_on(tax_category, on)
    return {rule.code: rule.percent or rule.category for rule in found}


def test_a_rate_from_a_day_on_ends_the_one_before():
    tax_rate("19")
    tax_rate("16", valid_from=day("07-01"))
    assert [rates(on=day(text)) for text in ("06-30", "07-01")] == [{"vat": 19}, {"vat": 16}]
    with pytest.raises(TaxOverlapError, match="A rate of vat begins on 2026-07-01 already: set one from another day"):
        tax_rate("17", valid_from=day("05-01"))
    assert told("tax_rate.set")[-1]["charge"] == "16 %"


def test_a_gap_between_two_rates_is_refused_unless_it_is_meant_and_then_reported():
    first = tax_rate()
    end_tax_rate(rate=first, on=day("02-01"), **BY)
    with pytest.raises(
        TaxGapError, match="vat on standard has no rate from 2026-02-01 to before 2026-03-01: begin where"
    ):
        tax_rate(valid_from=day("03-01"))
    assert tax_gaps() == ()
    tax_rate(valid_from=day("03-01"), gap_is_meant=True)
    assert [str(gap) for gap in tax_gaps()] == ["vat on standard has no rate from 2026-02-01 to before 2026-03-01"]
    tax_rate("22", valid_from=day("04-01"))
    assert len(tax_gaps()) == 1
    assert rates(on=day("02-15")) == {"none-O": "O"}


def test_a_rate_ends_once_and_after_it_begins():
    first = tax_rate()
    with pytest.raises(DatesOutOfOrderError):
        end_tax_rate(rate=first, on=OPENED, **BY)
    end_tax_rate(rate=first, on=day("02-01"), **BY)
    with pytest.raises(TaxOverlapError):
        end_tax_rate(rate=first, on=day("02-02"), **BY)
    assert told("tax_rate.ended")[0]["on"] == "2026-02-01"


def test_a_country_replaces_the_companys_own_and_a_region_adds_or_replaces_by_code():
    tax_rate("21")
    tax_rate("5", {"country": "CA"}, code="gst")
    tax_rate("9.975", {"country": "CA", "region": "QC"}, code="qst")
    tax_rate("20", {"country": "FR"})
    tax_rate("13", {"country": "FR", "region": "corsica"})
    tax_rate("9", tax_category="reduced")
    assert rates() == rates("US") == {"vat": 21}
    assert rates("CA") == rates("CA", "ON") == {"gst": 5}
    assert rates("CA", "QC") == {"gst": 5, "qst": Decimal("9.975")}
    assert (rates("FR"), rates("FR", "corsica")) == ({"vat": 20}, {"vat": 13})
    assert rates("FR", tax_category="reduced") == {"vat": 9}


def test_the_first_treatment_that_fits_decides():
    tax_rate("21")
    tax_rate("19", {"country": "DE"})
    treat("charity", 1, exemption="charity", category="E", reason="Exempt body")
    union = {"countries": ("EU",), "except_countries": ("NL",)}
    treat("reverse", 2, **union, business=True, vat_checked=True, category="AE", reason="Reverse charge")
    treat("unchecked", 3, **union, business=True, outcome="home")
    treat("consumers", 4, **union, business=False, outcome="buyer")
    treat("domestic", 5, countries=("NL",), outcome="home")
    treat("export", 6, countries=("US", "CH"), category="G", reason="Export")
    assert rates("DE", business=True, vat_checked=True) == {"none-AE": "AE"}
    assert rates("DE", business=True) == {"vat": 21}
    assert rates("DE") == {"vat": 19}
    assert rates("FR") == {"vat": 21}
    assert rates("NL", business=True, vat_checked=True) == {"vat": 21}
    assert rates("US", business=True) == {"none-G": "G"}
    assert rates("DE", exemptions=["charity"]) == {"none-E": "E"}
    assert rates() == {"vat": 21}
    policy = tax_policy("DE", business=True, vat_checked=True)
    assert (policy.treatment.name, policy.treatment.reason) == ("Reverse", "Reverse charge")
    with statements() as run:
        tax_policy("DE")
    assert len(run) == 3


def test_fixed_and_compound_taxes_are_charged():
    tax_rate("10")
    tax_rate("0", code="levy", terms=TaxTerms(fixed=Decimal("0.50"), per=FixedPer.UNIT))
    tax_rate("5", code="on-top", terms=TaxTerms(compound=True))
    line = Taxable(Money.of("100.00", "EUR"), "standard", OPENED, Decimal(3))
    found = {tax.code: tax.amount.amount for tax in assess(tax_policy(), [line], currency("EUR")).lines}
    assert found == {"vat": Decimal("10.00"), "levy": Decimal("1.50"), "on-top": Decimal("5.58")}
    assert told("tax_rate.set")[1]["charge"] == "0.5 per unit"


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"percent": "-1"}, TaxError),
        ({"percent": "1.23456"}, TooFineError),
        ({"terms": TaxTerms(fixed=Decimal(1))}, TaxError),
        ({"percent": "0", "terms": TaxTerms(fixed=Decimal(1), compound=True)}, TaxError),
        ({"percent": "0", "terms": TaxTerms(fixed=Decimal("0.1234567890123"))}, TooFineError),
    ],
)
def test_what_makes_no_tax_is_refused(wrong, error):
    with pytest.raises(error):
        tax_rate(**wrong)


@pytest.mark.parametrize("place", [{"country": "Germany"}, {"country": "de"}, {"region": "QC"}])
def test_what_is_no_place_is_refused(place):
    with pytest.raises(TaxPlaceError):
        TaxPlace(**place)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"category": "AE"}, TreatmentError),
        ({"reason": "So it is"}, TreatmentError),
        ({"outcome": "home", "category": "AE"}, TreatmentError),
        ({"outcome": "away"}, UnknownOptionError),
        ({"outcome": "home", "countries": ("Union",)}, TaxPlaceError),
    ],
)
def test_treatments_that_contradict_themselves_are_refused(wrong, error):
    with pytest.raises(error):
        NewTreatment(code="x", name="X", position=1, **wrong)


def test_a_treatment_has_a_code_and_a_position_of_its_own():
    treat("one", 1, outcome="home")
    with pytest.raises(TreatmentError, match="Another treatment has the position 1: give two another one"):
        treat("two", 1, outcome="home")
    with pytest.raises(CodeTakenError, match="There is a treatment one already"):
        treat("one", 2, outcome="home")
    remove_treatment(treatment=TaxTreatment.objects.get(), **BY)
    assert not TaxTreatment.objects.exists()
    assert [event["treatment"] for event in told("tax_treatment.removed")] == ["One"]
