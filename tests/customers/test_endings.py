"""Customers are merged, closed and forgotten; what law and books ask for stays."""

from dataclasses import fields
from datetime import date
from decimal import Decimal

import pytest
from django.db import models
from tests.builders import CLERK, FIRST_DAY
from tests.customers.joining import BY, chain, events, join, put

from billhook.core.errors import Refusal
from billhook.customers.events import CustomerClosed
from billhook.customers.forms import AutoRecharge
from billhook.customers.models import Address, Contact, Customer, Exemption, Note, PaymentInstrument, TaxId
from billhook.customers.operations.account_types import AccountTypeChange, assign_account_type, create_account_type
from billhook.customers.operations.addresses import NewAddress, add_address
from billhook.customers.operations.anonymise import CustomerStillOpenError, anonymise_customer
from billhook.customers.operations.change import CustomerChange, update_customer
from billhook.customers.operations.close import CustomerNeededError, close_customer
from billhook.customers.operations.contacts import NewContact, add_contact
from billhook.customers.operations.cycle import NewCycle, plan_cycle_change
from billhook.customers.operations.exemptions import NewExemption, add_exemption
from billhook.customers.operations.instruments import MethodNotAllowedError, NewInstrument, add_instrument
from billhook.customers.operations.join import NewCustomer
from billhook.customers.operations.merge import MergeError, merge_customers
from billhook.customers.operations.notes import add_note
from billhook.customers.operations.parent import TooDeepError
from billhook.customers.operations.suspend import suspend_customer
from billhook.customers.operations.tax_ids import NewTaxId, add_tax_id
from billhook.customers.queries import by_external_key, by_number, contacts, instruments, matching, notes, survivor
from billhook.customers.queries import tax_ids as tax_ids_of
from billhook.customers.refusals import CustomerAnonymisedError, CustomerClosedError, CustomerMergedError
from billhook.foundation import events as happenings
from billhook.foundation.custom_fields.operations import FieldDefinition, define_custom_field
from billhook.foundation.models import EventRecord
from billhook.foundation.scope import scoped_models

pytestmark = pytest.mark.usefixtures("company")

MARK = "Zebulon"


def fill(customer):
    """Give a customer one of everything, every free text with the mark in it."""
    given = {"customer": customer, **BY}
    person = NewContact(
        role="other", name=MARK, email="zebulon@mill.example", phone=MARK, language="nl", receives=["usage"]
    )
    add_contact(new=person, **given)
    place = {"lines": MARK, "postcode": MARK, "city": MARK, "region": MARK, "country": "NL", "valid_from": FIRST_DAY}
    for kind in ("billing", "site"):
        add_address(new=NewAddress(kind=kind, **place), **given)
    for token in ("tok_zebulon", "tok_zebulon2"):
        mandate = {"mandate_reference": MARK, "mandate_on": FIRST_DAY, "holder": MARK}
        card = NewInstrument(token=token, label=MARK, expiry_year=2027, expiry_month=2, **mandate)
        add_instrument(new=card, **given)
    add_note(text=f"{MARK} called", **given)
    add_tax_id(new=NewTaxId(scheme="eu_vat", number="DE136695976"), **given)
    add_exemption(
        new=NewExemption(certificate="C-1", country="NL", reason=MARK, document="D-1", valid_from=FIRST_DAY), **given
    )


def full_customer(number="1001"):
    texts = {"trading_name", "registration", "registration_scheme", "external_key", "buyer_reference", "address"}
    customer = join(
        number,
        name=f"{MARK} Mill",
        email="zebulon@mill.example",
        country="NL",
        custom={"nickname": MARK},
        **dict.fromkeys(texts, f"{MARK} {number}"),
    )
    fill(customer)
    return customer


@pytest.fixture
def nickname(company):
    define_custom_field(entity="customer", code="nickname", definition=FieldDefinition(label="Nickname"), **BY)


def merge(kept, gone):
    return merge_customers(kept=kept, gone=gone, **BY)


def test_what_belongs_to_one_belongs_to_the_other_behind_its_own():
    kept, gone = join("1"), join("2", external_key="crm-2")
    for customer, letter in ((kept, "a"), (gone, "b")):
        add_contact(customer=customer, new=NewContact(role="other", name=letter), **BY)
        add_note(customer=customer, text=letter, **BY)
        for token in (letter, "shared"):
            add_instrument(customer=customer, new=NewInstrument(token=token, label=token), **BY)
        add_tax_id(customer=customer, new=NewTaxId(scheme="us_ein", number="91-1144442"), **BY)
    add_tax_id(customer=gone, new=NewTaxId(scheme="eu_vat", number="DE136695976"), **BY)
    child = join("3", parent="2")
    merge(kept, gone)
    assert [one.name for one in contacts(kept)] == ["a", "b"]
    assert [one.text for one in notes(kept)] == ["b", "a"]
    assert [(one.position, one.token) for one in instruments(kept)] == [(1, "shared"), (2, "a"), (3, "b")]
    assert [one.token for one in PaymentInstrument.objects.filter(customer=gone)] == ["shared"]
    assert [one.number for one in tax_ids_of([kept])[kept.pk]] == ["911144442", "DE136695976"]
    assert by_number("1").vat_id == "DE136695976"
    child.refresh_from_db()
    assert child.parent == kept
    found = by_number("2")
    assert (found.status, survivor(found).number, by_external_key("crm-2").number) == ("merged", "1", "1")
    assert events("customer.merged") == [{"customer": "2", "kept": "1"}]


