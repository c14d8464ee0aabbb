"""Tokens of cards and accounts: in order, of a method that is allowed, and never a number that must not be stored."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn
from tests.customers.joining import BY, events, join

from billhook.customers.models import PaymentInstrument
from billhook.customers.numbers_kept_out import holds_card_number, holds_iban
from billhook.customers.operations.close import close_customer
from billhook.customers.operations.instruments import (
    AccountNumberError,
    CardNumberError,
    InstrumentRemovedError,
    NewInstrument,
    add_instrument,
    move_instrument,
    remove_instrument,
    verify_instrument,
)
from billhook.customers.queries import by_number, instruments
from billhook.customers.refusals import CustomerClosedError, MalformedError
from billhook.foundation.models import EventRecord

pytestmark = pytest.mark.usefixtures("company")

CARD = "4111111111111111"
IBAN = "NL91ABNA0417164300"
CARDS = [
    CARD,
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "4111.1111.1111.1111 12/27",
    "12/27 4111 1111 1111 1111 123",
    "card:378282246310005;",
    "tok4111111111111111x",
    "\uff14\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11",
    "4111\u200b1111\u200b1111\u200b1111",
    "4111\u20131111\u20131111\u20131111",
    "6304000000000000",
    "4222222222222",
    "6799990100000000019",
]
IBANS = [IBAN, "NL91 ABNA 0417 1643 00", "nl91abna0417164300", "iban:NL91-ABNA-0417-1643-00", "DE89370400440532013000",
         "xDE89370400440532013000x", "GB82WEST12345698765432"]  # fmt: skip


def add(customer, token="tok_a", **given):  # noqa: S107 - a made-up token
    return add_instrument(customer=customer, new=NewInstrument(token=token, **{"label": token, **given}), **BY)


def order(customer):
    return [(one.position, one.token) for one in instruments(customer)]


@pytest.mark.parametrize("field", ["token", "label", "holder", "mandate_reference"])
@pytest.mark.parametrize(
    ("text", "refusal"), [*((text, CardNumberError) for text in CARDS), *((text, AccountNumberError) for text in IBANS)]
)
def test_a_number_that_must_not_be_stored_is_refused_and_not_repeated(field, text, refusal):
    given = {"token": "tok_a", "label": "Visa", "mandate_on": date(2026, 1, 1), "mandate_reference": "M-1", field: text}
    with pytest.raises(refusal, match=f"The {field.replace('_', ' ')} looks like") as refused:
        add(join(), **given)
    assert text not in str(refused.value)
    assert not any(piece in str(refused.value) for piece in ("4111", "0417", "3704", "8282"))
    assert not PaymentInstrument.objects.exists()


@pytest.mark.parametrize(
    "text",
    ["tok_visa", "Visa \u20224242", "4111111111111112", "411111111111", "pm_1NkT4R2eZvKYlo2C", "NL91ABNA0417164301",
     "Savings NL", "12345678901234567890123", "4242 4242", "M-2026-000123", "cus_9s6XKzkNRiz8i3"],
)  # fmt: skip
def test_a_token_and_what_people_see_of_it_pass(text):
    assert add(join(), token=text).token == text


@given(
    st.text(alphabet="0123456789", min_size=12, max_size=18), st.sampled_from(["", " ", "-", "."]), st.integers(1, 6)
)
def test_whatever_card_number_is_found_however_it_is_grouped(digits, between, size):
    number = digits + luhn.calc_check_digit(digits)
    written = between.join(number[start : start + size] for start in range(0, len(number), size))
    assert holds_card_number(f"a {written} b")
    assert not holds_iban(number)


@given(st.text(max_size=60))
def test_any_text_can_be_looked_through(text):
    assert holds_card_number(text) in {True, False}
    assert holds_iban(text) in {True, False}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"token": " "}, "The token is empty"),
        ({"label": ""}, "The label is empty"),
        ({"label": "x" * 81}, "The label has 81 characters"),
        ({"method": "cash"}, "'cash' is no payment method: choose one of card, ach, sepa, bank, manual"),
        ({"expiry_year": 2027}, "a month or a year alone"),
        ({"expiry_year": 2027, "expiry_month": 13}, "The expiry is no month"),
        ({"expiry_year": 27, "expiry_month": 1}, "The expiry is no month"),
        ({"expiry_year": 2027, "expiry_month": 1, "method": "sepa"}, "Only a card expires"),
        ({"mandate_reference": "M-1"}, "a reference or a date alone"),
        ({"mandate_on": date(2026, 1, 1)}, "a reference or a date alone"),
    ],
)
def test_an_instrument_that_contradicts_itself_is_refused(given, sentence):
    with pytest.raises(MalformedError, match=sentence):
        add(join(), **given)


def test_the_database_refuses_half_an_expiry():
    add(join())
    with pytest.raises(IntegrityError, match="instrument_expiry"), transaction.atomic():
        PaymentInstrument.objects.update(expiry_month=5)


def test_what_is_given_is_kept():
    sepa = add(join(), method="sepa", holder="Harbour Bakery", mandate_reference="M-1", mandate_on=date(2026, 1, 1))
    card = add(sepa.customer, token="tok_b", expiry_year=2027, expiry_month=9)
    kept = {one.token: one for one in instruments(sepa.customer)}
    assert (kept["tok_a"].holder, kept["tok_a"].mandate_reference) == ("Harbour Bakery", "M-1")
    assert kept["tok_a"].mandate_on == date(2026, 1, 1)
    assert (kept["tok_b"].expiry_year, kept["tok_b"].expiry_month) == (card.expiry_year, card.expiry_month) == (2027, 9)


def test_instruments_are_put_in_another_order():
    customer = join()
    one, *_, three = (add(customer, token=token) for token in ("c", "b", "a"))
    assert order(customer) == [(1, "a"), (2, "b"), (3, "c")]
    move_instrument(instrument=one, position=1, **BY)
    assert order(customer) == [(1, "c"), (2, "a"), (3, "b")]
    move_instrument(instrument=three, position=99, **BY)
    assert order(customer) == [(1, "c"), (2, "b"), (3, "a")]
    with pytest.raises(MalformedError, match="There is no position 0: count from 1"):
        move_instrument(instrument=one, position=0, **BY)
    assert [told["position"] for told in events("customer.instrument_moved")] == [1, 3]


def test_a_removed_instrument_is_kept_and_the_others_move_up():
    customer = join()
    gone, *_ = (add(customer, token=token) for token in ("c", "b", "a"))
    gone.refresh_from_db()
    middle = instruments(customer)[1]
    remove_instrument(instrument=middle, **BY)
    assert order(customer) == [(1, "a"), (2, "c")]
    assert PaymentInstrument.objects.filter(status="removed").count() == 1
    for attempt in (
        lambda: remove_instrument(instrument=middle, **BY),
        lambda: move_instrument(instrument=middle, position=1, **BY),
        lambda: verify_instrument(instrument=middle, **BY),
    ):
        with pytest.raises(InstrumentRemovedError, match="b was removed: add it anew"):
            attempt()


def test_a_removed_instrument_is_taken_up_again():
    customer = join()
    verify_instrument(instrument=add(customer), **BY)
    remove_instrument(instrument=instruments(customer)[0], **BY)
    again = add(customer, label="Visa, again")
    assert (again.status, again.position, again.verified_at) == ("active", 1, None)
    assert [one.label for one in instruments(customer)] == ["Visa, again"]


def test_a_verified_instrument_says_when():
    add(join())
    verify_instrument(instrument=instruments(by_number("1001"))[0], **BY)
    assert PaymentInstrument.objects.get().verified_at == BY["at"]
    assert events("customer.instrument_verified") == [{"customer": "1001", "label": "tok_a"}]


def test_no_event_holds_token_holder_or_mandate():
    customer = join()
    one = add(
        customer, token="tok_zz", label="Visa", holder="Zebulon", mandate_reference="M-77", mandate_on=date(2026, 1, 1)
    )
    move_instrument(instrument=one, position=1, **BY)
    verify_instrument(instrument=one, **BY)
    remove_instrument(instrument=one, **BY)
    told = str(list(EventRecord.objects.values_list("data")))
    assert not [secret for secret in ("tok_zz", "Zebulon", "M-77") if secret in told]


def test_a_closed_customer_gets_no_instrument():
    customer = close_customer(customer=join(), **BY)
    with pytest.raises(CustomerClosedError):
        add(customer)
