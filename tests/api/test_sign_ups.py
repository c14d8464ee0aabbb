"""Signing up by program: all or nothing, once however often it is sent, explained to the cent."""

import json
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.api.asking import Program, make_key, sign_up_body
from tests.api.test_doors import said
from tests.builders import make_books, sign_up_customer
from tests.console.visiting import NOT_COUNTED, few_statements
from tests.processes import start_python

from billhook.customers.models import Customer, PaymentInstrument
from billhook.foundation import answers, clock
from billhook.foundation.jobs import forget_all
from billhook.foundation.models import EventRecord, KeptAnswer
from billhook.foundation.scope import company_scope
from billhook.orders.models import Order

OWN_STATEMENTS = 6
"""How many statements the API may add to those of the operation itself."""


def count(company, model=Customer):
    with company_scope(company):
        return model.objects.count()


def test_a_preview_explains_the_first_bill_and_leaves_nothing_behind(company, program):
    answer = program.post("sign-ups/preview", sign_up_body(), once=None)
    assert answer.status_code == 200, answer.content
    bill = answer.json()["first_bill"]
    (line,) = bill["lines"]
    assert bill["total"] == bill["due"] == {"amount": "20.00", "currency": "EUR"}
    assert (line["description"], line["period"]) == ("VoIP line", {"start": "2026-03-01", "end": "2026-04-01"})
    assert line["derivation"].endswith(": 20.00 EUR.")
    assert (count(company), count(company, Order)) == (1, 1)


def test_a_preview_takes_no_number_of_a_series(company, program):
    assert program.post("sign-ups/preview", sign_up_body("", identifiers=[]), once="look").status_code == 200
    assert program.post("sign-ups", sign_up_body("", identifiers=[])).json()["customer"] == "C-000001"


def test_a_sign_up_makes_customer_card_and_order(company, program):
    answer = program.post("sign-ups", sign_up_body())
    assert answer.status_code == 201, answer.content
    done = answer.json()
    assert (done["customer"], done["first_bill"]["total"]["amount"]) == ("2001", "20.00")
    with company_scope(company):
        order = Order.objects.get(number=done["order"])
        assert order.customer.number == "2001"
        assert PaymentInstrument.objects.filter(customer=order.customer).count() == 1
        event = EventRecord.objects.filter(customer="2001").first()
        assert event.actor_kind == "api"
        assert event.actor_name.startswith("shop (")
        assert event.request_id == answer["X-Request-ID"]


def test_what_is_left_out_comes_from_the_company(company, program):
    body = sign_up_body("", identifiers=[])
    del body["first_day"]
    del body["instrument"]
    first, second = (program.post("sign-ups", body).json() for _ in range(2))
    assert (first["customer"], second["customer"]) == ("C-000001", "C-000002")
    assert first["first_bill"]["bill_date"] == "2026-03-01"


def test_a_number_that_was_given_by_hand_is_passed_over(company, program):
    assert program.post("sign-ups", sign_up_body("C-000001")).status_code == 201
    assert program.post("sign-ups", sign_up_body("", identifiers=[])).json()["customer"] == "C-000002"


def test_the_same_request_is_answered_byte_for_byte_and_done_once(company, program):
    first = program.post("sign-ups", sign_up_body(), once="shop-1")
    again = program.post("sign-ups", json.dumps(sign_up_body(), indent=3), once="shop-1")
    assert (first.status_code, first.content, first["Content-Type"]) == (
        again.status_code,
        again.content,
        again["Content-Type"],
    )
    assert first["X-Request-ID"] != again["X-Request-ID"]
    assert count(company) == 2


def test_the_same_key_with_another_request_is_refused_by_name(company, program):
    program.post("sign-ups", sign_up_body(), once="shop-1")
    body = said(program.post("sign-ups", sign_up_body("2002"), once="shop-1"), 422, "key_reused")
    assert "shop-1" in body["detail"]
    said(program.post("sign-ups/preview", sign_up_body(), once="shop-1"), 422, "key_reused")
    assert count(company) == 2


def test_a_preview_is_kept_under_its_key_too(company, program):
    first = program.post("sign-ups/preview", sign_up_body(), once="look")
    with company_scope(company):
        assert bytes(KeptAnswer.objects.get(key="look").body) == first.content
    assert program.post("sign-ups/preview", sign_up_body(), once="look").content == first.content


def test_a_key_is_a_companys_own(company, program, tmp_path):
    other = make_books(tmp_path / "other", code="merlin")
    elsewhere = Program(make_key(other, name="other"), "merlin")
    assert program.post("sign-ups", sign_up_body(), once="shop-1").status_code == 201
    assert elsewhere.post("sign-ups", sign_up_body("2002"), once="shop-1").status_code == 201


def test_a_refusal_keeps_nothing_so_that_the_mended_request_may_use_the_key(company, program):
    said(program.post("sign-ups", sign_up_body(plan="fax"), once="shop-1"), 422, "unknown_plan")
    assert count(company, KeptAnswer) == 0
    assert program.post("sign-ups", sign_up_body(), once="shop-1").status_code == 201


