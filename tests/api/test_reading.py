"""What programs read: customers, their orders and invoices, plans; page by page, and described in one document."""

import base64
import json

import pytest
from django.test import Client
from tests.api.asking import Program, make_key
from tests.api.test_doors import said
from tests.builders import make_books, run_bills, sign_up_customer
from tests.console.visiting import few_statements

from billhook.foundation.scope import company_scope
from billhook.interfaces.api.service import ROUTES


def walk(program, address, **query):
    """Return every row of a list, page by page."""
    rows, cursor = [], ""
    while True:
        page = program.get(address, cursor=cursor, **query).json()
        rows += page["items"]
        if page["next"] is None:
            return rows
        cursor = page["next"]


def test_a_customer_with_card_and_what_is_open(company, program):
    found = program.get("customers/1001").json()
    assert (found["name"], found["account_type"], found["open"]) == ("Harbour Bakery", "business", [])
    assert found["instruments"] == [{"method": "card", "label": "Visa •4242"}]
    assert "tok_visa" not in json.dumps(found)
    assert "No customer" in said(program.get("customers/9"), 404, "unknown_customer")["detail"]


def test_customers_are_found_by_text_and_status(company, program):
    assert [one["number"] for one in program.get("customers", text="harbour").json()["items"]] == ["1001"]
    assert program.get("customers", text="nobody").json() == {"items": [], "next": None}
    assert program.get("customers", status="closed").json()["items"] == []
    told = said(program.get("customers", status="happy", limit="0"), 422, "invalid_fields")
    assert [error["field"] for error in told["errors"]] == ["limit", "status"]


def test_an_order_says_what_its_lines_are_and_cost(company, program):
    (order,) = program.get("customers/1001/orders").json()["items"]
    assert (order["plan"], order["status"], order["ends_on"]) == ("voice", "active", None)
    assert [(line["product"], line["price"]) for line in order["lines"]] == [
        ("voice-line", "€20.00"),
        ("calls", "by destination, from the rate card World"),
    ]


def test_an_invoice_says_what_is_open(committed, tmp_path):
    company = make_books(tmp_path)
    run_bills(company)
    program = Program(make_key(company))
    (invoice,) = program.get("customers/1001/invoices").json()["items"]
    assert (invoice["total"], invoice["issued_on"]) == ({"amount": "20.00", "currency": "EUR"}, "2026-03-01")
    assert invoice["open"]["currency"] == "EUR"
    with few_statements():
        program.get("customers/1001/invoices")


def test_plans_with_the_prices_in_force(company, program):
    (plan,) = program.get("plans").json()["items"]
    fee, calls = plan["items"]
    assert (plan["code"], fee["timing"], calls["timing"]) == ("voice", "in_advance", "in_arrears")
    (price,) = fee["prices"]
    assert (price["model"], price["words"], price["parameters"]) == (
        "flat",
        "€20.00",
        [{"name": "amount", "value": "20.00"}],
    )


def test_a_list_in_pages_has_each_row_once_also_while_rows_are_added(company, program):
    with company_scope(company):
        for number in range(1002, 1006):
            sign_up_customer(str(number), name=f"A{number}")
    first = program.get("customers", limit=2).json()
    assert [one["number"] for one in first["items"]] == ["1001", "1002"]
    with company_scope(company):
        sign_up_customer("0001", name="Aardvark")
    rest, cursor = [], first["next"]
    while cursor:
        page = program.get("customers", limit=2, cursor=cursor).json()
        rest, cursor = rest + page["items"], page["next"]
    assert [one["number"] for one in rest] == ["1003", "1004", "1005", "0001"]
    assert len(walk(program, "customers", limit=1)) == 6


@pytest.mark.parametrize("inside", ["", "after ", "after -1", "before 1", f"after {2**63}"])
def test_a_cursor_that_is_none_is_refused(program, inside):
    cursor = base64.urlsafe_b64encode(inside.encode()).decode() or "é"
    said(program.get("customers", cursor=cursor), 400, "bad_cursor")


@pytest.mark.parametrize("address", ["customers", "customers/1001", "customers/1001/orders", "plans"])
def test_few_statements_however_many_rows(company, program, address):
    with company_scope(company):
        for number in range(1002, 1012):
            sign_up_customer(str(number))
    with few_statements():
        assert program.get(address).status_code == 200


def schemas(value, path=""):
    """Yield every schema of a document with where it stands."""
    if isinstance(value, dict):
        if "schema" in value:
            yield f"{path}/schema", value["schema"]
        for name, part in value.get("properties", {}).items():
            yield f"{path}/{name}", part
        for name in ("items",):
            if isinstance(value.get(name), dict):
                yield f"{path}/{name}", value[name]
        for name, part in value.items():
            yield from schemas(part, f"{path}/{name}")
    if isinstance(value, list):
        for place, part in enumerate(value):
            yield from schemas(part, f"{path}/{place}")


def is_typed(schema):
    if "$ref" in schema or "const" in schema or "enum" in schema:
        return True
    for together in ("anyOf", "allOf", "oneOf"):
        if together in schema:
            return all(is_typed(part) for part in schema[together])
    if schema.get("type") == "object":
        return "properties" in schema
    if schema.get("type") == "array":
        return is_typed(schema["items"])
    return schema.get("type") in {"string", "integer", "boolean", "null"}


def test_the_document_names_every_endpoint_and_has_no_untyped_field():
    answer = Client(headers={"host": "localhost"}).get("/api/v1/openapi.json")
    document = answer.json()
    assert answer.status_code == 200
    assert len([method for methods in document["paths"].values() for method in methods]) == len(ROUTES)
    found = dict(schemas(document))
    assert len(found) > 100
    assert [place for place, schema in found.items() if not is_typed(schema)] == []


def test_the_document_says_that_a_change_needs_a_key():
    document = Client(headers={"host": "localhost"}).get("/api/v1/openapi.json").json()
    needed = {}
    for methods in document["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", []):
                if parameter["name"] == "Idempotency-Key":
                    needed[operation["operationId"]] = parameter["required"]
            assert operation["security"]
            assert {"401", "403", "422"} <= set(operation["responses"])
    assert needed == {"sign_up": True, "preview_sign_up": False}


def test_is_typed_would_notice_what_is_not():
    assert not is_typed({})
    assert not is_typed({"type": "number"})
    assert not is_typed({"type": "object"})
    assert not is_typed({"type": "array", "items": {}})
