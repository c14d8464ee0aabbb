"""People sign up by themselves: only where they may, once, without a card number, told what it costs beforehand."""

import re
import threading

import pytest
from django.db import IntegrityError, connection
from django.test import Client
from tests.builders import CLERK, OPENING, make_books, make_catalog, make_company, run_bills
from tests.console.visiting import few_statements, text_of
from tests.processes import connected_to

from billhook.catalog.operations.plans import retire_plan
from billhook.customers.models import Customer, PaymentInstrument
from billhook.foundation.models import Company, EventRecord
from billhook.foundation.operations import NoAccountTypeError, close_sign_up, open_sign_up
from billhook.foundation.scope import company_scope
from billhook.interfaces.portal.given import TRAP
from billhook.interfaces.portal.sign_up import PREVIEWS, SIGN_UPS

PAGE = "/kestrel/signup/voice/"
FILLED = {
    "name": "Tern Clinic",
    "email": "desk@tern.example",
    "address": "Dune Road 9\n2041 Zandvoort",
    "country": "NL",
    "vat_id": "",
    "card": "tok_visa",
}


def form_of(visitor):
    """Return what the fresh form holds, filled."""
    key = re.search(r'name="key" value="([0-9a-f]{32})"', visitor.get(PAGE).content.decode())
    return FILLED | {"key": key[1]}


def customers(company):
    with company_scope(company):
        return Customer.objects.count()


def test_the_page_says_what_the_plan_costs_and_asks_for_no_card_number(visitor):
    with few_statements():
        answer = visitor.get(PAGE)
    said = text_of(answer)
    assert answer.status_code == 200
    assert "VoIP line €20.00 each month, paid at its beginning" in said
    assert "Calls by destination, from the rate card World by use, billed each month" in said
    assert "Netherlands" in said
    assert "no card number is asked for" in said
    page = answer.content.decode()
    assert not re.search(r'autocomplete="cc-|name="(number|cvc|pan|expiry)"', page)
    assert "tok_visa" in page


def test_the_first_bill_is_computed_as_the_form_is_filled_and_leaves_nothing_behind(visitor, company):
    events = count_events(company)
    fragment = visitor.post(f"{PAGE}bill/", form_of(visitor), headers={"HX-Request": "true"})
    assert fragment.content.decode().count("<html") == 0
    assert "To pay on 1 Mar 2026 €20.00" in text_of(fragment)
    assert "€20.00" in text_of(fragment)
    assert (customers(company), count_events(company)) == (1, events)


def count_events(company):
    with company_scope(company):
        return EventRecord.objects.count()


def test_the_first_bill_needs_no_script_and_keeps_what_was_typed(visitor):
    form = form_of(visitor)
    answer = visitor.post(f"{PAGE}bill/", form)
    said = text_of(answer)
    assert "To pay on 1 Mar 2026 €20.00" in said
    assert 'value="Tern Clinic"' in answer.content.decode()
    assert form["key"] in answer.content.decode()


def test_an_empty_form_has_a_first_bill_too(visitor):
    answer = visitor.post(f"{PAGE}bill/", {"country": "not a country", "name": "x" * 5000})
    assert "To pay on" in text_of(answer)


def test_who_signs_up_sees_the_first_bill_and_what_happens_next(visitor, company):
    done = visitor.post(PAGE, form_of(visitor))
    assert done.status_code == 302
    with few_statements():
        page = visitor.get(done["Location"])
    said = text_of(page)
    assert "You are customer C-000001; your order O-000002 for VoIP begins on 1 Mar 2026" in said
    assert "To pay on 1 Mar 2026 €20.00" in said
    assert "charged to Visa test card" in said
    with company_scope(company):
        customer = Customer.objects.get(number="C-000001")
        assert (customer.email, customer.country, customer.account_type.code) == ("desk@tern.example", "NL", "business")
        assert PaymentInstrument.objects.get(customer=customer).token == "tok_visa"
        assert EventRecord.objects.get(name="customer.signed_up", customer="C-000001").actor_name == "sign-up page"