def test_nothing_more_happens_to_one_who_is_merged():
    kept, gone = join("1"), join("2")
    merge(kept, gone)
    for attempt in (
        lambda: merge(kept, gone),
        lambda: close_customer(customer=gone, **BY),
        lambda: update_customer(customer=gone, change=CustomerChange(name="X"), **BY),
        lambda: put(gone, kept),
        lambda: add_note(customer=gone, text="X", **BY),
    ):
        with pytest.raises(CustomerMergedError, match="Customer 2 was merged into 1: do it there"):
            attempt()
    suspend_customer(customer=gone, reason="late", **BY)
    assert by_number("2").status == "merged"


def limit(customer):
    update_customer(customer=customer, change=CustomerChange(credit_limit=Decimal(5)), **BY)


def recharge(customer):
    settings = AutoRecharge(threshold=Decimal(5), amount=Decimal(5), monthly_cap=Decimal(5))
    update_customer(customer=customer, change=CustomerChange(auto_recharge=settings), **BY)


def other_currency(customer):
    update_customer(customer=customer, change=CustomerChange(currency="USD"), **BY)


def other_cycle(customer):
    plan_cycle_change(customer=customer, new=NewCycle(effective_on=date(2026, 6, 1), day=15), **BY)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (limit, "different credit limits or auto-recharges"),
        (recharge, "different credit limits or auto-recharges"),
        (other_currency, "1 is billed in EUR, 2 in USD"),
        (other_cycle, "Another billing cycle is planned for 2"),
    ],
)
def test_two_who_differ_in_terms_are_not_merged(change, sentence):
    kept, gone = join("1"), join("2")
    change(gone)
    with pytest.raises(MergeError, match=sentence):
        merge(kept, gone)
    assert by_number("2").status == "active"


def test_one_is_not_merged_into_itself_nor_into_one_below():
    top, _, bottom = chain("1", "2", "3")
    with pytest.raises(MergeError, match="cannot be merged into itself"):
        merge(top, top)
    with pytest.raises(MergeError, match="Customer 3 stands under 1: put it elsewhere first"):
        merge(bottom, top)


def test_one_below_is_merged_into_one_above():
    top, middle, bottom = chain("1", "2", "3")
    merge(top, middle)
    bottom.refresh_from_db()
    assert bottom.parent == top


def test_a_merge_makes_no_tree_too_deep():
    deep = chain(*(str(place) for place in range(19)))
    gone, _ = chain("a", "b")
    merge(deep[18], gone)
    other, *_ = chain("c", "d")
    with pytest.raises(TooDeepError):
        merge(by_number("b"), other)
    assert by_number("d").parent == other


def test_a_method_that_is_not_allowed_does_not_come_over():
    create_account_type(code="debit", name="Debit", defaults=AccountTypeChange(methods=["sepa"]), **BY)
    kept, gone = assign_account_type(customer=join("1"), code="debit", **BY), join("2")
    add_instrument(customer=gone, new=NewInstrument(token="tok_a", label="Visa"), **BY)
    with pytest.raises(MethodNotAllowedError, match="account type debit may not pay by card"):
        merge(kept, gone)


def test_a_closed_customer_is_not_merged():
    kept, gone = join("1"), close_customer(customer=join("2"), **BY)
    for pair in ((kept, gone), (gone, kept)):
        with pytest.raises(CustomerClosedError, match="Customer 2 is closed for good"):
            merge(*pair)


def test_closing_is_final_and_dated_where_the_customer_lives():
    customer = close_customer(customer=join(zone="America/Los_Angeles"), **BY)
    assert (customer.status, customer.closed_on) == ("closed", date(2026, 2, 28))
    assert events("customer.closed") == [{"customer": "1001", "closed_on": "2026-02-28"}]
    with pytest.raises(CustomerClosedError, match="Customer 1001 is closed for good: create a customer anew"):
        close_customer(customer=customer, **BY)


def test_one_with_others_below_stays_open_until_they_are_gone():
    top, child = chain("1", "2")
    with pytest.raises(CustomerNeededError, match="Customer 2 stands under 1: put it elsewhere first"):
        close_customer(customer=top, **BY)
    close_customer(customer=child, **BY)
    assert close_customer(customer=top, **BY).status == "closed"


