"""Decks as CSV files: layouts, lists of prefixes, and rows that make no rate."""

from decimal import Decimal
from io import StringIO

import pytest
from tests.builders import OPENED
from tests.catalog.selling import day, new_rate

from billhook.catalog.rates import (
    LANE_IGNORES,
    InvalidRowsError,
    LayoutError,
    NotRatedError,
    RateLayout,
    RowError,
    prefixes,
    read_rate_csv,
)
from billhook.core.ratecard import RateSlice

PLAIN = RateLayout(valid_from=OPENED)
GERMAN = RateLayout(
    separator=";",
    decimal_sign=",",
    date_format="%d.%m.%Y",
    header_row=3,
    columns={
        "country_code": "Land",
        "prefix": "Vorwahlen",
        "destination": "Ziel",
        "price_per_minute": "Preis/Min",
        "first_increment": "Takt 1",
        "next_increment": "Takt 2",
        "valid_from": "gültig ab",
        "valid_until": "bis",
    },
)


def read(text, layout=PLAIN):
    return read_rate_csv(StringIO(text), layout)


def test_a_plain_file_is_read_with_the_rows_of_its_rates():
    deck = read("prefix,destination,price_per_minute,connection_fee\n31,Netherlands,0.05,\n\n49,Germany,0.06,0.10\n")
    assert deck.invalid == ()
    assert deck.rates == (
        new_rate("31", "0.05", destination="Netherlands", row=2),
        new_rate("49", "0.06", destination="Germany", connection_fee=Decimal("0.10"), row=4),
    )
    assert deck.valid_rates() == deck.rates


def test_another_layout_has_its_own_signs_dates_and_lists_of_prefixes():
    deck = read(
        "Preisliste\n\nZiel;Land;Vorwahlen;Preis/Min;Takt 1;Takt 2;gültig ab;bis\n"
        "NL mobil;31;6,10-12;1.000,05;60;1;01.02.2026;01.03.2026\n",
        GERMAN,
    )
    assert [rate.prefix for rate in deck.rates] == ["316", "3110", "3111", "3112"]
    for rate in deck.rates:
        assert (rate.price_per_minute, rate.first_increment, rate.row) == (Decimal("1000.05"), 60, 4)
        assert (rate.valid_from, rate.valid_until) == (day("02-01"), day("03-01"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("31", ["31"]),
        ("31,316-318", ["31", "316", "317", "318"]),
        ("31; 32 ;", ["31", "32"]),
        ("098-101", ["098", "099", "100", "101"]),
        ("7 - 7", ["7"]),
    ],
)
def test_lists_of_prefixes_are_spread(text, found):
    assert list(prefixes(text)) == found


@pytest.mark.parametrize("text", ["", "+31", "31x", "318-316", "31-316", "31-", "10000000-20000000", "³1"])
def test_lists_that_name_no_prefixes_are_refused(text):
    with pytest.raises(RowError):
        list(prefixes(text))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",Nowhere,0.05,,,", "no number"),
        ("31,Netherlands,,,,", "There is no price"),
        ("31,Netherlands,cheap,,,", "is not a number"),
        ("31,Netherlands,-1,,,", "give at least 0"),
        ("31,Netherlands,0.05,0,,", "have no length"),
        ("31,Netherlands,0.05,a,,", "'a' is no whole number"),
        ("31,Netherlands,0.05,90000,,", "more than a day"),
        ("31,Netherlands,0.05,,2026-13-01,", "is no day"),
        ("31,Netherlands,0.05,,2026-02-01,2026-02-01", "not after its start"),
        ("31,Netherlands,0.0000000000001,,,", "more than 12 decimals"),
        ("3" * 21 + ",Netherlands,0.05,,,", "too long"),
        ("31," + "N" * 121 + ",0.05,,,", "too long"),
        ("31", "There is no price"),
    ],
)
def test_a_row_that_makes_no_rate_is_named_with_its_reason_and_the_others_are_read(row, reason):
    deck = read(f"prefix,destination,price_per_minute,first_increment,valid_from,valid_until\n{row}\n49,Germany,1,,,\n")
    assert [rate.prefix for rate in deck.rates] == ["49"]
    assert [invalid.row for invalid in deck.invalid] == [2]
    assert reason in deck.invalid[0].reason
    with pytest.raises(InvalidRowsError, match=r"1 rows make no rate: mend them first\. row 2: "):
        deck.valid_rates()


def test_a_row_without_a_first_day_makes_no_rate():
    deck = read("prefix,destination,price_per_minute\n31,Netherlands,1\n", RateLayout())
    assert "There is no first day" in deck.invalid[0].reason


@pytest.mark.parametrize("text", ["", "prefix,destination\n31,Netherlands\n"])
def test_a_file_without_a_column_that_is_needed_is_refused_with_the_columns_there_are(text):
    with pytest.raises(LayoutError, match=r"has no column .*price_per_minute: choose another layout"):
        read(text)


UNRATED = {
    "minimum_charge": Decimal(1),
    "maximum_charge": Decimal(1),
    "grace_seconds": 3,
    "slices": (RateSlice(from_seconds=60, price=Decimal(1)),),
}


@pytest.mark.parametrize("name", LANE_IGNORES)
def test_what_usage_would_not_be_rated_by_is_refused(name):
    with pytest.raises(NotRatedError, match="which usage is not rated by: import it without"):
        new_rate(**{name: UNRATED[name]})