def test_a_form_that_is_sent_twice_counts_once(visitor, company):
    form = form_of(visitor)
    first, second = visitor.post(PAGE, form), visitor.post(PAGE, form | {"name": "Another"})
    assert first["Location"] == second["Location"]
    assert customers(company) == 2


@pytest.mark.parametrize("key", ["", "0" * 31, "Z" * 32, "0" * 32])
def test_a_form_without_a_sound_key_is_not_signed_up_and_nobody_guesses_a_page(visitor, company, key):
    if key != "0" * 32:
        assert visitor.post(PAGE, FILLED | {"key": key}).status_code == 409
    assert visitor.get(f"{PAGE}done/{key or '0'}/").status_code == 404
    assert customers(company) == 1


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": " "}, "Write your name, or that of your company."),
        ({"email": "nonsense"}, "Write an e-mail address such as name@example.com."),
        ({"email": ""}, "Write your e-mail address"),
        ({"address": ""}, "Write your postal address"),
        ({"country": "XX"}, "Choose your country."),
        ({"vat_id": "NL1"}, "This is no VAT id"),
        ({"card": ""}, "Choose a card."),
        ({"card": "tok_other"}, "Choose a card."),
        ({"card": "4242424242424242"}, "Choose a card."),
        ({"name": "x" * 201}, "Shorten the name to 200 characters."),
    ],
)
def test_what_is_wrong_stands_beside_its_field(visitor, company, wrong, sentence):
    answer = visitor.post(PAGE, form_of(visitor) | wrong)
    page = answer.content.decode()
    (name,) = wrong
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert f'id="sign-up-{name}-error"' in page
    assert "1 field to correct" in text_of(answer)
    assert "4242424242424242" not in page
    assert customers(company) == 1


def test_a_vat_id_is_taken_however_it_is_spaced(visitor, company):
    visitor.post(PAGE, form_of(visitor) | {"vat_id": "nl 0044.95445.B01"})
    with company_scope(company):
        assert Customer.objects.get(number="C-000001").vat_id == "NL004495445B01"


def test_what_no_person_sees_and_a_program_fills_signs_nobody_up(visitor, company):
    answer = visitor.post(PAGE, form_of(visitor) | {TRAP: "https://spam.example"})
    assert (answer.status_code, customers(company)) == (409, 1)
    assert "reload the page" in text_of(answer)


def test_a_form_of_another_site_is_refused(company):
    strict = Client(headers={"host": "localhost"}, enforce_csrf_checks=True)
    assert strict.post(PAGE, FILLED).status_code == 403
    assert customers(company) == 1


def test_an_address_signs_up_a_few_times_only(visitor, company):
    for _ in range(SIGN_UPS.most):
        assert visitor.post(PAGE, form_of(visitor)).status_code == 302
    answer = visitor.post(PAGE, form_of(visitor))
    assert (answer.status_code, customers(company)) == (429, 1 + SIGN_UPS.most)
    assert "wait an hour" in text_of(answer)
    assert visitor.post(PAGE, form_of(visitor), REMOTE_ADDR="198.51.100.7").status_code == 302


def test_an_address_asks_for_a_limited_number_of_bills(visitor, monkeypatch):
    monkeypatch.setattr(
        "billhook.interfaces.portal.sign_up.PREVIEWS", type(PREVIEWS)(what="few", most=1, within=PREVIEWS.within)
    )
    assert "To pay on" in text_of(visitor.post(f"{PAGE}bill/", FILLED))
    assert "Too many forms" in text_of(visitor.post(f"{PAGE}bill/", FILLED))


@pytest.mark.parametrize("page", [PAGE, f"{PAGE}done/{'0' * 32}/", "/kestrel/signup/fax/", "/nobody/signup/voice/"])
def test_where_nobody_may_sign_up_there_is_no_page(visitor, company, page):
    assert visitor.get("/kestrel/signup/fax/").status_code == 404
    close_sign_up(company=company, actor=CLERK, at=OPENING)
    assert visitor.get(page).status_code == 404
    assert visitor.post(PAGE, FILLED).status_code == 404
    assert visitor.post(f"{PAGE}bill/", FILLED).status_code == 404


