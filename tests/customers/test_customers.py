"""Who is billed: sign-up data, defaults, instruments, standing still and running again."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import CLERK, FIRST_DAY, OPENING, make_company

from billhook.core.errors import Refusal
from billhook.customers.bulk import move_next_invoice
from billhook.customers.models import AccountType, Customer
from billhook.customers.names import sort_name
from billhook.customers.operations.account_types import AccountTypeExistsError, create_account_type
from billhook.customers.operations.instruments import InstrumentExistsError, NewInstrument, add_instrument
from billhook.customers.operations.join import NewCustomer, create_customer
from billhook.customers.operations.suspend import restore_customer, suspend_customer
from billhook.customers.queries import UnknownCustomerError, by_number, instruments, matching, status_counts
from billhook.customers.refusals import CustomerExistsError, UnknownAccountTypeError
from billhook.foundation.models import EventRecord
from billhook.foundation.scope import company_scope

NEW = NewCustomer(number="1001", name="Harbour Bakery", account_type="business", first_day=FIRST_DAY)


@pytest.fixture(autouse=True)
def company(db):
    company = make_company()
    with company_scope(company):
        create_account_type(code="business", name="Business", due_days=21, actor=CLERK, at=OPENING)
        yield company


def join(**changes):
    return create_customer(new=replace(NEW, **changes), actor=CLERK, at=OPENING)


def events(name):
    return list(EventRecord.objects.filter(name=name).order_by("id"))


def test_a_kind_of_customer_has_the_companys_currency_unless_told():
    assert AccountType.objects.get().currency == "EUR"
    kind = create_account_type(
        code="quarterly", name="Quarterly", currency="USD", cycle_count=3, actor=CLERK, at=OPENING
    )
    assert (kind.currency, kind.cycle_unit, kind.cycle_count, kind.due_days) == ("USD", "month", 3, None)
    assert [record.subject for record in events("account_type.created")] == ["business", "quarterly"]


def test_a_kind_of_customer_is_set_up_once():
    with pytest.raises(AccountTypeExistsError, match="business already: change it, or choose another code"):
        create_account_type(code="business", name="Again", actor=CLERK, at=OPENING)


def test_what_a_customer_leaves_empty_comes_from_kind_and_company():
    customer = join()
    customer.refresh_from_db()
    assert (customer.currency, customer.language, customer.zone) == ("EUR", "en", "Europe/Amsterdam")
    assert (customer.cycle_unit, customer.cycle_count, customer.due_days) == ("month", 1, 21)
    assert customer.cycle_anchor == customer.next_invoice_on == FIRST_DAY
    assert (customer.status, customer.since) == ("active", OPENING)
    (record,) = events("customer.created")
    assert (record.customer, record.at, record.actor_name) == ("1001", OPENING, "Clerk")


def test_what_a_customer_gives_wins():
    customer = join(zone="America/New_York", language="nl", due_days=0)
    assert (customer.zone, customer.language, customer.due_days) == ("America/New_York", "nl", 0)


def test_a_number_is_one_customer():
    join()
    with pytest.raises(CustomerExistsError, match="Customer 1001 exists already: choose another number"):
        join(name="Somebody else")
    assert Customer.objects.get().name == "Harbour Bakery"
    assert len(events("customer.created")) == 1


def test_another_company_may_use_the_number():
    join()
    with company_scope(make_company("merlin")):
        create_account_type(code="business", name="Business", actor=CLERK, at=OPENING)
        join(name="Merlin Mill")
    assert by_number("1001").name == "Harbour Bakery"


def test_an_unknown_account_type_leaves_nothing():
    with pytest.raises(UnknownAccountTypeError):
        join(account_type="gold")
    assert not Customer.objects.exists()


def test_an_unknown_number_is_named():
    with pytest.raises(UnknownCustomerError, match="4711"):
        by_number("4711")
    assert issubclass(UnknownCustomerError, Refusal)


def test_the_newest_instrument_is_tried_first():
    customer = join()
    for token in ("tok_a", "tok_b", "tok_c"):
        add_instrument(customer=customer, new=NewInstrument(token=token, label=token), actor=CLERK, at=OPENING)
    assert [(card.position, card.token) for card in instruments(customer)] == [
        (1, "tok_c"), (2, "tok_b"), (3, "tok_a"),
    ]  # fmt: skip
    assert [record.data["label"] for record in events("customer.instrument_added")] == ["tok_a", "tok_b", "tok_c"]


def test_a_token_is_stored_once_and_a_refusal_moves_nothing():
    customer = join()
    new = NewInstrument(token="tok_a", label="A")
    add_instrument(customer=customer, new=new, actor=CLERK, at=OPENING)
    with pytest.raises(InstrumentExistsError, match="1001 has this payment instrument already"):
        add_instrument(customer=customer, new=new, actor=CLERK, at=OPENING)
    assert [card.position for card in instruments(customer)] == [1]


def test_a_token_stays_out_of_the_event():
    add_instrument(customer=join(), new=NewInstrument(token="tok_visa", label="Visa"), actor=CLERK, at=OPENING)
    assert "tok_visa" not in str(events("customer.instrument_added")[0].data)


def test_suspending_and_restoring_happen_once_each():
    customer = join()
    for _ in range(2):
        suspend_customer(customer=customer, reason="late", actor=CLERK, at=OPENING)
    assert by_number("1001").status == "suspended"
    for _ in range(2):
        restore_customer(customer=customer, reason="paid", actor=CLERK, at=OPENING)
    assert by_number("1001").status == "active"
    assert [record.data["reason"] for record in events("customer.suspended")] == ["late"]
    assert [record.data["reason"] for record in events("customer.restored")] == ["paid"]


def test_a_closed_customer_is_neither_suspended_nor_restored():
    customer = join()
    Customer.objects.update(status="closed")
    suspend_customer(customer=customer, reason="late", actor=CLERK, at=OPENING)
    restore_customer(customer=customer, reason="paid", actor=CLERK, at=OPENING)
    assert by_number("1001").status == "closed"
    assert not events("customer.suspended") + events("customer.restored")


def test_the_next_bill_date_moves_forward_only(company):
    first, second = join(), join(number="1002")
    april, february = date(2026, 4, 1), date(2026, 2, 1)
    assert move_next_invoice({first.pk: april, second.pk: february}) == 1
    assert move_next_invoice({first.pk: april}) == 0
    assert [one.next_invoice_on for one in Customer.objects.order_by("number")] == [april, FIRST_DAY]
    with company_scope(make_company("merlin")):
        assert move_next_invoice({first.pk: date(2027, 1, 1)}) == 0


def test_customers_are_found_by_number_name_and_address():
    for number, name in (("1001", "Örtel & Söhne"), ("1002", "harbour bakery"), ("1003", "Zebra")):
        join(number=number, name=name, email=f"{number}@mail.example")
    assert [one.number for one in matching()] == ["1002", "1001", "1003"]
    assert [one.number for one in matching("ORTEL")] == ["1001"]
    assert [one.number for one in matching("1003@")] == ["1003"]
    suspend_customer(customer=by_number("1003"), reason="late", actor=CLERK, at=OPENING)
    assert [one.number for one in matching(status="suspended")] == ["1003"]
    assert status_counts() == {"all": 3, "active": 2, "suspended": 1, "closed": 0, "merged": 0}


@given(st.text(max_size=300))
def test_a_sort_name_ignores_case_and_fits_its_column(name):
    assert len(sort_name(name)) <= 200
    assert sort_name(name.upper().lower()) == sort_name(name.lower().upper().lower())


@pytest.mark.parametrize(("one", "other"), [("Éclair", "eclair"), ("STRASSE", "straße"), ("  Ångström", "angstrom")])
def test_accents_and_case_do_not_count(one, other):
    assert sort_name(one) == sort_name(other)


def test_a_customer_began_at_an_instant_in_utc():
    assert join().since == datetime(2026, 3, 1, 7, tzinfo=UTC)
