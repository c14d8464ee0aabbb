"""What the console shows: exact money, escaped tables, charts whose parts meet."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from tests.console.gallery import PAGES, context_of

from billhook.core.exact import NotExactError
from billhook.core.money import Money, UnknownCurrencyError
from billhook.interfaces import console
from billhook.interfaces.console import charts
from billhook.interfaces.console.components import Align, Cell, Column, Empty, Hue, Pager, Pill, Row, Table, Tone
from billhook.interfaces.console.pages import Equation, Term
from billhook.interfaces.console.templatetags.console import count, day, icon, moment, money, number, show, signed

pytestmark = pytest.mark.usefixtures("templates")

CONSOLE = Path(console.__file__).parent
NO_BREAK = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
amounts = st.decimals(min_value=-(10**11), max_value=10**11, places=12)
weights = st.lists(st.decimals(min_value=0, max_value=10**9, places=4), min_size=1, max_size=9)


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("25", "EUR", "€25.00"),
        ("25.0000", "EUR", "€25.00"),
        ("-1234.5", "GBP", f"{MINUS}£1,234.50"),
        ("0.050000000000", "EUR", "€0.05"),
        ("0.0413", "EUR", "€0.0413"),
        ("1500", "JPY", "¥1,500"),
        ("1.5", "KWD", f"KWD{NO_BREAK}1.500"),
        ("-0.00", "USD", "$0.00"),
        ("12345678901234567890123456.123456789012", "EUR", "€12,345,678,901,234,567,890,123,456.123456789012"),
    ],
)
def test_money_is_written_with_the_currencys_digits_and_all_its_own(amount, currency, shown):
    assert money(Decimal(amount), currency) == shown


@given(amount=amounts)
def test_money_that_is_read_back_is_the_same_to_the_last_digit(amount):
    text = money(amount, "EUR")
    assert Decimal(text.replace("€", "").replace(",", "").replace(MINUS, "-")) == amount


def test_money_refuses_floats_and_unknown_currencies():
    with pytest.raises(NotExactError):
        money(25.0, "EUR")
    with pytest.raises(UnknownCurrencyError):
        money(Decimal(25), "EURO")


def test_every_kind_of_value_has_one_way_to_be_shown():
    late = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
    assert show(None) == "—"
    assert show("1007") == "1007"
    assert show(21298) == "21,298"
    assert show(Decimal("100.50")) == "100.5"
    assert show(Money.of("25", "EUR")) == "€25.00"
    assert show(date(2026, 4, 1)) == day(date(2026, 4, 1)) == f"1{NO_BREAK}Apr{NO_BREAK}2026"
    with timezone.override("Europe/Amsterdam"):
        assert show(late) == moment(late) == f"1{NO_BREAK}Apr{NO_BREAK}2026, 01:30"


def test_changes_carry_their_sign():
    assert signed(Money.of("4.5", "EUR")) == "+€4.50"
    assert signed(Money.of("-4.5", "EUR")) == f"{MINUS}€4.50"
    assert signed(Money.of("0", "EUR")) == "€0.00"
    assert signed(3) == "+3"


def test_counts_agree_with_their_nouns():
    assert count(1, "invoice,invoices") == "1 invoice"
    assert count(21298, "invoice,invoices") == "21,298 invoices"
    assert number(Decimal("1000.000")) == "1,000"


def test_an_icon_is_drawn_for_the_eye_only():
    drawn = icon("users")
    assert drawn.startswith("<svg")
    assert 'aria-hidden="true"' in drawn
    assert "style=" not in drawn


def rendered(table: Table) -> str:
    return render_to_string("console/components/table.html", {"table": table})


def test_a_table_escapes_what_customers_wrote():
    hostile = '<script>alert("x")</script>'
    row = Row((Cell(hostile, href='"><b>', sub=hostile, pill=Pill(hostile)),), key=hostile, label=hostile)
    html = rendered(Table(hostile, (Column(hostile),), (row,), select="record", form="mend"))
    assert "<script" not in html
    assert '"><b>' not in html
    assert html.count("&lt;script&gt;") == 8


def test_a_table_is_named_headed_and_aligned():
    columns = (Column("Customer", href="?sort=name", sort="ascending"), Column("Balance", Align.END))
    row = Row((Cell("Harbour Bakery", href="/1001"), Cell(Money.of("25", "EUR"), strong=True, tone=Tone.BAD)))
    foot = Row((Cell("1 customer"), Cell(Money.of("25", "EUR"))))
    html = rendered(Table("Customers", columns, (row,), foot=(foot,), pager=Pager("1 to 1 of 1")))
    assert '<caption class="sr-only">Customers</caption>' in html
    assert '<th scope="col" aria-sort="ascending"><a href="?sort=name">Customer' in html
    assert '<td class="num strong text-bad">€25.00</td>' in html
    assert "<tfoot>" in html
    assert 'aria-label="Pages of Customers"' in html


def test_an_empty_table_says_why():
    html = rendered(Table("Payments", (Column("When"),), (), Empty("No payment yet", "Start a run.")))
    assert "No payment yet" in html
    assert "<table" not in html


def test_a_row_must_fill_its_columns():
    with pytest.raises(ValueError, match="zip"):
        _ = Table("Customers", (Column("Customer"), Column("Balance")), (Row((Cell("Harbour Bakery"),)),)).lines


def test_an_equation_says_what_is_missing():
    whole = Term("decoded", 1482)
    assert Equation("Records", whole, (Term("rated", 1479), Term("suspended", 3))).balanced
    assert Equation("Records", whole, (Term("rated", 1479),)).difference == 3


@given(parts=weights)
def test_shares_meet_and_fill_the_bar(parts):
    bar = charts.shares("Age", None, [charts.Part("Band", weight, None, Hue.GREEN) for weight in parts])
    edge = Decimal(0)
    for share in bar.shares:
        assert Decimal(share.box.x) == edge
        edge += Decimal(share.box.width)
    assert edge == (1000 if sum(parts) else 0)


def test_shares_say_their_percent():
    parts = [charts.Part(label, Decimal(n), n, Hue.GREEN) for label, n in (("Current", 3), ("Late", 1))]
    assert [share.percent for share in charts.shares("Age", 4, parts).shares] == ["75.0 %", "25.0 %"]


@given(low=st.integers(-(10**9), 0), high=st.integers(1, 10**9))
def test_an_axis_encloses_its_values_in_few_even_steps(low, high):
    bottom, top, step = charts.nice_bounds(Decimal(low), Decimal(high))
    assert bottom <= low < high <= top
    assert (top - bottom) % step == 0
    assert 1 <= (top - bottom) / step <= 6


def test_a_spark_runs_from_edge_to_edge():
    drawn = charts.spark([Decimal(1), Decimal(3), Decimal(2)], width=100, height=24)
    assert drawn is not None
    assert drawn.line == "0.0,22.0 50.0,2.0 100.0,12.0"
    assert charts.spark([Decimal(1)]) is None
    assert charts.spark([Decimal(5), Decimal(5)]) is not None


def test_columns_stack_up_for_gains_and_down_for_losses():
    series = [
        charts.Series("New", (Decimal(10),), Hue.INDIGO),
        charts.Series("Expansion", (Decimal(10),), Hue.PERIWINKLE),
        charts.Series("Churn", (Decimal(-5),), Hue.RED),
    ]
    chart = charts.movement("MRR", ["Apr 26"], series, table=Table("MRR", (), ()))
    assert chart is not None
    new, expansion, churn = chart.boxes
    assert Decimal(expansion.y) + Decimal(expansion.height) == Decimal(new.y)
    assert Decimal(new.y) + Decimal(new.height) == Decimal(churn.y) == Decimal(chart.baseline)
    assert abs(Decimal(new.height) - 2 * Decimal(churn.height)) <= Decimal("0.3")
    assert [tick.label for tick in chart.y_ticks] == ["-10", "0", "10", "20"]


def test_axis_labels_are_short():
    labels = ((15000, "15k"), (2500000, "2.5m"), (-5000, "-5k"), (0, "0"), (100, "100"))
    assert [charts.short(Decimal(value)) for value, _ in labels] == [label for _, label in labels]


@pytest.mark.parametrize("name", PAGES)
def test_every_page_finds_what_its_context_promises(name):
    html = render_to_string(f"console/{name}.html", context_of(name))
    assert "MISSING(" not in html
    assert "{#" not in html
    assert html.count("<main") == html.count("<h1") == 1
    identifiers = re.findall(r'\sid="([^"]+)"', html)
    assert len(identifiers) == len(set(identifiers))


def test_templates_keep_to_the_strict_content_security_policy():
    for template in (CONSOLE / "templates").rglob("*.html"):
        text = template.read_text()
        assert not re.search(r"\sstyle=|\son\w+=|<style|javascript:", text), template
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text)), template


def test_every_colour_of_the_stylesheet_is_a_token():
    for sheet in (CONSOLE / "static" / "console").glob("*.css"):
        text = sheet.read_text()
        assert len(text.splitlines()) <= 400, sheet
        if sheet.name != "tokens.css":
            assert not re.search(r"#[0-9a-f]{3,8}\b|rgb\(", text), sheet
