"""Tax ids are checked without asking anybody, exemptions hold for their days, and invoices carry the first VAT id."""

from datetime import date

import pytest
from tests.customers.joining import BY, events, join, statements

from billhook.core.vat import MEMBERS
from billhook.customers.models import Exemption, TaxId
from billhook.customers.operations.exemptions import NewExemption, add_exemption, end_exemption
from billhook.customers.operations.tax_ids import (
    NewTaxId,
    TaxIdExistsError,
    TaxIdRemovedError,
    add_tax_id,
    remove_tax_id,
)
from billhook.customers.queries import by_number, exemptions_on, tax_ids
from billhook.customers.refusals import MalformedError, OverlapError
from billhook.customers.tax_schemes import SCHEMES, TaxIdError, check_tax_id
from billhook.foundation.models import EventRecord

pytestmark = pytest.mark.usefixtures("company")

MARCH, APRIL, MAY = (date(2026, month, 1) for month in (3, 4, 5))
# Numbers that the states and the registers publish as examples.
EUROPEAN = [
    "ATU13585627",
    "BE0428759497",
    "BG175074752",
    "CY10259033P",
    "CZ25123891",
    "DE136695976",
    "DK13585628",
    "EE100931558",
    "ESB58378431",
    "FI20774740",
    "FR40303265045",
    "EL094259216",
    "HR33392005961",
    "HU12892312",
    "IE6433435F",
    "IT00743110157",
    "LT119511515",
    "LU15027442",
    "LV40003521600",
    "MT11679112",
    "NL004495445B01",
    "PL8567346215",
    "PT501964843",
    "RO18547290",
    "SE123456789701",
    "SI50223054",
    "SK2022749619",
]
OTHERS = [
    ("gb_vat", "gb 980 7806 84", "GB", "GB980780684", "980 7806 84"),
    ("ch_vat", "CHE-107.787.577 IVA", "CH", "CHE107787577IVA", "CHE-107.787.577 IVA"),
    ("no_mva", "NO995525828MVA", "NO", "995525828MVA", "NO 995 525 828 MVA"),
    ("us_ein", "911144442", "US", "911144442", "91-1144442"),
    ("au_abn", "83914571673", "AU", "83914571673", "83 914 571 673"),
    ("in_gst", "27AAPFU0939F1ZV", "IN", "27AAPFU0939F1ZV", "27AAPFU0939F1ZV"),
    ("ca_bn", "12302 6635 RC 0001", "CA", "123026635RC0001", "123026635RC0001"),
    ("nz_ird", "4909185-0", "NZ", "49091850", "49-091-850"),
    ("br_cnpj", "16727230000197", "BR", "16727230000197", "16.727.230/0001-97"),
    ("br_cpf", "39053344705", "BR", "39053344705", "390.533.447-05"),
    ("kr_brn", "1168200276", "KR", "1168200276", "116-82-00276"),
    ("jp_cn", "5835678256246", "JP", "5835678256246", "5-8356-7825-6246"),
    ("sg_uen", "00192200M", "SG", "00192200M", "00192200M"),
    ("mx_rfc", "GODE561231GR8", "MX", "GODE561231GR8", "GODE 561231 GR8"),
    ("ar_cuit", "20055361682", "AR", "20055361682", "20-05536168-2"),
    ("cl_rut", "125319092", "CL", "125319092", "12.531.909-2"),
    ("co_nit", "2131234321", "CO", "2131234321", "213.123.432-1"),
    ("za_tin", "0001339050", "ZA", "0001339050", "0001339050"),
    ("tr_vkn", "4540536920", "TR", "4540536920", "4540536920"),
    ("rs_pib", "101134702", "RS", "101134702", "101134702"),
    ("ua_edrpou", "32855961", "UA", "32855961", "32855961"),
    ("it_cf", "RCCMNL83S18D969H", "IT", "RCCMNL83S18D969H", "RCCMNL83S18D969H"),
]


def add(customer, scheme, number, country=""):
    return add_tax_id(customer=customer, new=NewTaxId(scheme=scheme, number=number, country=country), **BY)


