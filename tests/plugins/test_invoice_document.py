from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.conformance.documents import an_invoice

from billhook.invoicing.document import (
    WRITING,
    DocumentDoesNotAddUpError,
    DocumentLine,
    InexactFigureError,
    language_of,
    printed,
)


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", "\u2212€1,234,567.50"),
        ("nl", "\u2212€ 1.234.567,50"),
        ("de", "\u22121.234.567,50 €"),
        ("es", "\u22121.234.567,50 €"),
        ("fr", "\u22121\u202f234\u202f567,50 €"),
    ],
)
def test_amounts_in_each_language(language, written):
    amount = WRITING[language].amount(Decimal("-1234567.5000"), currency="EUR", digits=2)
    assert amount.replace("\u00a0", " ") == written


@pytest.mark.parametrize(
    ("currency", "digits", "value", "written"),
    [
        ("JPY", 0, "1500.0000", "¥1,500"),
        ("KWD", 3, "1.5", "KWD 1.500"),
        ("CHF", 2, "0", "CHF 0.00"),
        ("EUR", 2, "0.0050", "€0.005"),
        ("EUR", 2, "100000000000000000000000000000.01", "€" + "100" + ",000" * 9 + ".01"),
    ],
)
def test_amounts_in_each_currency(currency, digits, value, written):
    amount = WRITING["en"].amount(Decimal(value), currency=currency, digits=digits)
    assert amount.replace("\u00a0", " ") == written


def test_the_code_stands_where_the_symbol_would():
    texts = {name: WRITING[name].amount(Decimal(5), currency="CHF", digits=2) for name in ("nl", "de")}
    assert texts == {"nl": "CHF\u00a05,00", "de": "5,00\u00a0CHF"}


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=-(10**12), max_value=10**12),
    st.sampled_from(sorted(WRITING)),
)
def test_a_figure_reads_back_as_itself(value, language):
    writing = WRITING[language]
    plain = writing.figure(value, digits=2).replace(writing.group, "").replace(writing.point, ".")
    assert Decimal(plain.replace("\u2212", "-")) == value
    assert len(plain.partition(".")[2]) >= 2


@pytest.mark.parametrize("figure", [0.1, Decimal("NaN"), Decimal("Infinity"), 5])
def test_no_inexact_figure_is_written(figure):
    with pytest.raises(InexactFigureError):
        WRITING["en"].amount(figure, currency="EUR", digits=2)


def test_a_period_names_its_last_day():
    english, german = WRITING["en"], WRITING["de"]
    assert english.period(date(2026, 3, 1), date(2026, 4, 1)) == "1 March 2026 \u2013 31 March 2026"
    assert german.period(date(2026, 3, 1), date(2026, 3, 2)) == "1. März 2026"
    assert english.period(None, None) == ""


def test_figures_that_disagree_are_refused():
    with pytest.raises(DocumentDoesNotAddUpError, match="KN-2026-0011"):
        an_invoice(total=Decimal("30.26"))


def test_amount_due_is_what_is_left():
    said = printed(an_invoice(paid=Decimal("10.00")))
    assert (said["total"], said["paid"], said["amount_due"]) == ("€30.25", "\u2212€10.00", "€20.25")
    assert printed(an_invoice())["paid"] == ""


@pytest.mark.parametrize(("tag", "language"), [("nl-BE", "nl"), ("DE_at", "de"), ("pl", "en"), ("", "en")])
def test_languages(tag, language):
    assert language_of(tag) == language


@pytest.mark.parametrize(
    ("quantity", "unit", "written"),
    [
        ("6000.000", "s", ("1:40:00", "")),
        ("0", "s", ("0:00:00", "")),
        ("1.5", "s", ("1.5", "s")),
        ("3", "kWh", ("3", "kWh")),
    ],
)
def test_whole_seconds_are_written_as_a_length_of_time(quantity, unit, written):
    line = DocumentLine(description="Calls", amount=Decimal("5.00"), quantity=Decimal(quantity), unit=unit)
    said = printed(an_invoice(line))["lines"][0]
    assert (said["quantity"], said["unit"]) == written
