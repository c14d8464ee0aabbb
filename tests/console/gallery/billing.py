"""Sample pages: invoices and billing runs."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tests.console.gallery.story import END, NAMES, at, eur, initials

from billhook.interfaces.console.components import (
    Action,
    Button,
    Cell,
    Chip,
    Column,
    Crumb,
    Dialog,
    Empty,
    Fact,
    Field,
    FieldKind,
    Form,
    Item,
    PageHead,
    Pager,
    Pill,
    Row,
    Search,
    StepState,
    Table,
    Tone,
    Weight,
)
from billhook.interfaces.console.pages import (
    InvoiceLine,
    Progress,
    RunStep,
    RunTotals,
    Why,
    WhyStep,
)


def invoice_table(count: int = 10) -> Table:
    """Return a table of invoices with a sum a currency."""
    rows = tuple(
        Row(
            (
                Cell(
                    f"KN-2026-{11 + index:05}",
                    href="/invoice",
                ),
                Cell(name, sub=f"{1001 + index} · NL", initials=initials(name)),
                Cell(pill=Pill("Overdue", Tone.BAD) if index == 6 else Pill("Paid", Tone.GOOD)),
                Cell(date(2026, 4, 1)),
                Cell(date(2026, 4, 15)),
                Cell(eur("25.0000" if index == 0 else f"{20 + index}.45")),
                Cell(eur("26.45"), strong=True) if index == 6 else Cell(None),
            ),
            key=str(index),
            label=f"KN-2026-{11 + index:05}",
        )
        for index, name in enumerate(NAMES[:count])
    )
    columns = (
        Column("Invoice"),
        Column("Customer"),
        Column("Status"),
        Column("Issued", href="?sort=issued", sort="descending"),
        Column("Due", href="?sort=due"),
        Column("Total", END),
        Column("Balance", END),
    )
    foot = (Row((Cell("10 invoices"), *[Cell()] * 4, Cell(eur("249.05")), Cell(eur("26.45")))),)
    return Table("Invoices", columns, rows, foot=foot, pager=Pager("1 to 10 of 20", next="?page=2"))


def invoices() -> dict[str, Any]:
    """Return the context of the list of invoices."""
    return {
        "page": PageHead(
            "Invoices",
            actions=(
                Action("Export", "download", "/export"),
                Action("New invoice", "plus", "/n", weight=Weight.PRIMARY),
            ),
        ),
        "search": Search("/invoices", "Number, customer or account"),
        "chips": (
            Chip("All", "?", 21298, current=True),
            Chip("Open", "?s=o", 959),
            Chip("Paid", "?s=p", 19401),
            Chip("Overdue", "?s=l", 633),
        ),
        "table": invoice_table(),
    }


def invoice() -> dict[str, Any]:
    """Return the context of one invoice."""
    return {
        "page": PageHead(
            "KN-2026-00011",
            note=NAMES[0],
            note_href="/customer",
            crumbs=(Crumb("Invoices", "/invoices"), Crumb("KN-2026-00011")),
            pill=Pill("Paid", Tone.GOOD),
            actions=(
                Action("E-mail", "send", post="/send"),
                Action("PDF", "file-down", "/pdf"),
                Action("Take payment", "banknote", post="/take", weight=Weight.PRIMARY),
            ),
        ),
        "facts": (
            Fact("Total", eur("25.0000")),
            Fact("Issued", date(2026, 4, 1)),
            Fact("Due", date(2026, 4, 15)),
            Fact("Balance", eur("0")),
        ),
        "lines": (
            InvoiceLine(
                "VOICE, April 2026",
                "1 Apr 2026 to 30 Apr 2026",
                1,
                eur("20.000000000000"),
                eur("20.0000"),
                "/invoice_why.html",
            ),
            InvoiceLine(
                "CALLS, March 2026",
                "1 Mar 2026 to 31 Mar 2026",
                Decimal("100.00"),
                eur("0.050000000000"),
                eur("5.0000"),
                "/invoice_why.html",
            ),
        ),
        "totals": (Fact("Net", eur("25.00")), Fact("Tax 0 %", eur("0.00")), Fact("Total", eur("25.00"))),
        "image_urls": ("/static/console/icon.svg",),
        "image_alt": "Invoice KN-2026-00011",
        "pdf_url": "/pdf",
        "payments": (
            Item("Card •4242 · sandbox", sub=at(1, 12), value=eur("25.00"), pill=Pill("Succeeded", Tone.GOOD)),
        ),
    }


def invoice_why() -> dict[str, Any]:
    """Return the context of one line's derivation."""
    columns = ("Call at", "File", "Line", "Offset", "Number")
    records = tuple(
        Row(
            (
                Cell(datetime(2026, 3, 2 + n, 9, 30, tzinfo=UTC), "/record"),
                Cell("Master.csv", "/file"),
                Cell(n * 11, "/line"),
                Cell(n * 1820),
                Cell("+31201234567"),
                Cell(Decimal(25)),
                Cell(eur("0.05")),
                Cell(eur("1.25")),
            )
        )
        for n in range(1, 5)
    )
    return {
        "page": PageHead(
            "Why CALLS is €5.00",
            crumbs=(Crumb("Invoices", "/invoices"), Crumb("KN-2026-00011", "/invoice"), Crumb("Why")),
        ),
        "why": Why(
            "100 minutes of calls from 1 to 31 March 2026 at €0.05 a minute make €5.00.",
            (
                WhyStep("Usage", "4 calls, each rounded up to full seconds", "100 min", "/usage"),
                WhyStep("Rate card", "prefix 3120, version 1", eur("0.05"), "/card"),
                WhyStep("Amount", "100 min at €0.05", eur("5.00")),
            ),
            Table(
                "Usage records",
                (
                    *(Column(heading) for heading in columns),
                    Column("Minutes", END),
                    Column("Price", END),
                    Column("Amount", END),
                ),
                records,
            ),
        ),
    }