@pytest.mark.parametrize("number", EUROPEAN)
def test_a_vat_id_of_every_member_state_passes_with_and_without_its_letters(number):
    found = check_tax_id("eu_vat", f"{number[:2].lower()} {number[2:5]}.{number[5:]}")
    assert (found.number, found.country) == (number, "GR" if number[:2] == "EL" else number[:2])
    assert check_tax_id("eu_vat", number[2:], country=found.country).number == number


def test_every_member_state_and_every_scheme_is_tried():
    assert {"GR" if number[:2] == "EL" else number[:2] for number in EUROPEAN} == MEMBERS
    assert {row[0] for row in OTHERS} | {"eu_vat", "other"} == set(SCHEMES)


@pytest.mark.parametrize(("scheme", "given", "country", "number", "formatted"), OTHERS)
def test_a_tax_id_is_kept_compact_and_formatted(scheme, given, country, number, formatted):
    row = add(join(), scheme, given)
    assert (row.country, row.number, row.formatted) == (country, number, formatted)


@pytest.mark.parametrize(
    ("scheme", "number", "country", "sentence"),
    [
        ("eu_vat", "DE136695977", "", "The EU VAT number has a wrong check digit: compare it with the certificate"),
        ("eu_vat", "DE13669597", "", "too many or too few characters"),
        ("eu_vat", "DE13669597A", "", "characters that do not belong there"),
        ("eu_vat", "DE136695976", "NL", "begins with DE, but the country is NL"),
        ("eu_vat", "136695976", "", "does not begin with a member state"),
        ("eu_vat", "136695976", "US", "does not begin with a member state"),
        ("us_ein", "07-1144442", "", "has a part that was never given out"),
        ("us_ein", "91-1144442", "CA", "A US EIN number is of US, not of CA"),
        ("au_abn", "83914571674", "", "AU ABN number has a wrong check digit"),
        ("klingon", "1", "", "There is no kind of tax id 'klingon': choose one of eu_vat"),
        ("other", "12345", "", "does not say whose it is"),
        ("other", "123", "AE", "give 4 to 30 letters and digits"),
        ("other", "12345<b>", "AE", "give 4 to 30 letters and digits"),
    ],
)
def test_a_wrong_tax_id_is_refused_with_what_is_wrong_and_not_repeated(scheme, number, country, sentence):
    with pytest.raises(TaxIdError, match=sentence) as refused:
        add(join(), scheme, number, country)
    assert scheme == "klingon" or number not in str(refused.value)
    assert not TaxId.objects.exists()


@pytest.mark.parametrize("number", [*EUROPEAN, "GB980780684"])
def test_one_changed_digit_is_noticed_where_the_state_has_a_check_digit(number):
    scheme = "gb_vat" if number[:2] == "GB" else "eu_vat"
    wrong = 0
    for place in range(4, len(number)):
        if number[place].isdigit():
            other = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
            try:
                check_tax_id(scheme, other)
            except TaxIdError:
                wrong += 1
    assert wrong


def test_another_number_is_checked_by_its_characters_alone():
    row = add(join(), "other", "100-2345 67/A", "ae")
    assert (row.country, row.number, row.formatted) == ("AE", "100234567A", "100-2345 67/A")


def test_invoices_carry_the_first_vat_id_that_counts():
    customer = join()
    add(customer, "us_ein", "91-1144442")
    assert by_number("1001").vat_id == ""
    first = add(customer, "eu_vat", "DE136695976")
    add(customer, "gb_vat", "980780684")
    assert by_number("1001").vat_id == "DE136695976"
    remove_tax_id(tax_id=first, **BY)
    assert by_number("1001").vat_id == "GB980780684"
    add(customer, "eu_vat", "DE136695976")
    assert by_number("1001").vat_id == "GB980780684"
    assert [one.number for one in tax_ids([customer])[customer.pk]] == ["911144442", "GB980780684", "DE136695976"]