def test_the_page_is_closed_unless_a_company_opens_it_and_both_are_told(db):
    company = make_company()
    assert not Company.objects.get().public_sign_up
    with pytest.raises(NoAccountTypeError):
        open_sign_up(company=company, account_type=" ", without_card=False, actor=CLERK, at=OPENING)
    open_sign_up(company=company, account_type="business", without_card=True, actor=CLERK, at=OPENING)
    for _ in range(2):
        close_sign_up(company=company, actor=CLERK, at=OPENING)
    with company_scope(company):
        events = EventRecord.objects.filter(name__startswith="sign_up.").order_by("id")
        assert [event.name for event in events] == ["sign_up.opened", "sign_up.closed"]


def test_the_database_holds_that_an_open_page_names_an_account_type(db):
    company = make_company()
    with pytest.raises(IntegrityError, match="company_sign_up_has_type"):
        Company.objects.filter(pk=company.pk).update(public_sign_up=True)


@pytest.fixture
def live(db):
    """Return a live company with a catalog, which no gateway serves."""
    company = make_company(sandbox=False)
    with company_scope(company):
        make_catalog()
    return company


def test_a_live_company_without_a_card_field_says_so_by_name(live):
    open_sign_up(company=live, account_type="business", without_card=False, actor=CLERK, at=OPENING)
    visitor = Client(headers={"host": "localhost"})
    answer = visitor.get(PAGE)
    assert "Kestrel Networks asks for a card, and no payment gateway is active" in text_of(answer)
    assert "<form" not in answer.content.decode()
    assert visitor.post(PAGE, FILLED | {"card": "", "key": "0" * 32}).status_code in {409, 422}
    assert customers(live) == 0


def test_a_company_that_allows_it_takes_people_without_a_card(live):
    open_sign_up(company=live, account_type="business", without_card=True, actor=CLERK, at=OPENING)
    visitor = Client(headers={"host": "localhost"})
    assert "No card is asked for" in text_of(visitor.get(PAGE))
    done = visitor.post(PAGE, form_of(visitor) | {"card": ""})
    assert "You pay it by transfer" in text_of(visitor.get(done["Location"]))
    with company_scope(live):
        assert not PaymentInstrument.objects.exists()


@pytest.fixture
def committed(own_database, monkeypatch):
    """Let this process work, and commit, in a fresh database and home."""
    monkeypatch.setenv("BILLHOOK_HOME", own_database["BILLHOOK_HOME"])
    with connected_to(own_database):
        yield own_database


def test_a_form_that_is_sent_twice_at_once_counts_once(committed, tmp_path):
    company = make_books(tmp_path)
    open_sign_up(company=company, account_type="business", without_card=False, actor=CLERK, at=OPENING)
    form, heard, barrier = form_of(Client(headers={"host": "localhost"})), [], threading.Barrier(3)

    def send():
        barrier.wait()
        try:
            heard.append(Client(headers={"host": "localhost"}).post(PAGE, form)["Location"])
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(heard) == 3
    assert len(set(heard)) == 1
    assert customers(company) == 2


def test_once_the_first_bill_is_issued_the_page_does_not_show_the_next_one(committed, tmp_path):
    company = make_books(tmp_path)
    open_sign_up(company=company, account_type="business", without_card=False, actor=CLERK, at=OPENING)
    visitor = Client(headers={"host": "localhost"})
    done = visitor.post(PAGE, form_of(visitor))["Location"]
    run_bills(company)
    said = text_of(visitor.get(done))
    assert "It is on its way to desk@tern.example" in said
    assert "To pay on" not in said


def test_a_plan_that_is_not_sold_today_is_not_found(visitor, company):
    with company_scope(company):
        retire_plan(code="voice", actor=CLERK, at=OPENING)
    assert visitor.get(PAGE).status_code == 404
    assert visitor.post(PAGE, FILLED).status_code == 404