def runs() -> dict[str, Any]:
    """Return the context of the list of runs."""
    columns = (Column("Run"), Column("State"), Column("Customers", END), Column("Failed", END), Column("EUR", END))
    rows = (
        Row(
            (
                Cell("1 April 2026", "/run"),
                Cell(pill=Pill("Awaiting approval", Tone.WARN)),
                Cell(10),
                Cell(0),
                Cell(eur("249.05")),
            )
        ),
        Row((Cell("1 March 2026", "/run"), Cell(pill=Pill("Done", Tone.GOOD)), Cell(10), Cell(0), Cell(eur("200.00")))),
    )
    return {"page": PageHead("Billing runs"), "chips": (), "table": Table("Billing runs", columns, rows)}


def changes_of_the_run() -> Table:
    """Return how the bills of a run differ from the last one."""
    columns = (Column("Customer"), Column("March", END), Column("April", END), Column("Change", END), Column("Why"))
    changes = tuple(
        Row(
            (
                Cell(name, "/customer"),
                Cell(eur("20")),
                Cell(eur(f"{24 - n}.50")),
                Cell(eur(f"{4 - n}.50"), signed=True, tone=Tone.GOOD if n < 5 else Tone.BAD),
                Cell("Usage of March"),
            )
        )
        for n, name in enumerate(NAMES[:7])
    )
    return Table("Changes against the last run", columns, changes, empty=Empty("No change"))


def rejection() -> Form:
    """Return the form that rejects a run."""
    return Form(
        "reject-form",
        "/reject",
        (Button("Reject the run", "x", Weight.DANGER),),
        (Field("reason", "Reason", FieldKind.TEXTAREA, help="The audit log keeps it."),),
    )


def run() -> dict[str, Any]:
    """Return the context of a run under review."""
    steps = ("Collect orders", "Rate usage", "Compose invoices", "Tax and discounts")
    return {
        "page": PageHead(
            "Billing run of 1 April 2026",
            note="Nothing is sent until you approve",
            crumbs=(Crumb("Billing runs", "/runs"), Crumb("1 April 2026")),
            dialogs=(Dialog("reject", "Reject this run", rejection()),),
        ),
        "progress": Progress(
            "Ready for review",
            10,
            10,
            Pill("Awaiting approval", Tone.WARN),
            (*(RunStep(s, StepState.DONE) for s in steps), RunStep("Review", StepState.CURRENT)),
            "1,200 a second",
        ),
        "chips": (
            Chip("Largest change", "?", 10, current=True),
            Chip("New", "?v=n", 0),
            Chip("Missing", "?v=m", 0),
            Chip("Failed", "?v=f", 0),
        ),
        "changes": changes_of_the_run(),
        "totals": (
            RunTotals(
                "10 invoices · €249.05",
                (
                    Fact("Recurring", eur("200.00")),
                    Fact("Usage", eur("49.05")),
                    Fact("Discounts", eur("0")),
                    Fact("Tax", eur("0")),
                ),
            ),
        ),
        "counters": (
            Fact("Customers read", 10),
            Fact("Billed", 10, href="/billed"),
            Fact("Skipped", 0),
            Fact("Failed", 0),
        ),
        "approve": Form("approve", "/approve", (Button("Approve and issue", "check"),)),
        "reject_dialog": "reject",
        "approval_note": "Approval needs a second person (four-eyes rule of this company).",
    }
