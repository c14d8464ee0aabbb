"""Who and what the sample pages show: the story of Kestrel Networks, without a database."""

from __future__ import annotations

from datetime import UTC, datetime

from billhook.core.money import Money
from billhook.interfaces.console.components import (
    Align,
    Tone,
)
from billhook.interfaces.console.pages import (
    CompanyChoice,
    NavItem,
    NavSection,
    Shell,
)

NAMES = (
    "Harbour Bakery",
    "Linden Dental",
    "Quayside Books",
    "Mill Lane Garage",
    "Orchard Hotel",
    "Northgate Florists",
    "Tern Logistics",
    "Copper Kettle Café",
    "Dune Surf School",
    "Weir Architects",
)
END = Align.END
MONTHS = ("Nov 25", "Dec 25", "Jan 26", "Feb 26", "Mar 26", "Apr 26")


def eur(text: str) -> Money:
    """Return an amount in euros."""
    return Money.of(text, "EUR")


def at(day: int, hour: int = 2, minute: int = 13) -> datetime:
    """Return an instant of April 2026."""
    return datetime(2026, 4, day, hour, minute, tzinfo=UTC)


def shell(current: str) -> Shell:
    """Return the shell with one page marked as the current one."""

    def item(label: str, icon: str, count: int = 0, tone: Tone = Tone.WARN) -> NavItem:
        return NavItem(label, f"/{label.lower().replace(' ', '-')}", icon, label == current, count, tone)

    return Shell(
        company_name="Kestrel Networks",
        company_note="Sandbox · EUR",
        sandbox=True,
        clock_text="1 Apr 2026",
        nav=(
            NavSection("", (item("Overview", "layout-dashboard"),)),
            NavSection("Customers", (item("Customers", "users"), item("Orders", "repeat"), item("Catalog", "package"))),
            NavSection(
                "Billing",
                (
                    item("Billing runs", "play"),
                    item("Invoices", "file-text"),
                    item("Payments", "credit-card"),
                    item("Collections", "triangle-alert", 1, Tone.BAD),
                ),
            ),
            NavSection("Usage", (item("Mediation", "cpu", 3), item("Rated usage", "activity"))),
            NavSection(
                "Operate", (item("Reports", "chart-column"), item("Plugins", "plug"), item("Audit log", "shield"))
            ),
        ),
        person_initials="OP",
        person_name="Operator",
        search_url="/search",
        sign_out_url="/sign-out",
        clock_url="/clock",
        companies=(CompanyChoice("Kestrel Networks", "/k", current=True), CompanyChoice("Tern Logistics", "/t")),
    )


def initials(name: str) -> str:
    """Return the initials of the first two words of a name."""
    return "".join(word[0] for word in name.split()[:2])
