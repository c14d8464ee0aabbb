"""The console in a real browser: no error, no other host, nobody kept out, and the keyboard is enough."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright
from tests.database import ROOT, fresh_database
from tests.processes import run_python

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

ARGUMENTS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
MOST_BYTES = 200_000
TOKEN = """
from billhook.foundation.models import Person
from billhook.foundation.operations import make_sign_in_link
print(make_sign_in_link(person=Person.objects.get()))
"""
INVOICE = "INV-2026-00011"
PAGES = (
    *("", "customers/", "customers/1001/", "customers/1007/?show=failures", "orders/"),
    *("catalog/", "catalog/?show=plans"),
    *("runs/", "runs/RUN-2026-05-01/", "invoices/", "invoices/?status=overdue", f"invoices/{INVOICE}/"),
    *(f"invoices/{INVOICE}/lines/2/why/", "payments/", "collections/", "mediation/", "mediation/1/"),
    *("mediation/1/lines/98/", "messages/", "audit/"),
)


@dataclass
class Watched:
    """A page, and what went wrong on it or left it."""

    page: Page
    troubles: list[str] = field(default_factory=list)
    bytes: int = 0


@pytest.fixture(scope="module")
def console(tmp_path_factory) -> Iterator[tuple[str, str]]:
    """Play the example in a database of its own, serve it with a worker, and return where, and a link's token."""
    with fresh_database(tmp_path_factory.mktemp("served")) as environment:
        command = [sys.executable, "-m", "billhook"]
        subprocess.run(
            [*command, "demo", "--once"], env=environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, timeout=300
        )
        server = subprocess.Popen(
            [*command, "serve", "--port", "0"], env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        try:
            yield served_at(server), run_python(environment, TOKEN).split()[-1]
        finally:
            server.terminate()
            server.wait(timeout=30)


def served_at(server: subprocess.Popen[str]) -> str:
    """Return where the console says that it is, once it answers there."""
    assert server.stdout is not None
    said = re.search(r"http://([\d.]+):(\d+)", server.stdout.readline())
    assert said is not None
    for _ in range(150):
        connection = HTTPConnection(said[1], int(said[2]), timeout=5)
        try:
            connection.request("GET", "/sign-in/")
        except ConnectionError:
            time.sleep(0.2)
        else:
            return said[0]
        finally:
            connection.close()
    raise TimeoutError(said[0])


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Return Debian's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def session(console, chromium) -> dict:
    """Return the cookies of somebody who came in by the link, which works once."""
    where, token = console
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{where}/sign-in/{token}/")
    assert page.url == f"{where}/c/kestrel/"
    page.goto(f"{where}/sign-in/{token}/")
    expect(page.get_by_text("This sign-in link has been used or is too old")).to_be_visible()
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def watched(chromium, session, console) -> Iterator[Watched]:
    """Open a browser that was never here before, signed in, and fail on any error and any request to another host."""
    context = chromium.new_context(storage_state=session, viewport=DESKTOP)
    context.set_default_timeout(15_000)
    seen = watch(context, console[0])
    yield seen
    context.close()
    assert seen.troubles == []


def watch(context: BrowserContext, where: str) -> Watched:
    """Return a new page on which errors, foreign requests and bytes are counted."""
    seen = Watched(context.new_page())
    page = seen.page
    page.on("console", lambda said: seen.troubles.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda trouble: seen.troubles.append(str(trouble)))
    page.on("request", lambda asked: seen.troubles.extend(foreign(asked.url, where)))
    page.on("response", lambda got: seen.troubles.append(f"{got.status} {got.url}") if got.status >= 400 else None)
    network = context.new_cdp_session(page)
    network.send("Network.enable")

    def add(event: dict) -> None:
        seen.bytes += int(event["encodedDataLength"])

    network.on("Network.loadingFinished", add)
    return seen


def foreign(url: str, where: str) -> list[str]:
    """Return a complaint about an address that is not the console's own."""
    parts = urlsplit(url)
    return [] if parts.scheme == "data" or parts.netloc == urlsplit(where).netloc else [f"another host: {url}"]


def show(seen: Watched, where: str, address: str) -> Page:
    """Open a page and wait until nothing more is loaded."""
    seen.page.goto(f"{where}{address}")
    seen.page.wait_for_load_state("networkidle")
    return seen.page


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until something has the focus."""
    for _ in range(150):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    pytest.fail("the keyboard does not reach it")


def fits(page: Page) -> bool:
    """Return whether a page is no wider than the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.mark.parametrize("address", [f"/c/kestrel/{page}" for page in PAGES] + ["/sign-in/"])
def test_a_page_is_light_and_open_to_everybody(watched, console, address):
    page = show(watched, console[0], address)
    assert watched.bytes <= MOST_BYTES
    for size in (DESKTOP, PHONE):
        page.set_viewport_size(size)
        assert fits(page)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


def test_why_opens_beside_its_line(watched, console):
    page = show(watched, console[0], f"/c/kestrel/invoices/{INVOICE}/")
    page.get_by_text("Why? Calls").click()
    expect(page.get_by_text("6000 s in all, rated at 5, rounded to 2 decimals")).to_be_visible()
    assert page.url.endswith(f"/invoices/{INVOICE}/")
    assert Axe().run(page).violations_count == 0


def test_the_list_follows_what_is_typed(watched, console):
    page = show(watched, console[0], "/c/kestrel/customers/")
    page.keyboard.press("/")
    expect(page.locator("#site-search")).to_be_focused()
    page.locator("#list-query").press_sequentially("mill")
    expect(page.get_by_role("link", name="Millstone Brewery")).to_be_visible()
    expect(page.get_by_role("link", name="Harbour Bakery")).to_have_count(0)
    page.wait_for_url("**/customers/?q=mill")


def test_the_keyboard_alone_recycles_a_record(watched, console):
    page = show(watched, console[0], "/c/kestrel/mediation/1/")
    tab_to(page, page.get_by_label("Select line 98"))
    page.keyboard.press("Space")
    tab_to(page, page.get_by_label("New value"))
    page.keyboard.type("31201234567")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 record was recycled.")).to_be_visible()
    expect(page.get_by_text("Nothing in suspense")).to_be_visible()
    assert Axe().run(page).violations_count == 0


def test_the_keyboard_alone_approves_a_run_and_the_page_follows_it_to_its_end(watched, console):
    page = show(watched, console[0], "/c/kestrel/runs/RUN-2026-05-01/")
    tab_to(page, page.get_by_role("button", name="Approve and issue"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("its invoices are being issued")).to_be_visible()
    expect(page.get_by_role("heading", name="All invoices are issued")).to_be_visible(timeout=60_000)
    assert Axe().run(page).violations_count == 0


def test_the_clock_moves_from_the_head_of_the_page(watched, console):
    page = show(watched, console[0], "/c/kestrel/customers/1007/")
    page.get_by_text("Test clock").click()
    page.get_by_role("button", name="One day").click()
    expect(page.get_by_text(re.compile("It is 2.May.2026, 09:00 now"))).to_be_visible(timeout=60_000)
    assert page.url.endswith("/customers/1007/")
    expect(page.get_by_text(re.compile("Test clock · 2 May 2026"))).to_be_visible()


def test_a_dialog_starts_a_run_and_a_refusal_is_read_out(watched, console):
    page = show(watched, console[0], "/c/kestrel/runs/")
    page.get_by_role("button", name="Start billing run").click()
    page.get_by_label("Bill date").fill("2026-06-01")
    page.get_by_role("button", name="Start the run").click()
    expect(page.get_by_text("RUN-2026-06-01 was started.")).to_be_visible()
    expect(page.get_by_role("heading", name="Ready for review")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Reject with reason").click()
    page.get_by_label("Reason").fill("Too early")
    page.get_by_role("button", name="Reject the run").click()
    expect(page.get_by_role("status").get_by_text("is rejected; nothing was issued.")).to_be_visible()
