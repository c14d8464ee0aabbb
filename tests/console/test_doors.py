"""What the console does not let in, does not show and does not do twice."""

import re
import threading
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test import Client, override_settings
from tests.billing.playing import MARCH, bill_date, open_books, preview
from tests.console.visiting import PLAIN_SITE, member, signed_in, text_of
from tests.processes import connected_to

from billhook.billing.models import BillingRun
from billhook.customers import permissions as customers
from billhook.foundation.draining import JobsFailedError
from billhook.foundation.models import Company, Person
from billhook.foundation.permissions import all_permissions
from billhook.foundation.scope import company_scope
from billhook.interfaces.console.views import clock
from billhook.interfaces.console.views.payments import NoteTooLongError, UnknownMethodError, method_of, note_of
from billhook.invoicing import permissions as invoicing
from billhook.payments.models import Payment

KEY = "0123456789abcdef" * 2
PAID = {"amount": "5.00", "method": "cash", "note": "", "once": KEY}


@pytest.fixture(autouse=True)
def plain_files():
    """Serve static files under their plain names."""
    with override_settings(**PLAIN_SITE):
        yield


@pytest.fixture
def company(db, tmp_path, monkeypatch) -> Company:
    """Return a sandbox company with one customer, 1001."""
    return open_books(tmp_path, monkeypatch)


@pytest.fixture
def browser(company):
    """Return a browser in which somebody who may do everything is signed in."""
    return signed_in(member(company))


@pytest.fixture
def story(told_story, monkeypatch):
    """Open the books of the example; what a test writes is undone."""
    monkeypatch.setenv("BILLHOOK_HOME", told_story["BILLHOOK_HOME"])
    with connected_to(told_story), transaction.atomic():
        yield Company.objects.get()
        transaction.set_rollback(True)


def posted(client, address: str, came_from: str = "", **given):
    """Send a form from a page and return the page to which it leads."""
    headers = {"referer": f"http://localhost/c/kestrel/{came_from}"}
    return client.post(f"/c/kestrel/{address}", given, headers=headers, follow=True)


@pytest.mark.parametrize(
    "address",
    [
        "customers/?q=a%00b",
        "customers/?a%00b=q",
        "customers/10%0001/",
        "customers/10%0A01/%1b/",
        "audit/?q=%1b[31m",
        "invoices/%00/lines/1/why/",
        "search/?q=%7f",
    ],
)
def test_a_control_character_in_an_address_is_refused(browser, address):
    response = browser.get(f"/c/kestrel/{address}")
    assert response.status_code == 400
    assert "This cannot be read" in text_of(response)


@pytest.mark.parametrize(
    ("address", "field"),
    [
        ("customers/1001/payments/", "note"),
        ("runs/start/", "bill_date"),
        ("mediation/1/mend/", "value"),
        ("mediation/load/", "source"),
    ],
)
def test_a_control_character_in_a_form_is_refused(browser, address, field):
    response = browser.post(f"/c/kestrel/{address}", PAID | {field: "a\0b"})
    assert response.status_code == 400
    assert "no-store" in response["Cache-Control"]


def test_a_control_character_in_the_way_in_is_refused(company):
    client = Client(headers={"host": "localhost"})
    assert client.post("/sign-in/", {"email": "a\0@kestrel.example", "password": "x"}).status_code == 400
    assert client.get("/sign-in/a%00b/").status_code == 400
    client.cookies["sessionid"] = "a\0" * 16
    assert client.get("/").status_code == 400


def test_lines_of_a_text_may_end(browser, company):
    preview(company, MARCH)
    posted(browser, "runs/RUN-2026-03-01/reject/", reason="Prices were wrong,\r\n\ttwice")
    with company_scope(company):
        assert BillingRun.objects.get().reason == "Prices were wrong,\r\n\ttwice"


@pytest.mark.parametrize("line", ["1" * 19, "9" * 5000, "-1", "1.0", "²"])
def test_a_line_that_no_file_has_is_not_chosen(browser, line):
    assert "Choose at least one record." in text_of(posted(browser, "mediation/1/mend/", line=line, field="dst"))


@pytest.mark.parametrize("number", ["9" * 18, "9" * 30, "9" * 5000])
def test_a_number_beyond_all_tables_is_unknown(browser, number):
    assert browser.get(f"/c/kestrel/mediation/{number}/").status_code == 404
    assert browser.get(f"/c/kestrel/mediation/1/lines/{number}/").status_code == 404


@pytest.mark.parametrize("text", ["20260301", "2026-W09-7", "2026-3-1", "2026-02-30", " 2026-03-01", ""])
def test_a_date_has_one_spelling(browser, company, text):
    assert "is no date: write it as 2026-04-01." in text_of(posted(browser, "runs/start/", bill_date=text))
    with company_scope(company):
        assert not BillingRun.objects.exists()


def test_a_role_sees_of_a_customer_only_what_it_may(story):
    client = signed_in(member(story, customers.VIEW))
    said = text_of(client.get("/c/kestrel/customers/1007/"))
    assert "Next bill" in said
    assert "became customer 1007." in said
    for hidden in ("INV-", "tok_", "•", "ending in", "message", "Orders", "Invoices View", "Payments", "Usage", "MRR"):
        assert hidden not in said, hidden
    for hidden in ("Balance due", "Lifetime paid", "signed up", "was suspended", "was declined"):
        assert hidden not in said, hidden
    assert "INV-" not in text_of(client.get("/c/kestrel/customers/1007/?show=failures"))