def test_an_answer_is_kept_for_24_hours(company, program):
    program.post("sign-ups", sign_up_body(), once="shop-1")
    with company_scope(company):
        KeptAnswer.objects.update(kept_at=clock.now() - answers.LASTS + timedelta(minutes=1))
        assert answers.forget(clock.now()) == 0
        KeptAnswer.objects.update(kept_at=clock.now() - answers.LASTS)
    said(program.post("sign-ups", sign_up_body(), once="shop-1"), 409, "customer_exists")
    forget_all(0)
    assert count(company, KeptAnswer) == 0


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"plan": "fax"}, 422, "unknown_plan"),
        ({"identifiers": ["KN1001"]}, 409, "identifier_taken"),
        ({"first_day": "2030-01-01"}, 422, "far_day"),
        ({"first_day": "2025-12-31"}, 422, "no_price"),
        ({"instrument": {"token": "4242 4242 4242 4242", "label": "Visa"}}, 422, "card_number"),
        ({"instrument": {"token": "tok_visa", "label": "4242424242424242"}}, 422, "card_number"),
    ],
)
def test_what_is_refused_says_so_and_changes_nothing(company, program, changes, status, code):
    before = {model: count(company, model) for model in (Customer, Order, EventRecord, KeptAnswer)}
    for address in ("sign-ups", "sign-ups/preview"):
        body = said(program.post(address, sign_up_body() | changes), status, code)
        assert "4242" not in body["detail"]
        assert body["detail"].endswith(".")
    assert {model: count(company, model) for model in before} == before


def test_a_taken_number_and_an_unknown_account_type_are_refused(company, program):
    said(program.post("sign-ups", sign_up_body("1001", identifiers=[])), 409, "customer_exists")
    body = sign_up_body()
    body["customer"]["account_type"] = "nobility"
    said(program.post("sign-ups", body), 422, "unknown_account_type")


def test_every_wrong_field_is_named_and_nothing_is_repeated(company, program):
    body = sign_up_body(plan="", first_day="tomorrow", colour="blue")
    body["customer"] |= {"email": "secret-nonsense", "country": "nl", "zone": "Mars/Olympus", "due_days": "soon"}
    del body["customer"]["name"]
    answer = program.post("sign-ups", body)
    told = said(answer, 422, "invalid_fields")
    assert {error["field"] for error in told["errors"]} == {
        *("plan", "first_day", "colour", "customer.email", "customer.country", "customer.zone", "customer.due_days"),
        "customer.name",
    }
    assert "secret-nonsense" not in answer.content.decode()
    assert count(company) == 1


def statements_of(work):
    """Return how many statements a piece of work needs; savepoints and settings do not count."""
    with CaptureQueriesContext(connection) as captured:
        work()
    return len([query for query in captured if not NOT_COUNTED.match(query["sql"])])


def test_the_api_adds_few_statements_to_those_of_the_operation(company, program):
    def sign_up_directly():
        with company_scope(company):
            sign_up_customer("3001")

    own = statements_of(sign_up_directly)
    assert statements_of(lambda: program.post("sign-ups", sign_up_body())) <= own + OWN_STATEMENTS
    assert statements_of(lambda: program.post("sign-ups/preview", sign_up_body("2002"))) <= own + OWN_STATEMENTS


def test_an_answer_that_was_kept_costs_few_statements(company, program):
    program.post("sign-ups", sign_up_body(), once="kept")
    with few_statements():
        assert program.post("sign-ups", sign_up_body(), once="kept").status_code == 201


def test_two_at_once_do_it_once_and_hear_the_same(committed, tmp_path):
    company = make_books(tmp_path)
    program, heard, barrier = Program(make_key(company)), [], threading.Barrier(4)

    def ask():
        barrier.wait()
        try:
            heard.append(Program(program.key).post("sign-ups", sign_up_body(), once="shop-1"))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in heard] == [201] * 4
    assert len({answer.content for answer in heard}) == 1
    with company_scope(company):
        assert Customer.objects.filter(number="2001").count() == 1


DIES = """
import json, os, sys
from unittest.mock import patch
from tests.api.asking import Program, sign_up_body
from billhook.foundation import answers

def die(key, **kept):
    answers_keep(key, **kept)
    os._exit(9)

answers_keep = answers.keep
with patch.object(answers, "keep", die):
    Program(sys.argv[1]).post("sign-ups", sign_up_body(), once="shop-1")
"""


def test_a_kill_before_the_commit_leaves_neither_customer_nor_answer(committed, tmp_path):
    company = make_books(tmp_path)
    key = make_key(company)
    process = start_python(committed, DIES, key)
    process.communicate(timeout=120)
    assert process.returncode == 9
    assert (count(company), count(company, KeptAnswer)) == (1, 0)
    assert Program(key).post("sign-ups", sign_up_body(), once="shop-1").status_code == 201
    assert (count(company), count(company, KeptAnswer)) == (2, 1)
