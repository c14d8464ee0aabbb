"""What is known of a customer changes by the fields that are given, and is told without personal data."""

from dataclasses import fields
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from tests.builders import FIRST_DAY
from tests.customers.joining import BY, events, join, open_company

from billhook.core.exact import NotExactError
from billhook.customers.forms import AutoRecharge
from billhook.customers.models import Customer
from billhook.customers.operations.addresses import NewAddress, add_address
from billhook.customers.operations.change import (
    PERSONAL,
    AddressDatedError,
    AmountsInOldCurrencyError,
    CustomerChange,
    update_customer,
)
from billhook.customers.operations.close import close_customer
from billhook.customers.queries import by_external_key, by_number
from billhook.customers.refusals import CustomerClosedError, ExternalKeyTakenError, MalformedError
from billhook.foundation.custom_fields.checking import CustomFieldsError
from billhook.foundation.custom_fields.operations import FieldDefinition, define_custom_field
from billhook.foundation.models import EventRecord
from billhook.foundation.scope import company_scope

pytestmark = pytest.mark.usefixtures("company")

TOP_UP = AutoRecharge(threshold=Decimal(5), amount=Decimal(20), monthly_cap=Decimal(60))
EVERYTHING = {
    "name": "Zebulon Mill",
    "trading_name": "Zebulon's",
    "email": "zebulon@mill.example",
    "address": "Zebulon Street 1",
    "country": "be",
    "zone": "Europe/Brussels",
    "language": "nl-BE",
    "registration": "Zebulon 0123",
    "registration_scheme": "KBO",
    "external_key": "crm-zebulon",
    "buyer_reference": "Zebulon 7",
    "delivery": "portal",
    "invoiced_separately": False,
    "due_days": 7,
    "currency": "USD",
    "credit_limit": Decimal("250.50"),
    "auto_recharge": TOP_UP,
    "custom": {"nickname": "Zebulon"},
}


def change(customer, **given):
    return update_customer(customer=customer, change=CustomerChange(**given), **BY)


def nickname():
    return define_custom_field(entity="customer", code="nickname", definition=FieldDefinition(label="Nickname"), **BY)


def test_everything_that_can_change_changes():
    assert set(EVERYTHING) == {one.name for one in fields(CustomerChange)}
    nickname()
    change(join(), **EVERYTHING)
    row = by_number("1001")
    plain = {name: value for name, value in EVERYTHING.items() if name not in {"auto_recharge", "country"}}
    assert {name: getattr(row, name) for name in plain} == plain
    assert (row.country, row.sort_name) == ("BE", "zebulon mill")
    assert (row.recharge_threshold, row.recharge_amount, row.recharge_monthly_cap) == (5, 20, 60)


@pytest.mark.parametrize("name", sorted(set(EVERYTHING)))
def test_one_field_changes_and_all_others_stay(name):
    nickname()
    before = join()
    row = change(before, **{name: EVERYTHING[name]})
    columns = {
        "auto_recharge": {"recharge_threshold", "recharge_amount", "recharge_monthly_cap"},
        "name": {"sort_name"},
    }
    touched = {name, *columns.get(name, ())}
    names = [one.name for one in Customer._meta.fields if one.name not in touched]
    row.refresh_from_db()
    assert [getattr(row, one) for one in names] == [getattr(by_number("1001"), one) for one in names]
    assert [one for one in names if getattr(row, one) != getattr(before, one)] == []


def test_the_event_names_every_field_and_shows_no_personal_data():
    nickname()
    change(join(), **EVERYTHING)
    (told,) = events("customer.changed")
    assert "zebulon" not in str(EventRecord.objects.get(name="customer.changed").data).lower()
    for name in ("name", "email", "address", "nickname", "credit limit", "external key", "custom"):
        assert (name in told["what"]) == (name != "nickname")
    assert not PERSONAL & set(told["before"])
    assert (told["before"]["credit_limit"], told["after"]["credit_limit"]) == ("", "250.5")
    assert (told["before"]["due_days"], told["after"]["due_days"]) == ("21", "7")
    assert events("customer.currency_changed") == [{"customer": "1001", "earlier": "EUR", "currency": "USD"}]


def test_a_change_to_what_is_already_so_does_not_happen():
    change(join(), name="Harbour Bakery", due_days=21, currency="EUR")
    assert not events("customer.changed") + events("customer.currency_changed")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"name": " "}, "The name is empty"),
        ({"name": "x" * 201}, "The name has 201 characters: shorten it to 200"),
        ({"email": "nobody"}, "The e-mail address is incomplete"),
        ({"country": "NLD"}, "'NLD' is no country: give its two letters"),
        ({"zone": "Europe/Nowhere"}, "There is no time zone 'Europe/Nowhere'"),
        ({"zone": "../etc"}, "There is no time zone"),
        ({"language": ""}, "is no language"),
        ({"delivery": "fax"}, "choose one of email, portal, post"),
        ({"external_key": "x" * 121}, "external key has 121 characters"),
        ({"registration": "a\0b"}, "holds a character that is none"),
        ({"credit_limit": Decimal("0.001")}, "give no more than 2 decimals"),
        ({"credit_limit": Decimal(10) ** 16}, "give an amount from 0 up to"),
    ],
)
def test_what_is_not_of_its_form_is_refused_and_changes_nothing(given, sentence):
    customer = join()
    with pytest.raises(MalformedError, match=sentence):
        change(customer, **given)
    assert not events("customer.changed")


