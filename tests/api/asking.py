"""What the tests of the API do again and again: a key, a request under it, the body of a sign-up."""

import json
import uuid

from django.test import Client
from tests.builders import CLERK, OPENING

from billhook.foundation.models import Company
from billhook.foundation.operations import create_api_key, define_role
from billhook.foundation.permissions import all_permissions


def make_key(company: Company, *permissions, name: str = "shop") -> str:
    """Return a key to a company that allows these things, all things unless any is named."""
    role = define_role(code=f"role-{name}", name="Role", permissions=permissions or all_permissions())
    return str(create_api_key(company=company, name=name, role=role, actor=CLERK, at=OPENING))


class Program:
    """A program with a key to a company."""

    def __init__(self, key: str, company: str = "kestrel") -> None:
        self.client = Client(headers={"host": "localhost"}, raise_request_exception=False)
        self.key, self.company = key, company

    def get(self, address: str, **query):
        return self.client.get(self.url(address), query, headers=self.headers())

    def post(self, address: str, body, *, once: str | None = "", **headers):
        """Post a body; `once` is the idempotency key: a fresh one unless given, none for None."""
        content = body if isinstance(body, str | bytes) else json.dumps(body)
        given = {} if once is None else {"Idempotency-Key": once or uuid.uuid4().hex}
        return self.client.post(
            self.url(address), content, content_type="application/json", headers=self.headers() | given | headers
        )

    def url(self, address: str) -> str:
        return f"/api/v1/{self.company}/{address}"

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}


def sign_up_body(number: str = "2001", **changes):
    """Return the body of a sign-up; `changes` replace its parts."""
    body = {
        "customer": {"number": number, "name": "Tern Clinic", "account_type": "business", "email": "a@tern.example"},
        "plan": "voice",
        "first_day": "2026-03-01",
        "instrument": {"token": "tok_visa", "label": "Visa •4242"},
        "identifiers": [f"KN{number}"],
    }
    return body | changes
