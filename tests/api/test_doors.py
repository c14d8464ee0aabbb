"""Who gets in, to which company, for what; and what cannot be read at the door."""

import json
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import override_settings
from tests.api.asking import Program, make_key, sign_up_body
from tests.builders import CLERK, OPENING, make_company

from billhook.catalog import permissions as catalog
from billhook.foundation import attempts, clock, keys
from billhook.foundation.models import ApiKey, AttemptCount, EventRecord
from billhook.foundation.operations import KeyNameTakenError, UnknownKeyError, create_api_key, revoke_api_key
from billhook.foundation.permissions import all_permissions
from billhook.foundation.queries import UnknownRoleError, role_by_code
from billhook.foundation.scope import company_scope
from billhook.interfaces.api.keyholders import FAILURES
from billhook.interfaces.api.service import ROUTES, SIGNING_UP, doors
from billhook.orders import permissions as orders


def said(answer, status, code):
    """Return what a problem says, once it is the problem that was expected."""
    body = json.loads(answer.content)
    assert (answer.status_code, body["code"]) == (status, code), body
    assert answer["Content-Type"] == "application/problem+json"
    assert body["status"] == status
    assert body["type"] == f"urn:billhook:problem:{code}"
    assert body["request_id"] == answer["X-Request-ID"]
    return body


@pytest.mark.parametrize("key", ["", "bh_", "nonsense", f"bh_{'0' * 12}_{'a' * 43}", "bh_\N{SNOWMAN}"])
def test_without_a_working_key_nobody_gets_in(company, key):
    answer = Program(key.encode().decode("latin-1")).get("customers")
    said(answer, 401, "no_key")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_one_letter_more_or_another_secret_is_another_key(company, program):
    said(Program(program.key + "a").get("customers"), 401, "no_key")
    wrong = "A" if program.key[-1] != "A" else "B"
    said(Program(program.key[:-1] + wrong).get("customers"), 401, "no_key")
    assert program.get("customers").status_code == 200


def test_a_revoked_key_opens_nothing_and_its_name_is_free_again(company, program):
    with pytest.raises(KeyNameTakenError, match="revoke it first"):
        make_key(company)
    prefix = ApiKey.objects.get().prefix
    revoke_api_key(company=company, prefix=prefix, actor=CLERK, at=OPENING)
    said(program.get("customers"), 401, "no_key")
    with pytest.raises(UnknownKeyError, match=prefix):
        revoke_api_key(company=company, prefix=prefix, actor=CLERK, at=OPENING)
    assert make_key(company) != program.key


def test_the_key_stands_nowhere_in_the_database(company, program):
    row, secret = ApiKey.objects.get(), program.key.rpartition("_")[2]
    assert secret not in "".join(str(getattr(row, field.attname)) for field in row._meta.fields)
    with company_scope(company):
        events = EventRecord.objects.filter(name__startswith="api_key.")
        assert [secret in str(event.data) for event in events] == [False]


def test_a_key_opens_its_own_company_alone(company, program):
    make_company("merlin")
    body = said(Program(program.key, "merlin").get("customers"), 404, "unknown_company")
    nowhere = said(Program(program.key, "nowhere").get("customers"), 404, "unknown_company")
    assert body["detail"].replace("merlin", "nowhere") == nowhere["detail"]


def test_a_role_that_does_not_allow_it_is_told_what_is_missing(company):
    reader = Program(make_key(company, catalog.VIEW, name="reader"))
    assert reader.get("plans").status_code == 200
    assert "customers.view" in said(reader.get("customers"), 403, "not_allowed")["detail"]
    half = Program(make_key(company, orders.CHANGE, name="half"))
    assert "customers.change" in said(half.post("sign-ups", sign_up_body()), 403, "not_allowed")["detail"]


def test_an_unknown_role_is_named_beside_those_there_are(company, program):
    with pytest.raises(UnknownRoleError, match="role-shop"):
        role_by_code("nobody")


def test_a_key_needs_a_name(company):
    with pytest.raises(ValidationError):
        make_key(company, name=" ")


def test_too_many_failures_from_one_address_have_to_wait_and_a_working_key_has_not(company, program):
    for _ in range(FAILURES.most):
        said(Program("").get("customers"), 401, "no_key")
    answer = Program("").get("customers")
    said(answer, 429, "too_many_failures")
    assert answer["Retry-After"] == "300"
    assert program.get("customers").status_code == 200
    other = Program("").client.get("/api/v1/kestrel/customers", REMOTE_ADDR="198.51.100.7")
    assert other.status_code == 401


