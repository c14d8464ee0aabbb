"""What is sold: dated prices that never change, decks without overlaps, plans, taxes."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from tests.builders import OPENED, make_catalog, make_company
from tests.catalog.selling import BY, publish

from billhook.catalog.models import Plan, Price, Product, Rate, RateCard
from billhook.catalog.operations.plan_parts import NewPlanItem
from billhook.catalog.operations.plans import create_plan
from billhook.catalog.operations.prices import RATE_CARD, CardCurrencyError, NoCardError
from billhook.catalog.operations.products import create_product
from billhook.catalog.operations.rates import import_rate_card
from billhook.catalog.operations.taxes import TaxOverlapError, set_tax_rate
from billhook.catalog.queries import (
    NoPriceError,
    PriceRequest,
    UnknownProductError,
    current_prices,
    deck_rows,
    plans,
    price_for,
    price_model,
    prices_of,
    products,
    tax_policy,
)
from billhook.catalog.rates import NewRate
from billhook.catalog.refusals import CodeError, CodeTakenError, TooFineError, UnknownOptionError
from billhook.core.errors import Refusal
from billhook.core.ratecard import OverlappingRatesError
from billhook.foundation.models import EventRecord
from billhook.foundation.scope import company_scope
from billhook.hooks.registry import UnknownPluginError
from billhook.plugins.price_models.parameters import PriceParametersError

DAY = timedelta(days=1)
RATE = NewRate(prefix="31", destination="Netherlands", price_per_minute=Decimal("0.05"), valid_from=OPENED)

pytestmark = pytest.mark.usefixtures("shop")


@pytest.fixture
def line():
    return create_product(code="voice-line", name="VoIP line", kind="recurring", **BY)


def asked(**given):
    return PriceRequest(**{"product": "voice-line", "currency": "EUR", **given})


def events(name):
    return list(EventRecord.objects.filter(name=name).order_by("id"))


@pytest.mark.parametrize("kind", ["recurring", "usage", "one_time", "penalty"])
def test_a_product_is_added(kind):
    product = create_product(code="thing", name="Thing", kind=kind, unit="s", **BY)
    assert (product.kind, product.tax_category, product.revenue_account) == (kind, "standard", "revenue")
    assert events("product.created")[0].subject == "thing"


def test_a_product_of_an_unknown_kind_or_a_taken_code_is_refused(line):
    with pytest.raises(UnknownOptionError, match="'magic' is no kind of product: choose one of recurring, usage"):
        create_product(code="x", name="X", kind="magic", **BY)
    with pytest.raises(CodeTakenError, match="There is a product voice-line already: choose another code"):
        create_product(code=line.code, name="Again", kind="usage", **BY)
    with pytest.raises(CodeError, match="'a:b' is no code for a product"):
        create_product(code="a:b", name="X", kind="usage", **BY)
    assert len(events("product.created")) == Product.objects.count() == 1


def test_versions_count_up_and_the_first_stays_as_it_was(line):
    first = publish(line)
    second = publish(line, "25.00", date(2026, 6, 1))
    assert (first.version, second.version) == (1, 2)
    first.refresh_from_db()
    assert first.parameters == {"amount": "20.00"}
    assert [price.version for price in prices_of(line)] == [2, 1]
    assert [(record.data["version"], record.data["valid_from"]) for record in events("price.published")] == [
        (1, "2026-01-01"),
        (2, "2026-06-01"),
    ]


def test_the_price_in_force_is_the_newest_that_has_begun(line):
    publish(line, "20.00", date(2026, 1, 1))
    publish(line, "25.00", date(2026, 6, 1))
    publish(line, "9.00", date(2026, 1, 1), currency="USD")
    found = {
        day: price_for(asked(on=day)).parameters["amount"]
        for day in (date(2026, 1, 1), date(2026, 5, 31), date(2026, 6, 1))
    }
    assert list(found.values()) == ["20.00", "20.00", "25.00"]
    assert price_for(asked(currency="USD", on=date(2026, 6, 1))).parameters == {"amount": "9.00"}
    prices = current_prices([line], on=date(2026, 6, 1))[line.pk]
    assert [(price.currency, price.parameters["amount"]) for price in prices] == [("EUR", "25.00"), ("USD", "9.00")]


@pytest.mark.parametrize(("currency", "on"), [("EUR", date(2025, 12, 31)), ("USD", date(2026, 3, 1))])
def test_no_price_is_said_with_product_currency_and_day(line, currency, on):
    publish(line)
    with pytest.raises(NoPriceError, match=f"voice-line has no price in {currency} on {on}: publish one"):
        price_for(asked(currency=currency, on=on))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"model": "gold"}, UnknownPluginError),
        ({"parameters": {}}, PriceParametersError),
        ({"parameters": {"amount": "much"}}, PriceParametersError),
        ({"parameters": {"amount": "1", "colour": "red"}}, PriceParametersError),
        ({"currency": "XXY"}, Refusal),
        ({"model": "volume", "parameters": {"tiers": []}}, Refusal),
        ({"model": "package", "parameters": {"size": "0", "price": "1"}}, Refusal),
        ({"model": RATE_CARD, "parameters": {}}, NoCardError),
        ({"record_decimals": 13}, TooFineError),
    ],
)
def test_what_makes_no_price_is_refused_and_leaves_nothing(line, changes, error):
    with pytest.raises(error):
        publish(line, **changes)
    assert not Price.objects.exists()
    assert not events("price.published")


def test_a_card_in_another_currency_is_refused(line):
    card = import_rate_card(code="usd", name="Dollars", currency="USD", rates=[RATE], **BY)
    with pytest.raises(CardCurrencyError, match="usd is in USD, the price in EUR"):
        publish(line, model=RATE_CARD, parameters={}, rate_card=card)
    assert publish(line, model=RATE_CARD, parameters={}, rate_card=card, currency="USD").rate_card == card


def test_parameters_are_stored_as_they_were_validated(line):
    price = publish(line, model="package", parameters={"size": 100, "price": "5.00"})
    assert price.parameters == {"size": "100", "price": "5.00", "free_units": "0"}
    assert price_model(price.model, price.parameters, "EUR").block_price == Decimal("5.00")


def test_a_published_price_cannot_be_changed(line):
    price = publish(line)
    with pytest.raises(IntegrityError, match="written once"), transaction.atomic():
        Price.objects.filter(pk=price.pk).update(parameters={"amount": "1.00"})
    with pytest.raises(IntegrityError, match="written once"), transaction.atomic():
        price.delete()


def test_a_deck_is_imported_whole():
    card = import_rate_card(code="world", name="World", rates=[RATE, replace(RATE, prefix="49")], **BY)
    assert card.currency == "EUR"
    assert [(rate.prefix, rate.price_per_minute) for rate in card.rates.order_by("prefix")] == [
        ("31", Decimal("0.05")),
        ("49", Decimal("0.05")),
    ]
    assert events("rate_card.imported")[0].data["rates"] == 2
    again = import_rate_card(code="world", name="ignored", rates=[replace(RATE, prefix="44")], **BY)
    assert (again, again.name, again.rates.count()) == (card, "World", 3)


@pytest.mark.parametrize(
    "new",
    [
        [RATE, RATE],
        [RATE, replace(RATE, valid_from=OPENED + DAY)],
        [replace(RATE, valid_until=OPENED + 2 * DAY), replace(RATE, valid_from=OPENED + DAY, destination="Later")],
    ],
)
def test_rates_that_overlap_are_both_named_and_none_is_imported(new):
    with pytest.raises(OverlappingRatesError) as refusal:
        import_rate_card(code="world", name="World", rates=[replace(RATE, prefix="49"), *new], **BY)
    for rate in new:
        assert f"31 {rate.destination} from {rate.valid_from}" in str(refusal.value)
    assert not RateCard.objects.exists()
    assert not events("rate_card.imported")


def test_rates_that_overlap_with_what_stands_are_refused():
    import_rate_card(code="world", name="World", rates=[RATE], **BY)
    with pytest.raises(OverlappingRatesError, match="end the first before the second starts"):
        import_rate_card(code="world", name="World", rates=[replace(RATE, valid_from=OPENED + DAY)], **BY)
    assert Rate.objects.count() == 1


def test_rates_that_meet_do_not_overlap():
    later = replace(RATE, valid_from=OPENED + DAY, price_per_minute=Decimal("0.06"))
    import_rate_card(code="world", name="World", rates=[replace(RATE, valid_until=OPENED + DAY), later], **BY)
    assert [(row.price_per_minute, row.valid_from, row.valid_to) for row in deck_rows(["world"])] == [
        ("0.050000000000", OPENED, OPENED + DAY),
        ("0.060000000000", OPENED + DAY, None),
    ]
    assert deck_rows([]) == deck_rows(["unknown"]) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"prefix": "+31"},
        {"price_per_minute": Decimal(-1)},
        {"connection_fee": Decimal(-1)},
        {"first_increment": 0},
        {"minimum_seconds": -1},
        {"valid_until": OPENED},
        {"price_per_minute": Decimal("0.0000000000004")},
        {"connection_fee": Decimal("1.0000000000001")},
        {"price_per_minute": 0.05},
    ],
)
def test_a_rate_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(Refusal):
        import_rate_card(code="world", name="World", rates=[replace(RATE, **wrong)], **BY)
    assert not RateCard.objects.exists()


def test_a_plan_keeps_the_order_of_its_items(line):
    calls = create_product(code="calls", name="Calls", kind="usage", **BY)
    items = [NewPlanItem(product=calls.code, timing="in_arrears"), NewPlanItem(product=line.code, timing="in_advance")]
    create_plan(code="voice", name="VoIP", items=items, **BY)
    (plan,) = plans()
    assert [(item.position, item.product.code) for item in plan.items.all()] == [(1, "calls"), (2, "voice-line")]
    assert events("plan.created")[0].subject == "voice"


@pytest.mark.parametrize(
    ("item", "error"),
    [
        ({"product": "gold", "timing": "in_advance"}, UnknownProductError),
        ({"product": "voice-line", "timing": "never"}, UnknownOptionError),
    ],
)
def test_a_plan_of_something_unknown_leaves_nothing(line, item, error):
    with pytest.raises(error):
        create_plan(
            code="voice",
            name="VoIP",
            items=[NewPlanItem(product=line.code, timing="in_advance"), NewPlanItem(**item)],
            **BY,
        )
    assert not Plan.objects.exists()


def test_a_tax_is_set_from_a_day_on():
    assert tax_policy().rules == ()
    rate = {"tax_category": "standard", "code": "vat", "name": "VAT", "percent": Decimal("21.0000")}
    set_tax_rate(**rate, valid_from=OPENED, **BY)
    (rule,) = tax_policy().rules
    assert (rule.percent, rule.category, rule.account, rule.valid_from) == (Decimal(21), "S", "tax:vat", OPENED)
    assert events("tax_rate.set")[0].data["percent"] == "21.0000"
    with pytest.raises(TaxOverlapError, match=f"A rate of vat begins on {OPENED} already"):
        set_tax_rate(**rate, valid_from=OPENED, **BY)


def test_products_are_found_by_code_or_name():
    make_catalog()
    assert [product.code for product in products("line")] == ["voice-line"]
    assert [product.code for product in products("CALL")] == ["calls"]
    assert [product.code for product in products()] == ["calls", "late-fee", "voice-line"]


def test_another_companys_catalog_is_not_sold():
    make_catalog()
    with company_scope(make_company("merlin")), connection.cursor() as cursor:
        assert not products().exists()
        assert deck_rows(["world"]) == []
        cursor.execute("select count(*) from catalog_price")
        assert cursor.fetchone() == (0,)
