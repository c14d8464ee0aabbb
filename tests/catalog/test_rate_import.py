"""A deck is previewed and imported, all of it or none: what is new, dearer, cheaper, unchanged, ended."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.builders import OPENED
from tests.catalog.selling import BY, TODAY, day, new_rate, statements, told

from billhook.catalog.bulk import ImportMode
from billhook.catalog.models import Rate, RateCard
from billhook.catalog.operations.rates import OtherCurrencyError, SettledRatesError, import_rate_card
from billhook.catalog.queries import (
    NoDayError,
    UnknownCardError,
    card_by_code,
    deck_rows,
    preview_rate_card,
    rate_cards,
    rates_of,
)
from billhook.catalog.rates import RateLayout, ReadDeck, read_rate_csv
from billhook.core.ratecard import OverlappingRatesError

pytestmark = pytest.mark.usefixtures("shop")

FROM = day("04-01")  # later than the day of the tests
STANDING = (
    new_rate("31"),
    new_rate("32"),
    new_rate("33"),
    new_rate("34"),
    new_rate("35"),
    new_rate("36", valid_until=day("02-01")),
    new_rate("37", valid_from=day("05-01")),
)
NEXT = (
    new_rate("31", "0.06", FROM, row=2),
    new_rate("32", "0.04", FROM, row=3),
    new_rate("33", "0.05", FROM, row=4),
    new_rate("34", "0.05", FROM, first_increment=60, row=5),
    new_rate("39", "0.01", FROM, row=6),
)


def load(*rates, code="world", **more):
    return import_rate_card(code=code, name=code.title(), rates=rates, **more, **BY)


def preview(*rates, **more):
    return preview_rate_card(code="world", deck=ReadDeck(rates), today=TODAY, **more)


def stored(on=None):
    """Return prefix, price, first and last day of what stands, in the order of prefix and date."""
    rows = rates_of(card_by_code("world"), on=on)
    return [(row.prefix, f"{row.price_per_minute.normalize():f}", row.valid_from, row.valid_until) for row in rows]


REPLACE = {"mode": ImportMode.REPLACE_FROM, "day": FROM}


def test_a_preview_counts_and_lists_what_a_replacement_does_and_writes_nothing():
    load(*STANDING)
    before = stored()
    found = preview(*NEXT, **REPLACE)
    assert found.counts == {
        "new": 1,
        "price_up": 1,
        "price_down": 1,
        "changed": 1,
        "unchanged": 1,
        "ended": 1,
        "withdrawn": 1,
    }
    named = {kind: [change.prefix for change in changes] for kind, changes in found.lists.items()}
    assert named == {
        "new": ["39"],
        "price_up": ["31"],
        "price_down": ["32"],
        "changed": ["34"],
        "unchanged": ["33"],
        "ended": ["35"],
        "withdrawn": ["37"],
    }
    up = found.lists["price_up"][0]
    assert (up.row, up.on, up.before, up.after) == (2, FROM, Decimal("0.05"), Decimal("0.06"))
    assert found.can_be_imported
    assert stored() == before


def test_a_replacement_ends_what_stood_the_day_before_and_keeps_it():
    load(*STANDING)
    load(*NEXT, **REPLACE)
    assert stored() == [
        ("31", "0.05", OPENED, FROM),
        ("31", "0.06", FROM, None),
        ("32", "0.05", OPENED, FROM),
        ("32", "0.04", FROM, None),
        ("33", "0.05", OPENED, None),
        ("34", "0.05", OPENED, FROM),
        ("34", "0.05", FROM, None),
        ("35", "0.05", OPENED, FROM),
        ("36", "0.05", OPENED, day("02-01")),
        ("39", "0.01", FROM, None),
    ]
    event = told("rate_card.imported")[-1]
    assert (event["rates"], event["ended"], event["withdrawn"]) == (4, 4, 1)
    assert [row[0] for row in stored(on=FROM)] == ["31", "32", "33", "34", "39"]


def test_a_change_leaves_other_prefixes_alone_and_follows_each_rates_own_day():
    load(*STANDING)
    later = replace(NEXT[0], valid_from=day("06-01"))
    found = preview(NEXT[1], later, mode=ImportMode.CHANGE)
    assert {kind: count for kind, count in found.counts.items() if count} == {"price_up": 1, "price_down": 1}
    load(NEXT[1], later, mode=ImportMode.CHANGE)
    ended = [row for row in stored() if row[3] is not None and row[0] != "36"]
    assert ended == [("31", "0.05", OPENED, day("06-01")), ("32", "0.05", OPENED, FROM)]
    assert ("37", "0.05", day("05-01"), None) in stored()


def test_a_deck_with_two_prices_for_a_prefix_one_after_the_other_is_taken_whole():
    load(new_rate("31"))
    sale = new_rate("31", "0.01", FROM, valid_until=day("05-01"))
    load(sale, new_rate("31", "0.05", day("05-01")), **REPLACE)
    assert stored() == [
        ("31", "0.05", OPENED, FROM),
        ("31", "0.01", FROM, day("05-01")),
        ("31", "0.05", day("05-01"), None),
    ]


def test_the_same_deck_again_changes_nothing():
    load(*STANDING)
    load(*NEXT, **REPLACE)
    before = stored()
    assert set(preview(*NEXT, **REPLACE).counts.values()) == {0, 5}
    load(*NEXT, **REPLACE)
    assert stored() == before
    assert told("rate_card.imported")[-1]["rates"] == 0


def test_an_announced_deck_may_be_corrected_and_one_in_force_may_not():
    load(new_rate("31"))
    load(new_rate("31", "0.06", FROM), **REPLACE)
    load(new_rate("31", "0.07", FROM), **REPLACE)
    assert stored() == [("31", "0.05", OPENED, FROM), ("31", "0.07", FROM, None)]
    begun = {"mode": ImportMode.REPLACE_FROM, "day": OPENED}
    deck = [new_rate("31", "0.08")]
    found = preview(*deck, **begun)
    assert [change.prefix for change in found.settled] == ["31"]
    assert not found.can_be_imported
    with pytest.raises(SettledRatesError, match=f"To 31 in world has been in force since {OPENED}, on or after"):
        load(*deck, **begun)
    assert len(stored()) == 2


@pytest.mark.parametrize("mode", [ImportMode.CHANGE, ImportMode.REPLACE_FROM])
def test_duplicates_are_named_with_both_rows_in_preview_and_import(mode):
    one, other = new_rate("31", valid_from=FROM, row=3), new_rate("31", "0.06", day("05-01"), row=7)
    given = {"mode": mode, "day": FROM}
    found = preview(one, other, new_rate("32", valid_from=FROM, row=4), **given)
    assert [(pair.first_row, pair.second_row) for pair in found.overlaps] == [(3, 7)]
    assert not found.can_be_imported
    with pytest.raises(
        OverlappingRatesError, match=r"\(row 3\) and 31 To 31 from 2026-05-01 \(row 7\) hold on the same"
    ):
        load(one, other, **given)
    assert not RateCard.objects.exists()


def test_what_stands_is_named_where_rates_are_only_added():
    load(new_rate("31", valid_from=day("05-01")))
    early = new_rate("31", valid_from=FROM, row=9)
    (pair,) = preview(early).overlaps
    assert (pair.first, pair.first_row, pair.second_row) == ("31 To 31 from 2026-05-01", None, 9)
    with pytest.raises(OverlappingRatesError, match=r"from 2026-05-01 and 31 To 31 from 2026-04-01 \(row 9\)"):
        load(early)
    load(replace(early, valid_until=day("05-01")))
    assert len(stored()) == 2


def test_a_card_is_replaced_from_a_day_that_no_rate_precedes():
    with pytest.raises(NoDayError, match="replaces the card from no day: give the day"):
        preview(*NEXT, mode=ImportMode.REPLACE_FROM)
    with pytest.raises(NoDayError, match=f"A rate begins on {FROM}, before the card is replaced on 2026-05-01"):
        load(*NEXT, mode=ImportMode.REPLACE_FROM, day=day("05-01"))
    assert not RateCard.objects.exists()


def test_a_deck_in_another_currency_is_refused():
    load(new_rate("31"), currency="USD")
    with pytest.raises(OtherCurrencyError, match="world is in USD, the deck in EUR: use another card"):
        load(new_rate("32"), currency="EUR")
    load(new_rate("32"))
    assert [card.currency for card in rate_cards()] == ["USD"]
    with pytest.raises(UnknownCardError, match="There is no rate card moon"):
        card_by_code("moon")


def test_preview_and_import_need_as_many_statements_for_many_rates_as_for_few():
    counts = []
    for code, size in (("few", 1), ("many", 400)):
        deck = ReadDeck(tuple(new_rate(str(1000 + number)) for number in range(size)))
        with statements() as run:
            preview_rate_card(code=code, deck=deck, today=TODAY)
            load(*deck.rates, code=code)
        counts.append(len(run))
    assert counts[0] == counts[1]


def test_a_file_is_previewed_and_imported_as_it_stands():
    text = "prefix,destination,price_per_minute\n31,Netherlands,0.05\n316-318,Mobile,0.10\nx,Nowhere,1\n"
    deck = read_rate_csv(StringIO(text), RateLayout(valid_from=OPENED))
    found = preview_rate_card(code="world", deck=deck, today=TODAY)
    assert (found.counts["new"], [row.row for row in found.invalid], found.can_be_imported) == (4, [4], False)
    load(*deck.rates)
    assert [row.prefix for row in deck_rows(["world"])] == ["31", "316", "317", "318"]


PREFIXES = st.sampled_from(["1", "12", "13", "2"])
DAYS = st.integers(0, 6).map(lambda months: OPENED + timedelta(days=30 * months))
PRICES = st.sampled_from(["0.05", "0.06", "0.07"])
ANY_DECK = st.lists(
    st.tuples(PREFIXES, PRICES, DAYS, st.none() | st.integers(1, 60)),
    max_size=6,
    unique_by=lambda row: (row[0], row[2]),
).map(
    lambda rows: [
        new_rate(prefix, price, begins, row=place, valid_until=begins + timedelta(days=days) if days else None)
        for place, (prefix, price, begins, days) in enumerate(rows, start=2)
    ]
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ANY_DECK, ANY_DECK, st.sampled_from(ImportMode))
def test_an_import_does_what_its_preview_says_and_never_leaves_an_overlap(standing, deck, mode):
    Rate.objects.all().delete()
    for rate in standing:
        if not preview(rate, mode=ImportMode.CHANGE).settled:
            load(rate, mode=ImportMode.CHANGE)
    first = min((rate.valid_from for rate in deck), default=FROM)
    given = {"mode": mode, "day": first}
    found = preview(*deck, **given)
    before = stored() if RateCard.objects.exists() else []
    if not found.can_be_imported:
        with pytest.raises((OverlappingRatesError, SettledRatesError)):
            load(*deck, **given)
        assert (stored() if RateCard.objects.exists() else []) == before
        return
    load(*deck, **given)
    after, counts = stored(), found.counts
    inserted = sum(counts[kind] for kind in ("new", "price_up", "price_down", "changed"))
    assert told("rate_card.imported")[-1]["rates"] == inserted
    assert len(after) == len(before) + inserted - counts["withdrawn"]
    for (prefix, _, _, ends), (other, _, begins, _) in pairwise(after):
        assert prefix != other or (ends is not None and ends <= begins)
    for rate in deck:
        assert (rate.prefix, f"{rate.price_per_minute.normalize():f}") in [
            row[:2] for row in stored(on=rate.valid_from)
        ]