@pytest.mark.parametrize(
    ("given", "country", "stored"),
    [
        ("NL004495445B01", "", "NL004495445B01"),
        ("004495445B01", "NL", "NL004495445B01"),
        ("GB 980 7806 84", "GB", "GB980780684"),
        ("EL094259216", "GR", "EL094259216"),
        ("DE136695976", "NL", "DE136695976"),
    ],
)
def test_a_vat_id_given_at_the_start_is_checked_and_kept(given, country, stored):
    customer = join(vat_id=given, country=country)
    assert by_number("1001").vat_id == TaxId.objects.get(customer=customer).number == stored


def test_a_wrong_vat_id_makes_no_customer():
    with pytest.raises(TaxIdError, match="wrong check digit"):
        join(vat_id="DE136695977")


def test_a_tax_id_is_a_customers_once_and_removed_once():
    row = add(join(), "us_ein", "91-1144442")
    with pytest.raises(TaxIdExistsError, match="Customer 1001 has this US EIN number already"):
        add(row.customer, "us_ein", "911144442")
    remove_tax_id(tax_id=row, **BY)
    with pytest.raises(TaxIdRemovedError, match="was removed already"):
        remove_tax_id(tax_id=row, **BY)
    assert tax_ids([row.customer]) == {}
    assert "911144442" not in str(list(EventRecord.objects.values_list("data")))
    assert events("customer.tax_id_removed") == [{"customer": "1001", "scheme": "us_ein", "country": "US"}]


CERTIFICATE = {"certificate": "C-1", "country": "US", "reason": "Resale", "valid_from": MARCH}


def exempt(customer, **given):
    return add_exemption(customer=customer, new=NewExemption(**{**CERTIFICATE, **given}), **BY)


def test_an_exemption_holds_from_its_first_day_up_to_its_end():
    row = exempt(join(), valid_from=MARCH, valid_until=APRIL, document="DMS 7")
    days = (date(2026, 2, 28), MARCH, date(2026, 3, 31), APRIL)
    assert [bool(exemptions_on([row.customer], day)) for day in days] == [False, True, True, False]
    end_exemption(exemption=row, on=date(2026, 3, 15), **BY)
    assert exemptions_on([row.customer], date(2026, 3, 15)) == {}
    assert events("customer.exemption_ended")[0]["valid_until"] == "2026-03-15"


@pytest.mark.parametrize("on", [MARCH, APRIL, MAY])
def test_an_exemption_cannot_end_on_a_day_on_which_it_does_not_hold(on):
    row = exempt(join(), valid_until=APRIL)
    with pytest.raises(MalformedError, match=f"It cannot end on {on}: choose a day after 2026-03-01 and before"):
        end_exemption(exemption=row, on=on, **BY)


def test_two_exemptions_from_the_same_tax_never_hold_on_one_day():
    customer = join()
    exempt(customer, valid_until=MAY)
    with pytest.raises(OverlapError, match="The exemption by certificate C-1 from 2026-03-01 until 2026-05-01"):
        exempt(customer, valid_from=APRIL)
    for other in ({"tax_category": "telecom"}, {"tax_code": "state"}, {"country": "CA"}, {"valid_from": MAY}):
        exempt(customer, **other)
    assert len(exemptions_on([customer], APRIL)[customer.pk]) == 4


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"country": ""}, "does not say whose tax"),
        ({"certificate": ""}, "The certificate is empty"),
        ({"reason": " "}, "The reason is empty"),
        ({"tax_code": "x" * 41}, "tax code has 41 characters"),
        ({"valid_until": MARCH}, "on no day"),
    ],
)
def test_an_exemption_that_is_not_of_its_form_is_refused(given, sentence):
    with pytest.raises(MalformedError, match=sentence):
        exempt(join(), **given)
    assert not Exemption.objects.exists()


def test_many_are_read_in_one_statement():
    few, many = [join("1")], [join(str(number)) for number in range(100, 115)]
    for customer in many:
        exempt(customer)
        add(customer, "us_ein", "91-1144442")
    for read in (lambda customers: exemptions_on(customers, MARCH), tax_ids):
        assert statements(lambda read=read: read(few)) == statements(lambda read=read: read(many)) == 1
        assert len(read(many)) == 15
