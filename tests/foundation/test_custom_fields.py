"""Custom fields: what a definition lets through, comes back as it was; everything wrong is said at once."""

import re
import time
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.builders import CLERK, FIRST_DAY, OPENING, make_company

from billhook.customers.operations.account_types import create_account_type
from billhook.customers.operations.change import CustomerChange, update_customer
from billhook.customers.operations.close import close_customer
from billhook.customers.operations.join import NewCustomer, create_customer
from billhook.foundation.custom_fields.checking import CustomFieldsError, checked, definitions, read
from billhook.foundation.custom_fields.operations import (
    FieldDefinition,
    FieldDefinitionError,
    FieldExistsError,
    StoredValuesError,
    UnknownFieldError,
    change_custom_field,
    define_custom_field,
    retire_custom_field,
    revive_custom_field,
    tables_of,
)
from billhook.foundation.custom_fields.patterns import PatternError, check_pattern, matches
from billhook.foundation.models import CustomField, EventRecord
from billhook.foundation.scope import company_scope

BY = {"actor": CLERK, "at": OPENING}


@pytest.fixture(autouse=True)
def company(db):
    company = make_company()
    with company_scope(company):
        yield company


def define(code="field", *, entity="customer", **given):
    definition = FieldDefinition(**{"label": code.title(), **given})
    return define_custom_field(entity=entity, code=code, definition=definition, **BY)


def change(code="field", **given):
    definition = FieldDefinition(**{"label": code.title(), **given})
    return change_custom_field(entity="customer", code=code, definition=definition, **BY)


def retire(code="field"):
    retire_custom_field(entity="customer", code=code, **BY)


def revive(code="field"):
    revive_custom_field(entity="customer", code=code, **BY)


def join(number="1001", **custom):
    if number == "1001":
        create_account_type(code="business", name="Business", **BY)
    new = NewCustomer(number=number, name="Bakery", account_type="business", first_day=FIRST_DAY, custom=custom)
    return create_customer(new=new, **BY)