def test_one_with_a_planned_cycle_stays_open():
    customer = join()
    other_cycle(customer)
    with pytest.raises(CustomerNeededError, match="Another billing cycle is planned for 1001: withdraw it first"):
        close_customer(customer=customer, **BY)


def test_a_room_above_may_refuse_the_closing(monkeypatch):
    class OrderOpenError(Refusal):
        """Stands for what the room of orders would say."""

    def refuse(event, occasion):
        raise OrderOpenError(event.customer)

    monkeypatch.setattr(
        happenings, "_reactions", {CustomerClosed.name: [happenings.Reaction(refuse, "in transaction")]}
    )
    customer = join()
    with pytest.raises(OrderOpenError):
        close_customer(customer=customer, **BY)
    assert by_number("1001").status == "active"


def texts():
    """Yield every text and JSON that the room's tables hold, with its place."""
    for model in scoped_models():
        if model.__module__.startswith("billhook.customers."):
            columns = [
                one.name
                for one in model._meta.fields
                if isinstance(one, models.CharField | models.TextField | models.JSONField)
            ]
            for row in model.objects.values(*columns):
                yield from ((f"{model.__name__}.{name}", str(value)) for name, value in row.items())


def marked():
    return {place for place, text in texts() if MARK.lower() in text.lower()}


def test_every_column_that_may_hold_something_personal_is_filled(nickname):
    full_customer()
    filled = {place for place, text in texts() if text not in ("", "{}", "[]")}
    left = {place for place, _ in texts()} - filled
    assert left == {"AccountType.methods", "Exemption.tax_category", "Exemption.tax_code"}
    assert len(marked()) == 23
    assert {one.name for one in fields(NewCustomer)} >= {"trading_name", "registration"}


def test_nothing_personal_is_left_of_one_who_is_forgotten(nickname):
    customer = full_customer()
    close_customer(customer=customer, **BY)
    anonymise_customer(customer=customer, **BY)
    assert marked() == set()
    for model in (Contact, Address, Note, Exemption, PaymentInstrument, TaxId):
        assert model.objects.filter(customer=customer).exists(), model
    assert not list(matching(MARK))


def test_number_country_and_tax_facts_stay(nickname):
    customer = full_customer()
    close_customer(customer=customer, **BY)
    anonymise_customer(customer=customer, **BY)
    row = by_number("1001")
    assert (row.name, row.country, row.vat_id) == ("Former customer 1001", "NL", "DE136695976")
    assert (row.status, row.anonymised_at, row.custom) == ("closed", BY["at"], {})
    assert TaxId.objects.get().number == "DE136695976"
    assert Exemption.objects.values_list("certificate", "document", "country").get() == ("C-1", "D-1", "NL")
    assert [one.token for one in PaymentInstrument.objects.order_by("id")] == ["removed-1", "removed-2"]
    assert instruments(row) == contacts(row) == []


def test_forgetting_happens_once(nickname):
    customer = full_customer()
    close_customer(customer=customer, **BY)
    for _ in range(2):
        anonymise_customer(customer=customer, **BY)
    assert events("customer.anonymised") == [{"customer": "1001"}]
    assert MARK not in str(EventRecord.objects.get(name="customer.anonymised").data)


def test_only_a_former_customer_is_forgotten():
    customer = join()
    with pytest.raises(CustomerStillOpenError, match="Customer 1001 is active: close it first"):
        anonymise_customer(customer=customer, **BY)


def test_those_who_were_merged_into_one_are_forgotten_with_it(nickname):
    oldest, older, kept = full_customer("1"), full_customer("2"), full_customer("3")
    merge(older, oldest)
    merge(kept, older)
    close_customer(customer=kept, **BY)
    assert {place for place in marked() if place.startswith("Customer.")}
    anonymise_customer(customer=kept, **BY)
    assert marked() == set()
    assert sorted(told["customer"] for told in events("customer.anonymised")) == ["1", "2", "3"]


def test_one_who_was_merged_is_forgotten_alone(nickname):
    gone, kept = full_customer("1"), join("2", name="Harbour")
    merge(kept, gone)
    anonymise_customer(customer=gone, **BY)
    assert Customer.objects.get(number="2").anonymised_at is None
    assert contacts(kept)[0].name == MARK


def test_nothing_personal_is_added_to_one_who_is_forgotten():
    customer = close_customer(customer=join(), **BY)
    anonymise_customer(customer=customer, **BY)
    for attempt in (
        lambda: add_note(customer=customer, text=MARK, **BY),
        lambda: update_customer(customer=customer, change=CustomerChange(name=MARK), actor=CLERK, at=BY["at"]),
        lambda: add_contact(customer=customer, new=NewContact(role="other", name=MARK), **BY),
    ):
        with pytest.raises(CustomerAnonymisedError, match="The personal data of customer 1001 was removed"):
            attempt()