def test_an_amount_is_never_a_float():
    with pytest.raises(NotExactError, match="never as a float"):
        change(join(), credit_limit=10.5)


@pytest.mark.parametrize(
    ("figures", "sentence"),
    [
        ((-1, 20, 60), "recharge threshold"),
        ((5, 0, 60), "recharge amount is 0 EUR"),
        ((5, 20, 19), "below one recharge"),
    ],
)
def test_a_recharge_that_cannot_work_is_refused(figures, sentence):
    threshold, amount, cap = map(Decimal, figures)
    settings = AutoRecharge(threshold=threshold, amount=amount, monthly_cap=cap)
    with pytest.raises(MalformedError, match=sentence):
        change(join(), auto_recharge=settings)


def test_a_recharge_is_taken_away_whole():
    customer = join(auto_recharge=TOP_UP)
    row = change(customer, auto_recharge=None)
    assert (row.recharge_threshold, row.recharge_amount, row.recharge_monthly_cap) == (None, None, None)


def test_the_database_refuses_half_a_recharge():
    join()
    with pytest.raises(IntegrityError, match="customer_recharge_whole"), transaction.atomic():
        Customer.objects.update(recharge_amount=5)


@pytest.mark.parametrize("given", [{"credit_limit": Decimal(5)}, {"auto_recharge": TOP_UP}])
def test_amounts_do_not_change_their_currency_unseen(given):
    customer = change(join(), **given)
    with pytest.raises(AmountsInOldCurrencyError, match="in another currency: give both in JPY too"):
        change(customer, currency="JPY")
    row = change(customer, currency="JPY", credit_limit=Decimal(900), auto_recharge=None)
    assert (row.currency, row.credit_limit, row.recharge_amount) == ("JPY", Decimal(900), None)


def test_a_limit_has_the_decimals_of_the_currency_that_it_changes_to():
    with pytest.raises(MalformedError, match="give no more than 0 decimals"):
        change(join(), currency="JPY", credit_limit=Decimal("900.5"))


def test_an_external_key_is_one_customers():
    join(external_key="crm-1")
    other = join("1002")
    with pytest.raises(ExternalKeyTakenError, match="Another customer has the external key crm-1"):
        change(other, external_key="crm-1")
    with pytest.raises(ExternalKeyTakenError):
        join("1003", external_key="crm-1")
    assert by_external_key("crm-1").number == "1001"
    assert by_external_key("") is None
    with company_scope(open_company("merlin")):
        assert by_external_key("crm-1") is None
        join(external_key="crm-1")


def test_an_import_that_is_repeated_finds_the_customer_it_made():
    for _ in range(2):
        if by_external_key("crm-1") is None:
            join(external_key="crm-1")
    assert Customer.objects.get().external_key == "crm-1"


def test_custom_fields_change_one_by_one():
    nickname()
    define_custom_field(
        entity="customer", code="seats", definition=FieldDefinition(label="Seats", kind="integer"), **BY
    )
    customer = join(custom={"nickname": "Harbour", "seats": 3})
    assert change(customer, custom={"seats": "4"}).custom == {"nickname": "Harbour", "seats": 4}
    assert change(customer, custom={"nickname": None}).custom == {"seats": 4}
    with pytest.raises(CustomFieldsError, match="there is no such field of a customer"):
        change(customer, custom={"height": 1})
    with pytest.raises(CustomFieldsError):
        join("1002", custom={"seats": 1.5})
    assert not Customer.objects.filter(number="1002").exists()


def test_of_a_closed_customer_only_how_to_reach_it_changes():
    customer = close_customer(customer=join(), **BY)
    assert change(customer, email="last@bakery.example").email == "last@bakery.example"
    with pytest.raises(CustomerClosedError, match="Customer 1001 is closed for good"):
        change(customer, credit_limit=Decimal(5))


def test_an_address_that_has_dates_is_not_overwritten():
    customer = join(address="Quay 1")
    change(customer, address="Quay 2")
    add_address(customer=customer, new=NewAddress(lines="Quay 3", country="NL", valid_from=FIRST_DAY), **BY)
    with pytest.raises(AddressDatedError, match="has dated billing addresses"):
        change(customer, address="Quay 4")
    assert by_number("1001").address == "Quay 2"
