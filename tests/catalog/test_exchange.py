"""Exchange rates: dated, in either direction, and through the company's currency."""

from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import IntegrityError, transaction
from tests.builders import OPENED
from tests.catalog.selling import day, exchange_rate, statements, told

from billhook.catalog.models import ExchangeRate
from billhook.catalog.operations.exchange import ExchangeRateTakenError
from billhook.catalog.queries import NoExchangeRateError, exchange_rates, exchange_table, rate_on
from billhook.catalog.refusals import TooFineError
from billhook.core.exchange import ExchangeError
from billhook.core.money import Money, UnknownCurrencyError, currency

pytestmark = pytest.mark.usefixtures("shop")


def test_the_newest_rate_that_has_begun_holds():
    exchange_rate(source="ECB")
    exchange_rate(rate="1.10", valid_from=day("02-01"))
    assert [rate_on("EUR", "USD", day(text)) for text in ("01-31", "02-01")] == [Fraction("1.08"), Fraction("1.1")]
    with pytest.raises(NoExchangeRateError, match="no exchange rate from EUR to GBP on 2026-01-01: set one"):
        rate_on("EUR", "GBP", OPENED)
    assert told("exchange_rate.set")[0]["pair"] == "EUR/USD"
    assert [row.rate for row in exchange_rates("USD")] == [Decimal("1.10"), Decimal("1.08")]
    assert not exchange_rates("GBP").exists()


def test_rates_are_turned_round_and_led_through_the_companys_currency_exactly():
    exchange_rate("EUR/USD", "1.2")
    exchange_rate("GBP/EUR", "1.5")
    assert rate_on("USD", "EUR", OPENED) == Fraction(5, 6)
    assert rate_on("GBP", "USD", OPENED) == Fraction("1.8")
    assert rate_on("USD", "GBP", OPENED) == Fraction(5, 9)
    assert rate_on("USD", "USD", OPENED) == 1
    with statements() as run:
        rate_on("GBP", "USD", OPENED)
    assert len(run) == 2


def test_the_core_converts_at_the_companys_rates():
    exchange_rate()
    exchange_rate(rate="2", valid_from=day("02-01"))
    table = exchange_table()
    assert table.convert(Money.of("10.00", "EUR"), currency("USD"), OPENED) == Money.of("10.80", "USD")
    assert table.convert(Money.of("10.00", "EUR"), currency("USD"), day("02-01")) == Money.of("20.00", "USD")


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"rate": "0"}, ExchangeError),
        ({"rate": "0.1234567890123"}, TooFineError),
        ({"pair": "EUR/EUR"}, ExchangeError),
        ({"pair": "EUR/XXY"}, UnknownCurrencyError),
    ],
)
def test_what_makes_no_rate_is_refused(wrong, error):
    with pytest.raises(error):
        exchange_rate(**wrong)


def test_a_rate_of_a_day_is_set_once_and_never_changes():
    exchange_rate()
    with pytest.raises(
        ExchangeRateTakenError, match="A rate of EUR/USD begins on 2026-01-01 already, and never changes"
    ):
        exchange_rate(rate="2")
    with pytest.raises(IntegrityError, match="written once"), transaction.atomic():
        ExchangeRate.objects.update(rate=2)
