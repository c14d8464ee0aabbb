"""Sample pages: the overview and the customers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from tests.console.gallery.billing import invoice_table
from tests.console.gallery.story import END, MONTHS, NAMES, at, eur, initials

from billhook.core.money import Money
from billhook.interfaces.console import charts
from billhook.interfaces.console.components import (
    Action,
    Button,
    Cell,
    Chip,
    Column,
    Crumb,
    Dialog,
    Fact,
    Field,
    FieldKind,
    Form,
    Hue,
    Item,
    Kpi,
    Notice,
    PageHead,
    Pager,
    Pill,
    Row,
    Search,
    Table,
    TimelineEntry,
    Tone,
    Weight,
)

GROWN = tuple(Decimal(n) for n in (7500, 6400, 8400, 8100, 8500, 9300))
LOST = tuple(Decimal(-n) for n in (1700, 2100, 900, 1100, 2900, 1400))
MRR = tuple(Decimal(n) for n in (190000, 196000, 203400, 210000, 216000, 224100))


def mrr_by_month() -> Table:
    """Return the figures of the movement."""
    return Table(
        "MRR by month",
        (Column("Month"), Column("New", END), Column("Churn", END), Column("MRR", END)),
        tuple(
            Row(
                (
                    Cell(MONTHS[i]),
                    Cell(Money.of(GROWN[i], "EUR")),
                    Cell(Money.of(LOST[i], "EUR")),
                    Cell(Money.of(MRR[i], "EUR")),
                )
            )
            for i in range(len(MONTHS))
        ),
    )


def mrr_movement() -> charts.Chart:
    """Return the movement of the recurring revenue."""
    return charts.movement(
        "MRR movement",
        MONTHS,
        (
            charts.Series("New", GROWN, Hue.INDIGO),
            charts.Series("Expansion", tuple(v / 2 for v in GROWN), Hue.PERIWINKLE),
            charts.Series("Contraction", tuple(v / 2 for v in LOST), Hue.YELLOW),
            charts.Series("Churn", LOST, Hue.RED),
        ),
        charts.Series("MRR", MRR, Hue.INK),
        table=mrr_by_month(),
    )


def overview_head() -> PageHead:
    """Return the head of the overview, with its dialog."""
    return PageHead(
        "Overview",
        note="Kestrel Networks · April 2026, in EUR",
        notices=(Notice("The run of 1 April waits for approval.", Tone.WARN, "/run", "Review it"),),
        actions=(
            Action("Last 6 months", "calendar", href="?span=6"),
            Action("Start billing run", "play", dialog="start-run", weight=Weight.PRIMARY),
        ),
        dialogs=(
            Dialog(
                "start-run",
                "Start a billing run",
                Form(
                    "start",
                    "/runs/start",
                    (Button("Start the run", "play"),),
                    (Field("date", "Bill as of", FieldKind.DATE, "2026-04-01", "Everything due by this day."),),
                ),
            ),
        ),
    )


def overview() -> dict[str, Any]:
    """Return the context of the overview."""
    ages = (
        ("Current", "229", Hue.GREEN),
        ("1 to 30 days", "41", Hue.YELLOW),
        ("31 to 60 days", "26.45", Hue.ORANGE),
        ("61 to 90 days", "0", Hue.RED),
    )
    return {
        "page": overview_head(),
        "kpis": (
            Kpi("MRR", eur("200.00"), "+2.3 %", Tone.GOOD, charts.spark(MRR), "/mrr"),
            Kpi("ARR run-rate", eur("2400.00"), "NRR 99.4 %", spark=charts.spark(GROWN, hue=Hue.CYAN)),
            Kpi("Revenue churn", "1.31 %", "month", spark=charts.spark(LOST, hue=Hue.RED)),
            Kpi("Usage revenue", eur("49.05"), "rated, March", spark=charts.spark(GROWN[::-1], hue=Hue.GREEN)),
        ),
        "movement": mrr_movement(),
        "receivables": (
            charts.shares(
                "EUR",
                eur("296.45"),
                [charts.Part(label, Decimal(n), eur(n), hue, "/invoices?age") for label, n, hue in ages],
            ),
        ),
        "funnel": charts.funnel(
            "Collections funnel",
            [
                charts.Part(label, Decimal(n), n, hue, "/collections")
                for label, n, hue in (
                    ("Invoiced", 20, Hue.INDIGO),
                    ("Reminded", 3, Hue.PERIWINKLE),
                    ("Penalty", 1, Hue.YELLOW),
                    ("Suspended", 0, Hue.RED),
                )
            ],
        ),
        "overdue": Table(
            "Largest overdue invoices",
            (Column("Invoice"), Column("Customer"), Column("Due"), Column("Balance", END)),
            (Row((Cell("KN-2026-00017", "/invoice"), Cell(NAMES[6]), Cell(date(2026, 4, 15)), Cell(eur("26.45")))),),
        ),
        "overdue_url": "/invoices?overdue",
        "runs": (
            Item("Run of 1 April 2026", "/run", "10 customers", eur("249.05"), Pill("Awaiting approval", Tone.WARN)),
            Item("Run of 1 March 2026", "/run", "10 customers", eur("200.00"), Pill("Done", Tone.GOOD)),
        ),
        "failures": (),
    }


def customers() -> dict[str, Any]:
    """Return the context of the list of customers."""
    rows = tuple(
        Row(
            (
                Cell(name, "/customer", str(1001 + index), initials=initials(name)),
                Cell(pill=Pill("Suspended", Tone.BAD) if index == 6 else Pill("Active", Tone.GOOD)),
                Cell("VOICE"),
                Cell(date(2026, 5, 1)),
                Cell(eur("26.45"), tone=Tone.BAD) if index == 6 else Cell(None),
            )
        )
        for index, name in enumerate(NAMES)
    )
    columns = (Column("Customer"), Column("Status"), Column("Plan"), Column("Next bill"), Column("Balance", END))
    return {
        "page": PageHead("Customers", actions=(Action("New customer", "plus", "/new", weight=Weight.PRIMARY),)),
        "search": Search("/customers", "Name, number or e-mail", kept=(("status", "all"),)),
        "chips": (Chip("All", "?", 10, current=True), Chip("Active", "?s=a", 9), Chip("Suspended", "?s=s", 1)),
        "table": Table("Customers", columns, rows, pager=Pager("1 to 10 of 10")),
    }


def orders_of_the_customer() -> Table:
    """Return what the customer has ordered."""
    return Table(
        "Orders",
        (
            Column("Plan"),
            Column("Price model"),
            Column("Quantity", END),
            Column("Next bill"),
            Column("Status"),
            Column("Per month", END),
        ),
        (
            Row(
                (
                    Cell("VOICE", "/order", "since 1 Mar 2026"),
                    Cell("flat + rate card"),
                    Cell(Decimal("1.000")),
                    Cell(date(2026, 5, 1)),
                    Cell(pill=Pill("Active", Tone.GOOD)),
                    Cell(eur("20.00")),
                )
            ),
        ),
    )


def timeline() -> tuple[TimelineEntry, ...]:
    """Return what happened to the customer."""
    return (
        TimelineEntry("activity", "Usage batch Master.csv rated", at(1, 3), "100 minutes · €5.00", "Billhook"),
        TimelineEntry(
            "credit-card", "Payment failed", at(1, 2), "Card •4242: insufficient funds", "Billhook", Tone.BAD
        ),
        TimelineEntry(
            "file-text",
            "Invoice KN-2026-00011 issued",
            at(1),
            "€25.00, due 15 Apr",
            "Operator",
            Tone.INFO,
            "/invoice",
        ),
        TimelineEntry("mail", "Invoice e-mail delivered", at(1), "billing@harbour-bakery.example", "Billhook"),
    )


def customer() -> dict[str, Any]:
    """Return the context of one customer."""
    days = [Decimal(n) for n in (4, 9, 7, 0, 3, 12, 8, 6, 5, 0, 9, 11, 4, 2, 7, 9, 4)]
    labels = [f"{n} Mar" for n in range(1, len(days) + 1)]
    numbers = Table(
        "Minutes a day",
        (Column("Day"), Column("Minutes", END)),
        tuple(Row((Cell(label), Cell(value))) for label, value in zip(labels, days, strict=True)),
    )
    payments = Table(
        "Payments",
        (Column("When"), Column("Method"), Column("Outcome"), Column("Amount", END)),
        (Row((Cell(at(1)), Cell("Card •4242"), Cell(pill=Pill("Succeeded", Tone.GOOD)), Cell(eur("25")))),),
    )
    return {
        "page": PageHead(
            NAMES[0],
            note="1001 · billing@harbour-bakery.example · Amsterdam, NL · since Mar 2026",
            crumbs=(Crumb("Customers", "/customers"), Crumb("1001")),
            pill=Pill("Active", Tone.GOOD),
            initials="HB",
            actions=(
                Action("Bill now", "file-text", post="/bill"),
                Action("Record payment", "banknote", href="/pay"),
                Action("Order", "plus", href="/order/new", weight=Weight.PRIMARY),
            ),
        ),
        "facts": (
            Fact("Balance due", eur("25.00"), Tone.BAD, "/invoices"),
            Fact("MRR", eur("20.00")),
            Fact("Lifetime paid", eur("20.00")),
            Fact("Credit", "none"),
            Fact("Next bill", date(2026, 5, 1)),
        ),
        "orders": orders_of_the_customer(),
        "usage": charts.area("minutes a day, March", labels, days, table=numbers),
        "invoices": invoice_table(2),
        "invoices_url": "/invoices",
        "payments": payments,
        "timeline_chips": (Chip("All", "?", current=True), Chip("Invoices", "?t=i"), Chip("Failures", "?t=f")),
        "timeline": timeline(),
    }