def test_failures_are_forgotten_and_no_address_is_kept(db):
    at = clock.now()
    allowed = [attempts.passes(FAILURES, "198.51.100.7", at=at) for _ in range(FAILURES.most + 1)]
    assert allowed == [True] * FAILURES.most + [False]
    assert attempts.passes(FAILURES, "198.51.100.7", at=at + FAILURES.within)
    assert "198.51" not in str(AttemptCount.objects.values().get())
    assert attempts.forget(at + timedelta(days=2)) == 1


def test_who_forwards_is_believed_only_for_proxies_of_our_own(company):
    def ask(forwarded):
        return Program("").client.get("/api/v1/kestrel/plans", headers={"X-Forwarded-For": forwarded})

    for place in range(FAILURES.most):
        ask(f"203.0.113.{place}")
    assert ask("203.0.113.99").status_code == 429
    with override_settings(PROXIES=1):
        assert ask("203.0.113.99").status_code == 401
        assert ask("203.0.113.0, 203.0.113.98").status_code == 401


def test_every_address_answers_with_problems_never_with_pages(company, program):
    said(program.get("nothing"), 404, "unknown_address")
    said(program.client.get("/api/v1/"), 404, "unknown_address")
    said(program.client.get("/api/v2/kestrel/plans"), 404, "unknown_address")
    said(program.client.delete(program.url("plans"), headers=program.headers()), 405, "wrong_method")
    said(program.get("customers", text="a\x00b"), 400, "bad_request")


def test_a_fault_of_our_own_is_a_problem_too(company, program, monkeypatch):
    monkeypatch.setattr(keys, "owner_of", None)
    said(program.get("plans"), 500, "broken")


def test_a_request_id_of_the_callers_own_is_kept(company, program):
    answer = program.client.get(program.url("plans"), headers=program.headers() | {"X-Request-ID": "shop-7"})
    assert answer["X-Request-ID"] == "shop-7"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("{" + " " * 70_000 + "}", 413, "too_large"),
        ('{"a":' * 9 + "1" + "}" * 9, 400, "bad_json"),
        ("[" * 60_000, 400, "bad_json"),
        ('{"a": 0.1}', 400, "bad_json"),
        ('{"a": 1e3}', 400, "bad_json"),
        ('{"a": NaN}', 400, "bad_json"),
        ('{"a": 1, "a": 2}', 400, "bad_json"),
        ('{"a": "\\u0000"}', 400, "bad_json"),
        ('{"a": "\\ud800"}', 400, "bad_json"),
        (b'{"a": "\xff"}', 400, "bad_json"),
        ("[]", 400, "bad_json"),
        ("", 415, "not_json"),
        ("{", 400, "bad_json"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_by_name(program, body, status, code):
    said(program.post("sign-ups/preview", body), status, code)


def test_brackets_in_texts_do_not_nest(program):
    body = sign_up_body()
    body["customer"]["name"] = '[[[[[[[[[[{{{{{{{"\\'
    assert program.post("sign-ups/preview", body).status_code == 200


def test_a_form_is_no_json(program):
    answer = program.client.post(program.url("sign-ups"), {"plan": "voice"}, headers=program.headers())
    said(answer, 415, "not_json")


@pytest.mark.parametrize("key", [None, "x" * 129, "a\tb"])
def test_a_change_needs_a_sound_idempotency_key(program, key):
    said(program.post("sign-ups", sign_up_body(), once=key), 400, "no_idempotency_key")


def test_a_key_of_another_company_may_have_the_same_name(company, program):
    other = make_company("merlin")
    assert create_api_key(company=other, name="shop", role=role_by_code("role-shop"), actor=CLERK, at=OPENING)


def test_every_endpoint_has_a_door_and_every_door_known_permissions():
    found = doors()
    assert {name for _, _, name in found} == set(ROUTES)
    for _, door, _ in found:
        assert set(door.route.permissions) <= set(all_permissions())
        assert door.route.method == "GET" or door.route.permissions == SIGNING_UP


@pytest.mark.parametrize("route", sorted(ROUTES))
def test_no_endpoint_is_reached_without_its_permissions(company, route):
    of_customer = {name: f"customers/1001/{name}" for name in ("orders", "invoices")}
    address = {"customer": "customers/1001", "sign-up-preview": "sign-ups/preview", **of_customer}.get(route, route)
    others = [one for one in all_permissions() if one not in ROUTES[route].permissions]
    program = Program(make_key(company, *others, name="others"))
    answer = program.get(address) if ROUTES[route].method == "GET" else program.post(address, sign_up_body())
    said(answer, 403, "not_allowed")