KINDS = {
    "text": ("Zürich", "Zürich", "Zürich"),
    "integer": ("-012", -12, -12),
    "decimal": ("12.500", "12.5", Decimal("12.5")),
    "date": (date(2026, 3, 1), "2026-03-01", date(2026, 3, 1)),
    "boolean": ("false", False, False),
    "choice": ("gold", "gold", "gold"),
    "email": ("a@bakery.example", "a@bakery.example", "a@bakery.example"),
    "url": ("https://bakery.example/x", "https://bakery.example/x", "https://bakery.example/x"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_is_stored_in_one_form_and_read_in_its_type(kind):
    define(kind=kind, choices=("gold", "silver") if kind == "choice" else ())
    asked, stored, typed = KINDS[kind]
    assert checked("customer", {"field": asked}) == {"field": stored}
    assert read("customer", {"field": stored}) == {"field": typed}


WRONG = [
    ("text", 5, "give a text"),
    ("text", "x" * 201, "at most 200 characters"),
    ("text", "a\0", "leave out the character"),
    ("text", "\ud800", "leave out the character"),
    ("integer", 1.0, "give a whole number"),
    ("integer", True, "give a whole number"),
    ("integer", "1.0", "give a whole number"),
    ("integer", "\u0661", "give a whole number"),
    ("integer", 10**18, "at most 18 digits"),
    ("decimal", 0.1, "give a decimal such as 12.50"),
    ("decimal", True, "give a decimal"),
    ("decimal", Decimal("NaN"), "give a decimal"),
    ("decimal", "1e5", "give a decimal"),
    ("decimal", Decimal("1E+18"), "give a decimal"),
    ("decimal", Decimal("0.0000000000001"), "give a decimal"),
    ("date", "01.03.2026", "give a date such as 2026-03-01"),
    ("date", "2026-02-30", "a date that the calendar has"),
    ("date", OPENING, "give a date"),
    ("boolean", 1, "give true or false"),
    ("boolean", "yes", "give true or false"),
    ("choice", "bronze", "choose one of gold, silver"),
    ("email", "nobody", "give an e-mail address"),
    ("url", "javascript:alert(1)", "give a web address"),
    ("url", "https://a b", "give a web address"),
    ("url", "https://[", "give a web address"),
]


@pytest.mark.parametrize(("kind", "value", "sentence"), WRONG)
def test_a_value_of_another_type_or_form_is_refused(kind, value, sentence):
    define(kind=kind, choices=("gold", "silver") if kind == "choice" else ())
    with pytest.raises(
        CustomFieldsError, match=re.escape(f"Field (field): {sentence}") if "(" in sentence else sentence
    ):
        checked("customer", {"field": value})


def test_everything_that_is_wrong_is_said_at_once_and_no_value_is_repeated():
    define("seats", kind="integer")
    define("code", required=True)
    define("old")
    retire("old")
    with pytest.raises(CustomFieldsError) as refused:
        checked("customer", {"seats": "Zebulon", "height": "Zebulon", "old": "Zebulon"})
    assert refused.value.problems == (
        "Seats (seats): give a whole number of at most 18 digits",
        "height: there is no such field of a customer, the fields are code, seats",
        "old: this field is retired, leave it out",
        "Code (code): fill it in, it is required",
    )
    assert "Zebulon" not in str(refused.value)


def test_a_wrong_value_of_a_required_field_is_one_problem():
    define("seats", kind="integer", required=True)
    with pytest.raises(CustomFieldsError) as refused:
        checked("customer", {"seats": 0.0})
    assert len(refused.value.problems) == 1


def test_defaults_are_filled_in_at_first_and_where_they_are_required():
    define("plan", default="basic", position=1)
    define("seats", kind="integer", default=3, required=True, position=2)
    assert checked("customer", {}) == {"plan": "basic", "seats": 3}
    assert checked("customer", {"plan": None}) == {"seats": 3}
    assert checked("customer", {}, before={}) == {"seats": 3}
    assert checked("customer", {"seats": ""}, before={"seats": 5}) == {"seats": 3}


def test_a_change_touches_only_what_is_given():
    define("a")
    define("b", required=True)
    assert checked("customer", {"a": "2"}, before={"a": "1", "b": "x"}) == {"a": "2", "b": "x"}
    assert checked("customer", {"a": None}, before={"a": "1", "b": "x"}) == {"b": "x"}
    with pytest.raises(CustomFieldsError, match=r"B \(b\): fill it in, it is required"):
        checked("customer", {"b": ""}, before={"b": "x"})


def test_a_retired_field_keeps_its_values_and_takes_no_more():
    define("old", required=True)
    retire("old")
    retire("old")
    assert checked("customer", {}, before={"old": "x"}) == {"old": "x"}
    assert checked("customer", {}) == {}
    revive("old")
    assert checked("customer", {"old": "y"}) == {"old": "y"}
    told = EventRecord.objects.filter(name="custom_field.changed").order_by("id")
    assert [record.data["how"] for record in told] == ["retired", "taken up again"]


def test_fields_are_those_of_one_entity_and_one_company():
    define("a", entity="order", position=2)
    define("b", entity="order", position=1)
    assert [one.code for one in definitions("order")] == ["b", "a"]
    assert definitions("customer") == []
    with company_scope(make_company("merlin")):
        assert definitions("order") == []
        define("a", entity="order")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"label": ""}, "A field needs a label"),
        ({"label": "x" * 121}, "A field needs a label"),
        ({"kind": "colour"}, "'colour' is no kind of field: choose one of text"),
        ({"kind": "choice"}, "needs choices"),
        ({"choices": ("a",)}, "needs choices"),
        ({"kind": "choice", "choices": ("a", "a")}, "stands twice"),
        ({"kind": "choice", "choices": ("a", " ")}, "A choice is empty"),
        ({"kind": "integer", "pattern": "[0-9]"}, "Only a text has a pattern"),
        ({"max_length": 0}, "A field holds 1 to 2000 characters"),
        ({"max_length": 201, "pattern": "[0-9]+"}, "A field holds 1 to 200 characters"),
        ({"position": 0}, "A position is a number from 1"),
        ({"kind": "integer", "default": 1.5}, "does not take its own default: give a whole number"),
        ({"code": "Not A Code"}, "is no code: take lower-case letters"),
        ({"code": "x" * 41}, "is no code"),
        ({"entity": "parrot"}, "A parrot has no custom fields"),
    ],
)
def test_a_definition_that_contradicts_itself_is_refused(given, sentence):
    with pytest.raises(FieldDefinitionError, match=sentence):
        define(**given)
    assert not CustomField.objects.exists()


def test_a_code_is_defined_once_and_an_unknown_one_is_named():
    define()
    with pytest.raises(FieldExistsError, match="A customer has a field field already"):
        define()
    for attempt in (change, retire, revive):
        with pytest.raises(UnknownFieldError, match="A customer has no field other: define it first"):
            attempt("other")


