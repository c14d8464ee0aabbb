"""The console's pages over real books: what they show, what they do, and how little they ask of the database."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import override_settings
from tests.billing.playing import MARCH, at, bill_date, load, open_books, preview
from tests.builders import call, sign_up_customer, write_calls
from tests.console.visiting import PLAIN_SITE, few_statements, member, signed_in, text_of
from tests.processes import connected_to

from billhook.billing.models import BillingRun
from billhook.customers.models import Customer
from billhook.foundation.draining import drain
from billhook.foundation.models import Company, EventRecord, Person
from billhook.foundation.scope import company_scope
from billhook.interfaces.console.views.payments import NoAmountWrittenError, amount_of
from billhook.invoicing.models import InvoiceBalance
from billhook.mediation.models import MediationBatch, SuspenseRecord
from billhook.payments.models import Payment

START = datetime(2026, 3, 2, 9)  # noqa: DTZ001 - local, as a switch writes it
BAKERY = "INV-2026-00011"
PAGES = (
    "",
    *("customers/", "customers/?q=mill&status=active&sort=-number", "customers/1001/", "customers/1007/?show=failures"),
    *("orders/", "orders/?q=KN1001", "catalog/", "catalog/?show=plans"),
    *("runs/", "runs/RUN-2026-03-01/", "runs/RUN-2026-05-01/", "runs/RUN-2026-05-01/?show=failed"),
    *("invoices/", "invoices/?status=overdue&sort=total", f"invoices/{BAKERY}/"),
    *(f"invoices/{BAKERY}/lines/1/why/", f"invoices/{BAKERY}/lines/2/why/"),
    *("payments/", "payments/?state=failing", "collections/", "mediation/", "mediation/?suspense=yes", "mediation/1/"),
    *("messages/", "audit/", "audit/?kind=settings&q=price"),
)


@pytest.fixture(autouse=True)
def plain_files():
    """Serve static files under their plain names, so that nothing has to be collected."""
    with override_settings(**PLAIN_SITE):
        yield


@pytest.fixture
def story(told_story, monkeypatch):
    """Sign the operator of the example in; what the sign-in writes is undone."""
    monkeypatch.setenv("BILLHOOK_HOME", told_story["BILLHOOK_HOME"])
    with connected_to(told_story), transaction.atomic():
        yield signed_in(Person.objects.get())
        transaction.set_rollback(True)


@pytest.fixture
def company(db, tmp_path, monkeypatch) -> Company:
    """Return a sandbox company with one customer, 1001."""
    return open_books(tmp_path, monkeypatch)


@pytest.fixture
def browser(company):
    """Return a browser in which somebody who may do everything is signed in."""
    return signed_in(member(company))


def posted(client, address: str, came_from: str = "", **given):
    """Send a form from a page and return the page to which it leads."""
    headers = {"referer": f"http://localhost/c/kestrel/{came_from}"}
    return client.post(f"/c/kestrel/{address}", given, headers=headers, follow=True)


@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_shown_with_few_statements_and_few_bytes(story, address):
    with few_statements():
        response = story.get(f"/c/kestrel/{address}")
    assert response.status_code == 200
    assert len(response.content) < 150_000
    assert b"MISSING(" not in response.content
    identifiers = re.findall(r'\sid="([^"]+)"', response.content.decode())
    assert len(identifiers) == len(set(identifiers))


def test_the_overview_adds_up(story):
    said = text_of(story.get("/c/kestrel/"))
    assert "MRR unchanged this month €200.00" in said
    assert "The run of 1 May 2026 waits for approval." in said
    assert "Run of 1 Apr 2026 10 customers, 10 invoices €250.09 Done" in said


def test_the_invoice_of_the_example_is_25_euros_and_says_why(story):
    said = text_of(story.get(f"/c/kestrel/invoices/{BAKERY}/"))
    assert "Total €25.00" in said
    assert "VoIP line 1 Apr 2026 to 30 Apr 2026 1 — €20.00" in said
    assert "Calls 1 Mar 2026 to 31 Mar 2026 6,000 s — €5.00" in said
    why = text_of(story.get(f"/c/kestrel/invoices/{BAKERY}/lines/2/why/"))
    assert "6000 s in all, rated at 5, rounded to 2 decimals (half up): 5.00 EUR." in why


def test_every_usage_record_behind_a_line_stands_in_the_file_where_the_page_says(story, told_story):
    page = story.get(f"/c/kestrel/invoices/{BAKERY}/lines/2/why/").content.decode()
    found = re.findall(r"line ([\d,]+), byte ([\d,]+)</small></td>\s*<td class=\" verbatim\">(.*?)</td>", page)
    files = Path(told_story["BILLHOOK_HOME"]).rglob("*")
    content = next(file for file in files if re.fullmatch("[0-9a-f]{64}", file.name)).read_bytes()
    assert len(found) == len(re.findall('<td class=" verbatim">', page)) > 10
    for line, offset, shown in found:
        begin = int(offset.replace(",", ""))
        original = content[begin : content.index(b"\n", begin)]
        assert content[:begin].count(b"\n") == int(line.replace(",", "")) - 1
        assert original.decode() == shown.replace("&quot;", '"').replace("&lt;", "<").replace("&gt;", ">")


def test_an_invoice_hands_over_its_document_and_its_picture(story):
    document = story.get(f"/c/kestrel/invoices/{BAKERY}/pdf/")
    assert document["Content-Type"] == "application/pdf"
    assert document["Content-Disposition"] == f'attachment; filename="{BAKERY}.pdf"'
    assert b"".join(document.streaming_content).startswith(b"%PDF-")
    picture = story.get(f"/c/kestrel/invoices/{BAKERY}/pages/1/")
    assert picture["Content-Type"].startswith("image/")
    page = story.get(f"/c/kestrel/invoices/{BAKERY}/").content.decode()
    assert f'src="/c/kestrel/invoices/{BAKERY}/pages/1/"' in page
    assert story.get(f"/c/kestrel/invoices/{BAKERY}/pages/2/").status_code == 404


def test_the_timeline_tells_the_failures_alone(story):
    whole = text_of(story.get("/c/kestrel/customers/1007/"))
    failures = text_of(story.get("/c/kestrel/customers/1007/?show=failures"))
    assert "Customer 1007 was restored: nothing is overdue any more." in whole
    assert "Customer 1007 was suspended: invoice INV-2026-00017 is unpaid." in failures
    assert "was restored" not in failures


@pytest.mark.parametrize(
    ("query", "leads_to"),
    [
        ("1007", "/c/kestrel/customers/1007/"),
        (BAKERY, f"/c/kestrel/invoices/{BAKERY}/"),
        ("old mill", "/c/kestrel/customers/?q=old+mill"),
        ("INV-2026-0001", "/c/kestrel/invoices/?q=INV-2026-0001"),
        ("P-000001", "/c/kestrel/payments/?q=P-000001"),
        ("nobody at all", "/c/kestrel/customers/?q=nobody+at+all"),
    ],
)
def test_the_search_leads_to_the_one_thing_or_to_the_list_that_has_it(story, query, leads_to):
    assert story.get("/c/kestrel/search/", {"q": query})["Location"] == leads_to


@pytest.mark.parametrize(
    "address", ["customers/9/", "invoices/X/", "runs/X/", "mediation/9/", "mediation/1/lines/1/", "nowhere/"]
)
def test_what_is_not_there_is_a_page_that_says_so(story, address):
    response = story.get(f"/c/kestrel/{address}")
    assert response.status_code == 404
    assert "This page does not exist" in text_of(response)


def test_lists_keep_their_filters_while_sorting_and_chips_keep_the_search(story):
    page = story.get("/c/kestrel/invoices/?q=mill&status=settled&page=2").content.decode()
    assert 'href="/c/kestrel/invoices/?q=mill&amp;status=settled&amp;sort=number"' in page
    assert 'href="/c/kestrel/invoices/?q=mill&amp;status=overdue"' in page
    assert '<input type="hidden" name="status" value="settled">' in page


def test_the_audit_log_shows_what_was_said_before(browser, company):
    browser.post("/c/kestrel/clock/", {"step": "day"})
    preview(company, MARCH)
    page = text_of(browser.get("/c/kestrel/audit/?kind=settings"))
    assert "The clock was moved on to" in page
    assert "op@kestrel.example" in page
    assert "run.started" not in page


def test_hostile_text_is_escaped_everywhere(browser, company):
    hostile = '<script>alert("x")</script><img src=x>'
    with company_scope(company):
        sign_up_customer("1002", name=hostile, identifiers=("KN1002<b>",))
    bill_date(company, MARCH)
    lists = ("customers/", "orders/", "invoices/", "audit/", "payments/", "messages/")
    for address in (*lists, "customers/1002/", "runs/RUN-2026-03-01/"):
        page = browser.get(f"/c/kestrel/{address}").content.decode()
        assert "<script>alert" not in page, address
        assert "<img src=x" not in page, address
    assert "&lt;script&gt;" in browser.get("/c/kestrel/customers/").content.decode()


def test_a_number_with_a_slash_has_an_address(browser, company):
    with company_scope(company):
        sign_up_customer("B/17~2F")
    page = browser.get("/c/kestrel/customers/").content.decode()
    address = re.search(r'href="(/c/kestrel/customers/B[^"]+/)"', page)
    assert address is not None
    assert "B/17~2F" in text_of(browser.get(address[1]))


def test_a_run_is_started_reviewed_and_approved(browser, company):
    page = text_of(posted(browser, "runs/start/", bill_date="2026-03-01"))
    assert "RUN-2026-03-01 was started." in page
    assert "Computing the bills" in page
    progress = browser.get("/c/kestrel/runs/RUN-2026-03-01/progress/", headers={"hx-request": "true"})
    assert 'hx-trigger="every 1s"' in progress.content.decode()
    assert "HX-Refresh" not in progress
    drain()
    progress = browser.get("/c/kestrel/runs/RUN-2026-03-01/progress/", headers={"hx-request": "true"})
    assert progress["HX-Refresh"] == "true"
    assert "hx-trigger" not in progress.content.decode()
    page = text_of(browser.get("/c/kestrel/runs/RUN-2026-03-01/"))
    assert "1 invoice · €20.00 Recurring €20.00" in page
    assert "Harbour Bakery — €20.00 +€20.00 first bill" in page
    assert "its invoices are being issued" in text_of(posted(browser, "runs/RUN-2026-03-01/approve/"))
    drain()
    with company_scope(company):
        run = BillingRun.objects.get()
        assert (run.state, run.approved_by) == ("done", "op@kestrel.example")
    assert "INV-2026-00001" in text_of(browser.get("/c/kestrel/invoices/"))


def test_a_run_is_rejected_with_its_reason(browser, company):
    preview(company, MARCH)
    page = text_of(posted(browser, "runs/RUN-2026-03-01/reject/", reason="Prices were wrong"))
    assert "is rejected; nothing was issued." in page
    assert "Rejected: Prices were wrong" in page
    with company_scope(company):
        assert BillingRun.objects.get().state == "rejected"


def test_a_refusal_is_said_on_the_page_that_asked(browser, company):
    preview(company, MARCH)
    response = posted(browser, "runs/start/", came_from="runs/", bill_date="2026-03-01")
    assert response.redirect_chain == [("http://localhost/c/kestrel/runs/", 302)]
    assert "RUN-2026-03-01 is review: finish, approve or reject it" in text_of(response)
    assert "someday is no date" in text_of(posted(browser, "runs/start/", came_from="runs/", bill_date="someday"))
    with company_scope(company):
        assert BillingRun.objects.count() == 1


def test_a_refusal_never_leads_to_another_host(browser):
    response = browser.post("/c/kestrel/runs/start/", {"bill_date": ""}, headers={"referer": "https://evil.example/"})
    assert response["Location"] == "/c/kestrel/"


def test_a_payment_is_recorded_for_the_invoice_it_was_meant_for(browser, company):
    with company_scope(company):
        sign_up_customer("1002", token="")
    bill_date(company, MARCH)
    given = {"amount": "20.00", "method": "bank_transfer", "note": "RE 2", "invoice": "INV-2026-00002"}
    page = posted(browser, "customers/1002/payments/", **given, once="a" * 32)
    assert "€20.00 of Harbour Bakery are recorded." in text_of(page)
    assert page.redirect_chain == [("/c/kestrel/invoices/INV-2026-00002/", 302)]
    assert "Bank transfer · RE 2" in text_of(page)
    with company_scope(company):
        assert InvoiceBalance.objects.get(invoice__number="INV-2026-00002").state == "settled"
        assert Payment.objects.get(method="bank_transfer").unallocated == 0


def test_an_amount_that_cannot_be_read_without_doubt_is_refused(browser, company):
    bill_date(company, MARCH)
    given = {"amount": "1,000", "method": "cash", "once": "a" * 32}
    page = posted(browser, "customers/1001/payments/", came_from="customers/1001/", **given)
    assert "1,000 is no amount: write it as 1250.00" in text_of(page)
    with company_scope(company):
        assert not Payment.objects.filter(method="cash").exists()


UNREADABLE = ("", "1,5", "1e3", "-1", "1_000", "0.001", "NaN", "\N{ARABIC-INDIC DIGIT ONE}", "1" * 14, "1.2.3")


@pytest.mark.parametrize("text", UNREADABLE)
def test_amounts_have_one_spelling(text):
    with pytest.raises(NoAmountWrittenError):
        amount_of(text, "EUR")


def test_amounts_have_the_decimals_of_their_currency():
    assert amount_of(" 25.5 ", "EUR") == Decimal("25.5")
    assert amount_of("0.125", "KWD") == Decimal("0.125")
    with pytest.raises(NoAmountWrittenError):
        amount_of("1.5", "JPY")


def test_a_usage_file_is_loaded_once(browser, company):
    content = (call("KN1001", 60, START) + call("KN9999", 30, START, ordinal=2)).encode()
    browser.post("/c/kestrel/clock/", {"step": "month"})
    for said in ("Master.csv was loaded: 1 of 2 records are rated.", "has the content of batch 1 and was not loaded"):
        upload = SimpleUploadedFile("Master.csv", content)
        page = text_of(posted(browser, "mediation/load/", source="pbx", file=upload))
        assert said in page
        assert "2 raw records = 2 decoded + 0 rejected In balance" in page
    assert "Choose a usage file" in text_of(posted(browser, "mediation/load/", source="pbx"))
    with company_scope(company):
        assert MediationBatch.objects.count() == 1


def test_a_record_in_suspense_is_mended_alone_or_with_others(browser, company, tmp_path):
    browser.post("/c/kestrel/clock/", {"step": "month"})
    lines = [call("KN9999", 60, START, ordinal=n) for n in range(4)]
    load(company, write_calls(tmp_path / "Master.csv", lines))
    page = text_of(browser.get("/c/kestrel/mediation/1/"))
    assert "No customer has this account code" in page
    assert "4 records" in page
    page = text_of(posted(browser, "mediation/1/mend/", line=["1", "2"], field="accountcode", value="KN1001"))
    assert "2 records were recycled." in page
    assert "Choose at least one record." in text_of(posted(browser, "mediation/1/mend/", field="dst", value="K"))
    page = text_of(browser.get("/c/kestrel/mediation/1/lines/3/"))
    assert "Line 3 of Master.csv" in page
    page = text_of(posted(browser, "mediation/1/lines/3/mend/", accountcode="KN1001", dst="0031201234567"))
    assert "1 record was recycled." in page
    assert "1 record was recycled; 1 waits again." in text_of(posted(browser, "mediation/1/recycle/"))
    with company_scope(company):
        assert SuspenseRecord.objects.get(line_number=3).edits == {"accountcode": "KN1001"}
        assert MediationBatch.objects.get().rated_records == 3


def test_the_clock_moves_by_a_day_a_month_and_to_the_next_event(browser, company):
    assert "It is 2 Mar 2026, 08:00 now; nothing fell due on the way." in text_of(posted(browser, "clock/", step="day"))
    posted(browser, "clock/", step="month")
    company.refresh_from_db()
    assert company.clock_at == datetime(2026, 4, 2, 6, tzinfo=UTC)  # summer time has begun; it is 8 o'clock still
    assert "Nothing falls due within a year" in text_of(posted(browser, "clock/", step="event"))
    assert "not by leap" in text_of(posted(browser, "clock/", step="leap"))


def test_the_clock_goes_to_what_falls_due_next(browser, company):
    with company_scope(company):
        sign_up_customer("1002", token="")
    bill_date(company, MARCH)
    page = text_of(posted(browser, "clock/", step="event"))
    assert "It is 16 Mar 2026, 00:00 now" in page
    board = text_of(browser.get("/c/kestrel/collections/"))
    assert "1 customer is late" in board
    assert "INV-2026-00002 due 15 Mar 2026, 1 day late" in board
    assert "Final notice on 22 Mar 2026" in board


def test_a_failing_card_is_shown_where_somebody_looks(browser, company):
    with company_scope(company):
        sign_up_customer("1007", name="Old Mill Garage", token="tok_limit_10.00")
    bill_date(company, MARCH)
    for address in ("", "payments/?state=failing", "customers/1007/", "invoices/INV-2026-00002/"):
        assert "nsufficient funds" in text_of(browser.get(f"/c/kestrel/{address}")), address
    assert "No card can be charged for INV-2026-00002" in text_of(
        posted(browser, "invoices/INV-2026-00002/charge/", came_from="invoices/INV-2026-00002/")
    )


def test_the_books_of_another_company_are_not_shown(browser, company):
    other = Company.objects.create(code="other", name="Other", currency="EUR")
    assert browser.get("/c/other/").status_code == 404
    with company_scope(other):
        assert Customer.objects.count() == 0
        assert EventRecord.objects.count() == 0


def test_dates_are_those_of_the_companys_zone(browser, company):
    company.clock_at = at(3, 31, 23)
    company.save(update_fields=["clock_at"])
    assert "Test clock · 1 Apr 2026" in text_of(browser.get("/c/kestrel/customers/"))