def test_whoever_may_see_everything_sees_everything_of_a_customer(story):
    said = text_of(signed_in(Person.objects.get()).get("/c/kestrel/customers/1007/"))
    for shown in ("INV-2026-00017", "Balance due", "MRR", "Lifetime paid", "Usage", "Orders", "The message"):
        assert shown in said, shown


def test_a_role_sees_on_the_overview_only_what_it_may(story):
    said = text_of(signed_in(member(story, invoicing.VIEW)).get("/c/kestrel/"))
    assert "Largest overdue invoices" in said
    for hidden in (
        "Billing runs",
        "waits for approval",
        "Failures",
        "Failed payments",
        "Unbilled usage",
        "Collections",
    ):
        assert hidden not in said, hidden
    everything = text_of(signed_in(member(story, *all_permissions(), email="all@x.example")).get("/c/kestrel/"))
    for shown in ("Billing runs", "waits for approval", "Failures", "Failed payments", "Unbilled usage", "Collections"):
        assert shown in everything, shown


@pytest.mark.parametrize(
    "address", ["/c/kestrel/", "/c/kestrel/customers/1001/", "/c/kestrel/customers/9/", "/", "/x/"]
)
def test_no_page_is_kept_by_the_browser(browser, address):
    assert browser.get(address)["Cache-Control"] == "private, no-store"


def test_a_form_that_is_sent_twice_records_one_payment(browser, company):
    first = text_of(posted(browser, "customers/1001/payments/", **PAID))
    second = text_of(posted(browser, "customers/1001/payments/", **PAID))
    assert "€5.00 of Harbour Bakery are recorded." in first
    assert "This form was sent before" in second
    assert "of Harbour Bakery are recorded." in text_of(
        posted(browser, "customers/1001/payments/", **PAID | {"once": KEY[::-1]})
    )
    with company_scope(company):
        assert Payment.objects.filter(method="cash").count() == 2


def test_each_form_for_a_payment_has_a_key_of_its_own(browser):
    pages = [browser.get("/c/kestrel/customers/1001/").content.decode() for _ in range(2)]
    keys = {re.findall('name="once" value="([0-9a-f]{32})"', page)[0] for page in pages}
    assert len(keys) == 2


def test_a_refused_form_may_be_sent_again(browser, company):
    refused = posted(browser, "customers/1001/payments/", "customers/1001/", **PAID | {"amount": "0"})
    assert "must be above zero" in text_of(refused)
    assert "are recorded." in text_of(posted(browser, "customers/1001/payments/", **PAID))


def test_a_form_without_its_key_is_too_old(browser, company):
    for key in ("", "x", KEY + "0"):
        assert "This form is too old" in text_of(posted(browser, "customers/1001/payments/", **PAID | {"once": key}))
    with company_scope(company):
        assert not Payment.objects.filter(method="cash").exists()


def test_a_double_click_records_one_payment(own_database, monkeypatch, tmp_path):
    with connected_to(own_database):
        company = open_books(tmp_path, monkeypatch)
        cookies = signed_in(member(company)).cookies

        def click() -> None:
            client = Client(headers={"host": "localhost"})
            client.cookies.update(cookies)
            client.post("/c/kestrel/customers/1001/payments/", PAID)
            connection.close()

        clicks = [threading.Thread(target=click) for _ in range(4)]
        for one in clicks:
            one.start()
        for one in clicks:
            one.join(60)
        with company_scope(company):
            assert list(Payment.objects.filter(method="cash").values_list("amount", flat=True)) == [Decimal(5)]


def test_a_payment_is_recorded_as_it_was_written_or_not_at_all(browser, company):
    for wrong in ({"method": "barter"}, {"method": ""}, {"note": "x" * 201}, {"amount": "5,00"}, {"amount": "5.001"}):
        posted(browser, "customers/1001/payments/", **PAID | wrong)
    with company_scope(company):
        assert not Payment.objects.filter(method__in=["cash", "barter", ""]).exists()
    with pytest.raises(UnknownMethodError, match="barter is no way to pay by hand: choose one of bank transfer, cash"):
        method_of("barter")
    with pytest.raises(NoteTooLongError, match="201 characters: write at most 200"):
        note_of("x" * 201)
    assert note_of(" " + "x" * 200) == "x" * 200


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_a_run_is_not_rejected_without_a_reason(browser, company, reason):
    preview(company, MARCH)
    assert "Give a reason" in text_of(posted(browser, "runs/RUN-2026-03-01/reject/", reason=reason))
    with company_scope(company):
        assert BillingRun.objects.get().state == "review"


def test_jobs_that_fail_while_the_clock_moves_are_said_on_the_page(browser, company, monkeypatch):
    def fail(**_: object) -> int:
        raise JobsFailedError(["tests.job"])

    monkeypatch.setattr(clock, "advance_clock", fail)
    assert "Background jobs failed: tests.job." in text_of(posted(browser, "clock/", step="day"))


def test_a_bill_that_was_paid_by_hand_is_there_after_two_sends(browser, company):
    bill_date(company, MARCH)
    with company_scope(company):
        before = Payment.objects.count()
    for _ in range(3):
        posted(browser, "customers/1001/payments/", **PAID)
    with company_scope(company):
        assert Payment.objects.count() == before + 1