def test_the_database_knows_the_kinds():
    define()
    with pytest.raises(IntegrityError, match="custom_field_kind"), transaction.atomic():
        CustomField.objects.update(kind="colour")


CHANGES = [
    ({"kind": "integer"}, 2),
    ({"max_length": 3}, 1),
    ({"pattern": "[a-z]+"}, 1),
    ({"kind": "choice", "choices": ("abc",)}, 1),
    ({"required": True}, 1),
    ({"required": True, "default": "x"}, 0),
    ({"label": "Another", "position": 7}, 0),
]


@pytest.mark.parametrize(("given", "wrong"), CHANGES)
def test_a_change_that_stored_values_do_not_bear_is_refused_with_their_number(given, wrong):
    define()
    join("1001", field="abc")
    join("1002", field="ABC7")
    join("1003")
    if not wrong:
        assert change(**given).position == given.get("position", 1)
        return
    sentence = f"^{wrong} stored values of the field field of a customer"
    with pytest.raises(StoredValuesError, match=sentence) as refused, transaction.atomic():
        change(**given)
    assert refused.value.count == wrong
    assert CustomField.objects.get().kind == "text"


def test_what_changes_no_more_need_not_bear_a_definition():
    define()
    close_customer(customer=join("1001"), **BY)
    change(required=True)
    with pytest.raises(CustomFieldsError, match="required"):
        join("1002")


def test_a_required_field_cannot_begin_where_something_lacks_it():
    join("1001")
    with pytest.raises(StoredValuesError, match="1 stored values"), transaction.atomic():
        define(required=True)
    define(required=True, default="x")
    assert update_customer(customer=join("1002"), change=CustomerChange(custom={}), **BY).custom == {"field": "x"}


def test_the_customers_table_keeps_its_values():
    assert [model.__name__ for model in tables_of("customer")] == ["Customer"]
    assert tables_of("nothing") == []


SAFE = ["[A-Z]{2}-[0-9]+", "AB|CD[0-9]", r"\d{3}", "[^x]*", r"a\.b", "x{2,5}y?z*", "[a|b]", ".{1,10}", "ü+", r"[\]]"]
UNSAFE = [
    "(a+)+",
    "(a|a)*",
    r"(x)\1",
    "(?=a)",
    "a+?",
    "a*a*a*a*b",
    "^a$",
    "a{201}",
    "[z-a]",
    "a|",
    "",
    "[a",
    "a{2",
    "*a",
]


@pytest.mark.parametrize("pattern", SAFE)
def test_a_plain_pattern_is_taken(pattern):
    check_pattern(pattern)


@pytest.mark.parametrize("pattern", UNSAFE)
def test_a_pattern_that_is_none_or_could_take_for_ever_is_refused(pattern):
    with pytest.raises(PatternError, match="write characters, classes such as"):
        check_pattern(pattern)


def test_a_pattern_is_for_the_whole_text():
    define(pattern="[A-Z]{2}[0-9]+")
    assert checked("customer", {"field": "AB12"}) == {"field": "AB12"}
    for text in ("AB", "xAB12", "AB12\n"):
        with pytest.raises(CustomFieldsError, match=r"give a text of the form \[A-Z\]"):
            checked("customer", {"field": text})


def test_the_slowest_pattern_that_is_taken_is_quick():
    pattern = "a*a*a*b"
    check_pattern(pattern)
    begun = time.perf_counter()
    assert not matches(pattern, "a" * 200)
    assert time.perf_counter() - begun < 2


@settings(max_examples=60, deadline=None)
@given(
    text=st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=200),
    integer=st.integers(-(10**18) + 1, 10**18 - 1),
    figure=st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=-(10**17), max_value=10**17),
    day=st.dates(),
    truth=st.booleans(),
)
def test_what_goes_in_comes_out_and_is_stored_the_same_again(text, integer, figure, day, truth):
    with transaction.atomic():
        values = {"text": text, "integer": integer, "decimal": figure, "date": day, "boolean": truth}
        for kind in values:
            define(kind, kind=kind)
        customer = join(**values)
        customer.refresh_from_db()
        assert read("customer", customer.custom) == values
        assert checked("customer", customer.custom) == customer.custom
        assert isinstance(customer.custom["decimal"], str)
        assert read("customer", customer.custom)["date"] + timedelta(0) == day
        transaction.set_rollback(True)
