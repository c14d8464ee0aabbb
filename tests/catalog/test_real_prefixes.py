"""The prefixes of the world as they are: those of Google's libphonenumber, as the installed package holds them."""

from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from phonenumbers.carrierdata import CARRIER_DATA
from phonenumbers.geodata import GEOCODE_DATA
from tests.builders import OPENED
from tests.catalog.selling import BY, TODAY, day

from billhook.catalog.bulk import ImportMode
from billhook.catalog.operations.rates import import_rate_card
from billhook.catalog.queries import card_by_code, preview_rate_card, rates_of
from billhook.catalog.rates import RateLayout, read_rate_csv

pytestmark = pytest.mark.usefixtures("shop")

# Europe's zone 4: a tenth of all, enough for nested prefixes of every length.
PREFIXES = sorted(prefix for prefix in {*map(str, GEOCODE_DATA), *map(str, CARRIER_DATA)} if prefix.startswith("4"))
FROM = day("04-01")


def deck(prefixes, valid_from, *, dearer=()):
    rows = (f"{prefix},Place,{'0.06' if prefix in dearer else '0.05'}\n" for prefix in prefixes)
    text = "prefix,destination,price_per_minute\n" + "".join(rows)
    return read_rate_csv(StringIO(text), RateLayout(valid_from=valid_from))


def test_real_prefixes_are_imported_replaced_and_kept():
    assert len(PREFIXES) > 10_000
    first = deck(PREFIXES, OPENED)
    assert first.invalid == ()
    import_rate_card(code="world", name="World", rates=first.valid_rates(), **BY)
    dearer, ended = set(PREFIXES[::7]), set(PREFIXES[1::7])
    second = deck([prefix for prefix in PREFIXES if prefix not in ended], FROM, dearer=dearer)
    terms = {"mode": ImportMode.REPLACE_FROM, "day": FROM}
    counts = preview_rate_card(code="world", deck=second, today=TODAY, **terms).counts
    assert (counts["price_up"], counts["ended"]) == (len(dearer), len(ended))
    assert counts["unchanged"] == len(PREFIXES) - len(dearer) - len(ended)
    import_rate_card(code="world", name="World", rates=second.valid_rates(), **terms, **BY)
    card = card_by_code("world")
    assert rates_of(card, on=FROM - timedelta(days=1)).count() == len(PREFIXES)
    assert rates_of(card, on=FROM).count() == len(PREFIXES) - len(ended)
    assert rates_of(card, on=FROM).filter(price_per_minute=Decimal("0.06")).count() == len(dearer)
