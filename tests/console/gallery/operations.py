"""Sample pages: usage, collections, payments, the audit log and the pages without the shell."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.console.gallery.story import END, NAMES, at, eur

from billhook.interfaces.console.components import (
    Action,
    Button,
    Cell,
    Chip,
    Choice,
    Column,
    Crumb,
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
    Table,
    Tone,
    Weight,
)
from billhook.interfaces.console.pages import (
    AuditEntry,
    BoardCard,
    BoardColumn,
    Change,
    Equation,
    SuspenseGroup,
    Term,
)


def mediation() -> dict[str, Any]:
    """Return the context of the list of batches."""
    columns = (
        Column("Batch"),
        Column("Source"),
        Column("Arrived"),
        Column("Records", END),
        Column("Rated", END),
        Column("Suspense", END),
        Column("State"),
    )
    rows = (
        Row(
            (
                Cell("Batch 12", "/batch", "Master.csv"),
                Cell("Asterisk"),
                Cell(at(1)),
                Cell(1482),
                Cell(1479),
                Cell(3, "/batch#s", tone=Tone.WARN),
                Cell(pill=Pill("In balance", Tone.GOOD)),
            )
        ),
    )
    sources = (Choice("asterisk", "Asterisk Master.csv"), Choice("generic", "Generic CSV"))
    return {
        "page": PageHead("Mediation"),
        "upload": Form(
            "upload",
            "/load",
            (Button("Load", "upload"),),
            (
                Field("source", "Source", FieldKind.SELECT, "asterisk", choices=sources),
                Field("file", "File", FieldKind.FILE),
            ),
            multipart=True,
        ),
        "chips": (Chip("All", "?", 12, current=True), Chip("With suspense", "?s", 1)),
        "table": Table("Usage batches", columns, rows),
    }


def suspended_records() -> Table:
    """Return the records that wait in suspense."""
    return Table(
        "Records in suspense",
        (Column("Line", END), Column("Age"), Column("Raw")),
        tuple(
            Row(
                (Cell(n), Cell("2 days"), Cell(f'"KN10{n}","0612345678","31201234567","default",… <b>', verbatim=True)),
                str(n),
                f"line {n}",
            )
            for n in (7, 19, 41)
        ),
        select="record",
        form="mend-1",
    )


def mending() -> Form:
    """Return the form that mends and recycles them."""
    return Form(
        "mend-1",
        "/mend",
        (
            Button("Mend and recycle", "pencil"),
            Button("Recycle as it is", "rotate-cw", Weight.SECONDARY, action="/recycle"),
            Button("Write off", "trash-2", Weight.SECONDARY, action="/write-off"),
        ),
        (Field("accountcode", "Account code", value="KN1001"),),
    )


def batch() -> dict[str, Any]:
    """Return the context of one batch."""
    return {
        "page": PageHead(
            "Batch 12",
            note="Master.csv · Asterisk · rated on 1 Apr 2026",
            crumbs=(Crumb("Mediation", "/m"), Crumb("Batch 12")),
            pill=Pill("In balance", Tone.GOOD),
            actions=(Action("Undo", "undo-2", post="/undo"),),
        ),
        "facts": (
            Fact("Arrived", at(1)),
            Fact("Records", 1482),
            Fact("Value", eur("49.050000")),
            Fact("Suspense", 3, Tone.WARN, "#suspense-title"),
        ),
        "equations": (
            Equation(
                "Lines of the file",
                Term("raw lines", 1483),
                (Term("decoded", 1482), Term("rejected", 1, "/rejected", Tone.BAD)),
            ),
            Equation(
                "Records",
                Term("decoded", 1482),
                (
                    Term("rated", 1401, "/rated"),
                    Term("zero-rated", 60),
                    Term("filtered", 10),
                    Term("duplicate", 8),
                    Term("suspended", 3, "#s", Tone.WARN),
                ),
            ),
        ),
        "sums": Table(
            "Control sums",
            (Column("Stage"), Column("Records", END), Column("Seconds", END)),
            (Row((Cell("Decoded"), Cell(1482), Cell(88920))), Row((Cell("Rated"), Cell(1400), Cell(84000)))),
        ),
        "suspense": (
            SuspenseGroup(
                "No customer has this account code",
                "Correct the code, or add it to a customer and recycle.",
                3,
                eur("0.42"),
                suspended_records(),
                mending(),
            ),
        ),
        "files": (Item("Master.csv", "/file", "sha-256 4b0c…", "1,483 lines"),),
    }


def collections() -> dict[str, Any]:
    """Return the context of the collections board."""
    card = BoardCard(
        NAMES[6],
        "/customer",
        eur("26.45"),
        "due 15 Apr 2026, 9 days late",
        "Penalty on 29 Apr 2026",
        Pill("Retry on 26 Apr", Tone.INFO),
    )
    return {
        "page": PageHead("Collections", note="1 customer, €26.45 overdue"),
        "chips": (Chip("All", "?", 1, current=True), Chip("Promised", "?p", 0)),
        "board": (
            BoardColumn("Reminder", (eur("26.45"),), (card,), Tone.INFO),
            BoardColumn("Penalty", (), (), Tone.WARN),
            BoardColumn("Suspension", (), (), Tone.BAD),
            BoardColumn("Written off", (), ()),
        ),
    }


def payments() -> dict[str, Any]:
    """Return the context of the list of payments, which is empty."""
    empty = Empty(
        "No payment yet",
        "Payments appear with the first billing run.",
        "credit-card",
        Action("To the billing runs", href="/runs"),
    )
    return {
        "page": PageHead("Payments"),
        "chips": (Chip("All", "?", 0, current=True),),
        "table": Table("Payments", (Column("When"),), (), empty),
    }


def audit() -> dict[str, Any]:
    """Return the context of the audit log."""
    changes = (Change("Price", eur("0.04"), eur("0.05")), Change("Valid from", None, date(2026, 3, 1)))
    return {
        "page": PageHead("Audit log"),
        "search": Search("/audit", "Event, customer or person"),
        "chips": (Chip("All", "?", current=True), Chip("Prices", "?p")),
        "entries": (
            AuditEntry(
                at(1), "Operator", "invoice.issued", "Invoice KN-2026-00011 issued to Harbour Bakery", "/invoice"
            ),
            AuditEntry(at(1, 1), "Operator", "price.changed", "Price of CALLS changed", changes=changes),
        ),
        "pager": Pager("1 to 2 of 2"),
    }


def signin() -> dict[str, Any]:
    """Return the context of the way in, after a wrong password."""
    fields = (
        Field("email", "E-mail", FieldKind.EMAIL, "operator@kestrel.example", autocomplete="username"),
        Field(
            "password",
            "Password",
            FieldKind.PASSWORD,
            autocomplete="current-password",
            error="E-mail and password do not match.",
        ),
        Field("next", kind=FieldKind.HIDDEN, value="/"),
    )
    return {"form": Form("signin", "/sign-in", (Button("Sign in"),), fields)}


def error() -> dict[str, Any]:
    """Return the context of a page that does not exist."""
    return {
        "code": "404",
        "title": "This page does not exist",
        "detail": "The address may be old. Search from the overview.",
        "home_url": "/",
    }
