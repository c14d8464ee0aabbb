"""Who may see the console: nobody without signing in, nobody beyond their role, nobody in another company."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from tests.builders import make_company
from tests.console.visiting import PLAIN_SITE, member, signed_in, text_of

from billhook.billing import permissions as billing
from billhook.billing.models import BillingRun
from billhook.core.errors import Refusal
from billhook.customers import permissions as customers
from billhook.foundation.models import Company, EventRecord, SignInLink
from billhook.foundation.operations import make_sign_in_link
from billhook.foundation.permissions import Permission, all_permissions
from billhook.foundation.scope import company_scope
from billhook.interfaces.console.access import PUBLIC, Action, Open, Page
from billhook.interfaces.console.views.signing import FAILURES, Failures

NOTHING = Permission("tests.nothing", "do nothing at all")
ARGUMENTS = {"company": "kestrel", "number": 1, "sheet": 1, "ordinal": 1, "line": 1, "token": "x"}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def plain_files():
    """Serve static files under their plain names, and forget earlier failures."""
    FAILURES.seen.clear()
    with override_settings(**PLAIN_SITE):
        yield


@pytest.fixture
def company(db) -> Company:
    """Return a company without any books."""
    return make_company()


def patterns(found: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    """Yield every address, however deep it lies."""
    for one in found:
        yield from patterns(one.url_patterns) if isinstance(one, URLResolver) else [one]


ROUTED = [pattern for pattern in patterns(get_resolver().url_patterns) if isinstance(pattern.callback, Page | Action)]


def address(pattern: URLPattern) -> str:
    """Return an address that a pattern answers."""
    names = pattern.pattern.converters
    return reverse(f"console:{pattern.name}", kwargs={"company": "kestrel"} | {name: ARGUMENTS[name] for name in names})


def asked(client: Client, pattern: URLPattern):
    """Ask for a page, or send an empty form where it is an action."""
    return client.post(address(pattern)) if isinstance(pattern.callback, Action) else client.get(address(pattern))


def test_every_address_says_its_permission():
    known = {*all_permissions(), PUBLIC}
    routed = [one for one in patterns(get_resolver().url_patterns) if isinstance(one.callback, Page | Action | Open)]
    assert len(routed) > 30
    assert {found.callback.permission for found in routed} <= known
    opened = {found.name for found in routed if found.callback.permission is PUBLIC}
    console = {"home", "sign-in", "sign-in-link", "sign-out"}
    others = {"document", "unknown", "unknown-root", "sign-up", "first-bill", "signed-up"}
    assert opened == console | others


@pytest.mark.parametrize("pattern", ROUTED, ids=lambda found: found.name)
def test_nobody_gets_in_without_signing_in(company, pattern):
    response = asked(Client(headers={"host": "localhost"}), pattern)
    assert response.status_code == 302
    assert response["Location"] == f"/sign-in/?next={address(pattern)}"


@pytest.mark.parametrize("pattern", ROUTED, ids=lambda found: found.name)
def test_nobody_gets_beyond_their_role(company, pattern):
    response = asked(signed_in(member(company, NOTHING)), pattern)
    assert response.status_code == 403
    assert pattern.callback.permission.code in text_of(response)


@pytest.mark.parametrize("pattern", ROUTED, ids=lambda found: found.name)
def test_nobody_learns_of_another_company(company, pattern):
    response = asked(signed_in(member(make_company("other"))), pattern)
    assert response.status_code == 404


@pytest.mark.parametrize("pattern", ROUTED, ids=lambda found: found.name)
def test_what_is_posted_cannot_be_fetched_nor_the_other_way_round(company, pattern):
    client = signed_in(member(company))
    wrong = client.get if isinstance(pattern.callback, Action) else client.post
    assert wrong(address(pattern)).status_code == 405


def test_an_action_needs_more_than_the_right_to_look(company):
    client = signed_in(member(company, customers.VIEW, billing.VIEW))
    assert client.get("/c/kestrel/runs/").status_code == 200
    assert "Start billing run" not in text_of(client.get("/c/kestrel/runs/"))
    assert client.post("/c/kestrel/runs/start/", {"bill_date": "2026-03-01"}).status_code == 403
    with company_scope(company):
        assert not BillingRun.objects.exists()


def test_the_side_bar_shows_what_a_role_may_see(company):
    page = text_of(signed_in(member(company, customers.VIEW)).get("/c/kestrel/customers/"))
    assert "Customers" in page
    assert "Audit log" not in page
    assert "One month" not in page


def test_a_form_from_elsewhere_is_refused(company):
    client = Client(enforce_csrf_checks=True, headers={"host": "localhost"})
    client.force_login(member(company))
    assert client.post("/c/kestrel/runs/start/", {"bill_date": "2026-03-01"}).status_code == 403
    assert client.post("/sign-in/", {"email": "a@b.example", "password": "x"}).status_code == 403


def test_an_operator_sees_the_resellers_below_and_they_not_the_operator(company):
    reseller = make_company("reseller", parent=company)
    above, below = member(company), member(reseller, email="below@kestrel.example")
    assert signed_in(above).get("/c/reseller/customers/").status_code == 200
    assert 'href="/c/reseller/"' in signed_in(above).get("/c/kestrel/customers/").content.decode()
    assert signed_in(below).get("/c/kestrel/customers/").status_code == 404


def test_somebody_signs_in_by_password_and_arrives_where_they_were_going(company):
    member(company, password="correct horse")
    client = Client(headers={"host": "localhost"})
    given = {"email": "Op@Kestrel.example ", "password": "correct horse", "next": "/c/kestrel/customers/"}
    assert client.post("/sign-in/", given)["Location"] == "/c/kestrel/customers/"
    assert client.get("/c/kestrel/customers/").status_code == 200
    assert client.post("/sign-out/")["Location"] == "/sign-in/"
    assert client.get("/c/kestrel/customers/").status_code == 302


def test_nobody_is_led_to_another_host(company):
    member(company, password="correct horse")
    given = {"email": "op@kestrel.example", "password": "correct horse", "next": "https://evil.example/"}
    assert Client(headers={"host": "localhost"}).post("/sign-in/", given)["Location"] == "/"


def test_home_leads_to_the_first_page_that_a_role_may_see(company):
    assert Client(headers={"host": "localhost"}).get("/")["Location"] == "/sign-in/"
    assert signed_in(member(company)).get("/")["Location"] == "/c/kestrel/"
    clerk = member(company, billing.VIEW, email="clerk@kestrel.example")
    assert signed_in(clerk).get("/")["Location"] == "/c/kestrel/runs/"


def test_somebody_without_a_role_is_told_what_to_do(company):
    person = member(company)
    person.memberships.all().delete()
    assert "ask an administrator for one" in text_of(signed_in(person).get("/"))


def test_the_sixth_attempt_is_refused_whatever_the_password(company):
    member(company, password="correct horse")
    client = Client(headers={"host": "localhost"})
    for _ in range(5):
        response = client.post("/sign-in/", {"email": "op@kestrel.example", "password": "wrong"})
        assert response.status_code == 400
        assert "E-mail and password do not match." in text_of(response)
    response = client.post("/sign-in/", {"email": "op@kestrel.example", "password": "correct horse"})
    assert response.status_code == 429
    assert "wait fifteen minutes" in text_of(response)
    other = member(company, email="other@kestrel.example", password="correct horse").email
    assert client.post("/sign-in/", {"email": other, "password": "correct horse"}).status_code == 302


def test_failures_are_forgotten_after_fifteen_minutes():
    failures = Failures()
    for minute in range(5):
        failures.add("a@kestrel.example", NOON + timedelta(minutes=minute))
    with pytest.raises(Refusal):
        failures.check("a@kestrel.example", NOON + timedelta(minutes=14, seconds=59))
    failures.check("a@kestrel.example", NOON + timedelta(minutes=15))
    failures.check("b@kestrel.example", NOON)
    failures.forget(NOON + timedelta(hours=1))
    assert not failures.seen


def test_a_link_signs_in_once(company):
    token = make_sign_in_link(person=member(company))
    assert Client(headers={"host": "localhost"}).head(f"/sign-in/{token}/").status_code == 405
    client = Client(headers={"host": "localhost"})
    assert client.get(f"/sign-in/{token}/")["Location"] == "/"
    assert client.get("/c/kestrel/customers/").status_code == 200
    stranger = Client(headers={"host": "localhost"})
    assert "This sign-in link has been used or is too old" in text_of(stranger.get(f"/sign-in/{token}/", follow=True))
    assert stranger.get("/c/kestrel/customers/").status_code == 302


def test_a_link_that_is_too_old_signs_nobody_in(company):
    token = make_sign_in_link(person=member(company))
    SignInLink.objects.update(expires_at=NOON - timedelta(days=900))
    client = Client(headers={"host": "localhost"})
    assert client.get(f"/sign-in/{token}/")["Location"] == "/sign-in/"
    assert client.get("/")["Location"] == "/sign-in/"


def test_every_answer_has_an_id_and_a_strict_policy(company):
    client = signed_in(member(company))
    response = client.get("/c/kestrel/customers/", headers={"x-request-id": "trace-1.a"})
    assert response["X-Request-ID"] == "trace-1.a"
    policy = response["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    for unsound in ("a b", "x" * 41, "<script>", ""):
        assert client.get("/sign-in/", headers={"x-request-id": unsound})["X-Request-ID"] != unsound
    assert client.get("/nowhere/")["X-Request-ID"] != client.get("/nowhere/")["X-Request-ID"]


def test_events_carry_the_id_of_the_request_that_caused_them(company):
    client = signed_in(member(company))
    client.post("/c/kestrel/runs/start/", {"bill_date": "2026-03-01"}, headers={"x-request-id": "trace-2"})
    with company_scope(company):
        started = EventRecord.objects.get(name="run.started")
    assert (started.request_id, started.actor_kind, started.actor_name) == ("trace-2", "person", "op@kestrel.example")
