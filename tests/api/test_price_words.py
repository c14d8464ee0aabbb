"""Prices in words say what one pays, in which steps and how often."""

from types import SimpleNamespace

import pytest

from billhook.interfaces.price_words import how_often, in_words

TIERS = {"tiers": [{"up_to": "1000", "unit_price": "0.05"}, {"up_to": None, "unit_price": "0.04", "flat_fee": "2"}]}


def price(model, parameters, card=None):
    return SimpleNamespace(model=model, parameters=parameters, currency="EUR", rate_card=card)


@pytest.mark.parametrize(
    ("model", "parameters", "words"),
    [
        ("flat", {"amount": "20"}, "€20.00"),
        ("per_unit", {"unit_price": "0.0125"}, "€0.0125 for each GB"),
        ("package", {"size": "100", "price": "9.5", "free_units": "0"}, "€9.50 for each started 100 GB"),
        (
            "package",
            {"size": "100", "price": "9", "free_units": "50"},
            "€9.00 for each started 100 GB, the first 50 free",
        ),
        (
            "graduated",
            TIERS,
            "up to 1,000: €0.05 for each GB; above 1,000: €0.04 for each GB and €2.00; each part at its own tier",
        ),
        (
            "volume",
            {"tiers": [{"unit_price": "1"}]},
            "any number: €1.00 for each GB; all of them at the tier that is reached",
        ),
        ("own_model", {"minimum": "2"}, "Own model: minimum €2.00"),
    ],
)
def test_a_price_in_words(model, parameters, words):
    assert in_words(price(model, parameters), "GB") == words


def test_a_price_by_card_names_the_card():
    assert in_words(price("rate_card", {}, SimpleNamespace(name="World")), "s").endswith("from the rate card World")


def test_a_cadence_in_words():
    assert (how_often("month", 1), how_often("month", 3), how_often("year", 1)) == (
        "each month",
        "every 3 months",
        "each year",
    )
