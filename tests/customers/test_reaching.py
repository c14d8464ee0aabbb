"""Contacts, addresses with their days, and notes."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.builders import FIRST_DAY
from tests.customers.joining import BY, events, join, open_company, statements

from billhook.customers.models import Address, Contact, Note
from billhook.customers.operations.addresses import NewAddress, NoAddressError, add_address, end_address, move_address
from billhook.customers.operations.contacts import (
    ContactChange,
    ContactRemovedError,
    NewContact,
    add_contact,
    remove_contact,
    update_contact,
)
from billhook.customers.operations.notes import add_note, pin_note
from billhook.customers.queries import address_on, addresses, addresses_on, contacts, notes, postal_addresses
from billhook.customers.refusals import MalformedError, OverlapError
from billhook.foundation.models import EventRecord
from billhook.foundation.scope import company_scope

pytestmark = pytest.mark.usefixtures("company")

PERSON = NewContact(role="billing", name="Zebulon", email="zebulon@mill.example", receives=("reminders", "invoices"))
MARCH, APRIL, MAY, JUNE = (date(2026, month, 1) for month in (3, 4, 5, 6))


def dated(customer, start, end=None, *, add=add_address, **given):
    new = NewAddress(**{"lines": "Zebulon Street 1", "country": "NL", "valid_from": start, "valid_until": end, **given})
    return add(customer=customer, new=new, **BY)


def contact(customer, **given):
    values = {"role": "technical", "name": "Zebulon", **given}
    return add_contact(customer=customer, new=NewContact(**values), **BY)


def test_contacts_are_numbered_and_receive_what_they_are_named_for():
    customer = join()
    add_contact(customer=customer, new=PERSON, **BY)
    contact(customer, email="net@mill.example", receives=["usage"])
    assert [(one.position, one.role, one.receives) for one in contacts(customer)] == [
        (1, "billing", ["invoices", "reminders"]),
        (2, "technical", ["usage"]),
    ]
    assert [one.position for one in contacts(customer, receiving="usage")] == [2]


def test_no_event_tells_who_a_contact_is_or_where():
    customer = join()
    one = add_contact(customer=customer, new=PERSON, **BY)
    update_contact(contact=one, change=ContactChange(name="Zebulon II", phone="+31 20 1234567"), **BY)
    remove_contact(contact=one, **BY)
    dated(customer, MARCH)
    end_address(customer=customer, kind="billing", on=APRIL, **BY)
    add_note(customer=customer, text="Zebulon called", **BY)
    assert "zebulon" not in str(list(EventRecord.objects.values_list("data"))).lower()
    assert events("customer.contact_changed")[0]["what"] == "name, phone"
    assert [name for (name,) in EventRecord.objects.filter(customer="1001").order_by("id").values_list("name")][1:] == [
        "customer.contact_added",
        "customer.contact_changed",
        "customer.contact_removed",
        "customer.address_added",
        "customer.address_ended",
        "customer.note_added",
    ]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"role": "boss"}, "'boss' is no role: choose one of billing, technical"),
        ({"name": ""}, "The name is empty"),
        ({"email": "x@"}, "e-mail address is incomplete"),
        ({"phone": "1" * 41}, "telephone number has 41 characters"),
        ({"language": "?"}, "is no language"),
        ({"receives": ["gifts"]}, "'gifts' is no kind of message"),
        ({"receives": ["usage"]}, "receives messages but has no e-mail address"),
    ],
)
def test_a_contact_that_is_not_of_its_form_is_refused(given, sentence):
    customer = join()
    with pytest.raises(MalformedError, match=sentence):
        contact(customer, **given)
    kept = contact(customer)
    with pytest.raises(MalformedError, match=sentence):
        update_contact(contact=kept, change=ContactChange(**given), **BY)
    assert Contact.objects.get().name == "Zebulon"


def test_a_contact_that_receives_messages_keeps_its_address():
    one = add_contact(customer=join(), new=PERSON, **BY)
    with pytest.raises(MalformedError, match="no e-mail address"):
        update_contact(contact=one, change=ContactChange(email=""), **BY)


def test_a_removed_contact_is_kept_and_changes_no_more():
    one = contact(join())
    remove_contact(contact=one, **BY)
    assert Contact.objects.get().status == "removed"
    assert contacts(one.customer) == []
    for attempt in (
        lambda: remove_contact(contact=one, **BY),
        lambda: update_contact(contact=one, change=ContactChange(name="X"), **BY),
    ):
        with pytest.raises(ContactRemovedError, match="Contact 1 was removed: add the person anew"):
            attempt()


def test_an_address_counts_from_its_first_day_up_to_its_end():
    customer = join(address="Quay 1")
    dated(customer, APRIL, MAY, postcode="1011 AB", city="Amsterdam", region="NH")
    days = {day: postal_addresses([customer], day)[customer.pk] for day in (MARCH, APRIL, MAY - timedelta(1), MAY)}
    there = "Zebulon Street 1\n1011 AB Amsterdam\nNH\nNL"
    assert days == {MARCH: "Quay 1", APRIL: there, MAY - timedelta(1): there, MAY: "Quay 1"}
    assert address_on(customer, APRIL, "site") is None


@pytest.mark.parametrize(
    ("start", "end"),
    [(APRIL, MAY), (MARCH, date(2026, 4, 2)), (date(2026, 4, 30), None), (MARCH, None), (date(2026, 4, 9), JUNE)],
)
def test_two_addresses_of_a_kind_never_count_on_one_day(start, end):
    customer = join()
    dated(customer, APRIL, MAY)
    with pytest.raises(OverlapError, match="The billing address from 2026-04-01 until 2026-05-01 stands on some"):
        dated(customer, start, end)
    dated(customer, start, end, kind="site")
    dated(join("1002"), start, end)


def test_addresses_that_touch_do_not_overlap():
    customer = join()
    dated(customer, APRIL, MAY)
    dated(customer, MAY)
    dated(customer, MARCH, APRIL)
    assert [one.valid_from for one in addresses(customer)] == [MARCH, APRIL, MAY]


def test_moving_ends_the_address_before():
    customer = join()
    dated(customer, MARCH)
    dated(customer, MAY, add=move_address, lines="Mill Lane 2")
    assert [(one.valid_from, one.valid_until) for one in addresses(customer)] == [(MARCH, MAY), (MAY, None)]
    with pytest.raises(NoAddressError, match="No site address of customer 1001 counts before 2026-05-01"):
        dated(customer, MAY, add=move_address, kind="site")


def test_an_address_cannot_end_before_it_counts_or_where_it_ends_anyway():
    customer = join()
    dated(customer, APRIL, MAY)
    for day in (MARCH, APRIL, MAY):
        with pytest.raises(NoAddressError):
            end_address(customer=customer, kind="billing", on=day, **BY)
    assert end_address(customer=customer, kind="billing", on=date(2026, 4, 2), **BY).valid_until == date(2026, 4, 2)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"lines": " "}, "The address is empty"),
        ({"country": ""}, "The address has no country"),
        ({"country": "Holland"}, "'Holland' is no country"),
        ({"kind": "beach"}, "'beach' is no kind of address"),
        ({"postcode": "1" * 21}, "postcode has 21"),
        ({"valid_until": MARCH}, "from 2026-03-01 until 2026-03-01, on no day"),
    ],
)
def test_an_address_that_is_not_of_its_form_is_refused(given, sentence):
    with pytest.raises(MalformedError, match=sentence):
        dated(join(), MARCH, **given)
    assert not Address.objects.exists()


def test_the_database_refuses_days_that_run_backwards():
    dated(join(), MARCH)
    with pytest.raises(IntegrityError, match="address_dates"), transaction.atomic():
        Address.objects.update(valid_until=MARCH)


SPANS = st.lists(st.tuples(st.integers(0, 9), st.one_of(st.none(), st.integers(0, 9))), max_size=8)


@settings(max_examples=25, deadline=None)
@given(spans=SPANS)
def test_whatever_is_added_one_address_at_most_counts_on_a_day(spans):
    with transaction.atomic():
        customer, taken = join("f1"), set()
        for start, end in spans:
            days = set(range(start, 30 if end is None else end))
            first, last = MARCH + timedelta(start), None if end is None else MARCH + timedelta(end)
            try:
                dated(customer, first, last)
                assert days
                assert not days & taken
                taken |= days
            except MalformedError:
                assert not days
            except OverlapError:
                assert days & taken
        for day in range(30):
            assert (address_on(customer, MARCH + timedelta(day)) is not None) == (day in taken)
        transaction.set_rollback(True)


def test_many_addresses_are_read_in_one_statement():
    few = [join("1")]
    many = [join(str(number)) for number in range(100, 120)]
    for customer in many:
        dated(customer, MARCH)
    assert statements(lambda: addresses_on(few, MARCH)) == statements(lambda: addresses_on(many, MARCH)) == 1
    assert len(addresses_on(many, MARCH)) == 20


def test_notes_stay_as_they_were_written_pinned_ones_first():
    customer = join()
    for text in ("first", "second", "third"):
        add_note(customer=customer, text=text, **BY)
    first = Note.objects.get(number=1)
    for _ in range(2):
        pin_note(note=first, pinned=True, **BY)
    assert [(one.number, one.text, one.author) for one in notes(customer)] == [
        (1, "first", "Clerk"), (3, "third", "Clerk"), (2, "second", "Clerk"),
    ]  # fmt: skip
    pin_note(note=first, pinned=False, **BY)
    assert [told["how"] for told in events("customer.note_pinned")] == ["pinned", "unpinned"]


@pytest.mark.parametrize(("text", "sentence"), [(" \n", "The note is empty"), ("x" * 10_001, "10001 characters")])
def test_a_note_says_something_in_few_words(text, sentence):
    with pytest.raises(MalformedError, match=sentence):
        add_note(customer=join(), text=text, **BY)


def test_another_company_sees_none_of_it():
    customer = join()
    dated(customer, FIRST_DAY)
    contact(customer)
    add_note(customer=customer, text="first", **BY)
    with company_scope(open_company("merlin")):
        assert not contacts(customer) + addresses(customer) + notes(customer)
        assert addresses_on([customer], FIRST_DAY) == {}
