"""The sign-up page in a real browser, phone first: open to everybody, light, alone on its host, with the keyboard."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.browser.test_console_browser import (
    ARGUMENTS,
    DESKTOP,
    MOST_BYTES,
    PHONE,
    Watched,
    fits,
    served_at,
    show,
    tab_to,
    watch,
)
from tests.database import ROOT, fresh_database
from tests.processes import run_python

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PAGE = "/kestrel/signup/voice/"
BOOKS = """
import sys
from pathlib import Path
from tests.builders import CLERK, OPENING, make_books
from billhook.foundation.operations import open_sign_up

company = make_books(Path(sys.argv[1]))
open_sign_up(company=company, account_type="business", without_card=False, actor=CLERK, at=OPENING)
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[str]:
    """Serve small books with an open sign-up page, and return where."""
    folder = tmp_path_factory.mktemp("signup")
    with fresh_database(folder / "home") as environment:
        run_python(environment, BOOKS, str(folder))
        command = [sys.executable, "-m", "billhook", "serve", "--port", "0"]
        server = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        try:
            yield served_at(server)
        finally:
            server.terminate()
            server.wait(timeout=30)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Return Debian's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def phone(chromium, served) -> Iterator[Watched]:
    """Open a phone that was never here before, and fail on any error and any request to another host."""
    context = chromium.new_context(viewport=PHONE)
    context.set_default_timeout(15_000)
    seen = watch(context, served)
    yield seen
    context.close()
    assert seen.troubles == []


def is_open_to_everybody(page: Page) -> bool:
    """Return whether a page fits and holds no barrier, on a phone and on a desk."""
    for size in (DESKTOP, PHONE):
        page.set_viewport_size(size)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert fits(page)
    return True


def fill(page: Page) -> None:
    """Fill the form as somebody would."""
    page.get_by_label("Your name or company").fill("Tern Clinic")
    page.get_by_label("E-mail").fill("desk@tern.example")
    page.get_by_label("Street, postal code and town").fill("Dune Road 9\n2041 Zandvoort")
    page.get_by_label("Country").select_option("NL")
    page.get_by_label("Card").select_option("tok_visa")


def test_the_page_is_light_and_shows_the_first_bill_by_itself(phone, served):
    page = show(phone, served, PAGE)
    expect(page.get_by_text("To pay on 1 Mar 2026")).to_be_visible()
    assert phone.bytes <= MOST_BYTES
    assert is_open_to_everybody(page)


def test_somebody_signs_up_on_a_phone(phone, served):
    page = show(phone, served, PAGE)
    fill(page)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Welcome, Tern Clinic")).to_be_visible()
    expect(page.get_by_text("To pay on 1 Mar 2026")).to_be_visible()
    assert is_open_to_everybody(page)


def test_the_keyboard_alone_signs_somebody_up(phone, served):
    page = show(phone, served, PAGE)
    tab_to(page, page.get_by_label("Your name or company"))
    for text in ("Tern Clinic", "desk@tern.example", "Dune Road 9"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.type("Netherlands")
    tab_to(page, page.get_by_label("Card"))
    page.keyboard.type("Visa")
    page.wait_for_load_state("networkidle")
    tab_to(page, page.get_by_label("E-mail"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Welcome, Tern Clinic")).to_be_visible()


def test_what_is_wrong_is_read_out_and_stands_beside_its_field(phone, served):
    page = show(phone, served, PAGE)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("alert")).to_contain_text("5 fields to correct; you are not signed up yet.")
    expect(page.get_by_label("E-mail")).to_have_attribute("aria-invalid", "true")
    assert is_open_to_everybody(page)
    assert [trouble for trouble in phone.troubles if "422" not in trouble] == []
    phone.troubles.clear()


def test_without_scripts_the_first_bill_is_one_button_away(chromium, served):
    context = chromium.new_context(viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{served}{PAGE}")
    fill(page)
    page.get_by_role("button", name="Compute my first bill").click()
    expect(page.get_by_text("To pay on 1 Mar 2026")).to_be_visible()
    expect(page.get_by_label("Your name or company")).to_have_value("Tern Clinic")
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Welcome, Tern Clinic")).to_be_visible()
    context.close()
