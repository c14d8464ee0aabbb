"""Price models, rate cards and the rating of calls."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billhook.core import derivation, exact
from billhook.core.money import Money, UnknownCurrencyError, currency
from billhook.core.period import PeriodError
from billhook.core.price import (
    BeyondLastTierError,
    NegativeQuantityError,
    NegativeTierError,
    OverlappingTiersError,
    PriceError,
    PriceModel,
)
from billhook.core.price.flat import Flat
from billhook.core.price.graduated import Graduated
from billhook.core.price.package import Package
from billhook.core.price.per_unit import PerUnit
from billhook.core.price.tiers import BeyondLastTier, Tier
from billhook.core.price.volume import Volume
from billhook.core.quantity import IncrementBase, IncrementError, Increments, Quantity, UnitError
from billhook.core.ratecard import NoRateError, OverlappingRatesError, Rate, RateCard
from billhook.core.rating import Call, rate_call

EUR = currency("EUR")
D = Decimal
QUANTITIES = st.decimals(0, 10**6, places=3)
PRICES = st.decimals(0, 1000, places=4)
LADDER = (Tier(up_to=D(10), unit_price=D(5)), Tier(up_to=D(20), unit_price=D(3), flat_fee=D(7)), Tier(up_to=None))
MODELS = (
    Flat(currency=EUR, amount=D("20.00")),
    PerUnit(currency=EUR, unit_price=D("0.000000000001")),
    Graduated(currency=EUR, tiers=LADDER),
    Volume(currency=EUR, tiers=LADDER),
    Package(currency=EUR, size=D(100), block_price=D("1.25"), free=D(50)),
)


@st.composite
def ladders(draw: st.DrawFn, *, falling: bool = False) -> tuple[Tier, ...]:
    """Draw an open ladder of tiers, if asked with prices that do not rise."""
    widths = draw(st.lists(st.integers(1, 500), min_size=0, max_size=5))
    bounds = [D(bound) for bound in accumulate(widths)]
    prices = draw(st.lists(PRICES, min_size=len(bounds) + 1, max_size=len(bounds) + 1))
    if falling:
        prices.sort(reverse=True)
    fees = draw(st.lists(st.just(D(0)) | PRICES, min_size=len(prices), max_size=len(prices)))
    return tuple(
        Tier(up_to=bound, unit_price=price, flat_fee=fee)
        for bound, price, fee in zip([*bounds, None], prices, fees, strict=True)
    )


@pytest.mark.parametrize(
    ("quantity", "amount"), [("0", "0"), ("10", "50"), ("10.5", "58.5"), ("20", "87"), ("25", "87")]
)
def test_graduated_prices_each_slice_at_its_tier(quantity: str, amount: str) -> None:
    assert Graduated(currency=EUR, tiers=LADDER).price(D(quantity)).amount == D(amount)


def test_zero_usage_pays_the_fee_of_the_first_tier_only() -> None:
    tiers = (Tier(up_to=D(10), unit_price=D(1), flat_fee=D(4)), Tier(up_to=None, unit_price=D(1), flat_fee=D(9)))
    priced = Graduated(currency=EUR, tiers=tiers).price(D(0))
    assert priced.amount == D(4)
    assert derivation.run(priced.steps) == 4


@pytest.mark.parametrize(("quantity", "amount"), [("10", "50"), ("11", "40"), ("20", "67"), ("21", "0")])
def test_volume_prices_all_units_at_one_tier(quantity: str, amount: str) -> None:
    assert Volume(currency=EUR, tiers=LADDER).price(D(quantity)).amount == D(amount)


@pytest.mark.parametrize(
    ("quantity", "amount"), [("0", "0"), ("50", "0"), ("50.1", "1.25"), ("150", "1.25"), ("151", "2.50")]
)
def test_a_started_block_counts_and_free_units_come_first(quantity: str, amount: str) -> None:
    assert MODELS[4].price(D(quantity)).amount == D(amount)


def test_flat_and_per_unit() -> None:
    assert MODELS[0].price(D(7)).amount == D("20.00")
    assert PerUnit(currency=EUR, unit_price=D("0.05")).price(D(100)).amount == D(5)
    assert MODELS[1].price(D("123456789012.000000000001")).amount == D("0.123456789012000000000001")


def test_above_a_closed_last_tier() -> None:
    closed = LADDER[:2]
    for model in (Graduated, Volume):
        with pytest.raises(BeyondLastTierError, match="above the last tier"):
            model(currency=EUR, tiers=closed).price(D(21))
    last, free = BeyondLastTier.LAST_TIER, BeyondLastTier.NOT_CHARGED
    assert Graduated(currency=EUR, tiers=closed, beyond=last).price(D(30)).amount == D(50 + 7 + 60)
    assert Graduated(currency=EUR, tiers=closed, beyond=free).price(D(30)).amount == D(87)
    assert Volume(currency=EUR, tiers=closed, beyond=last).price(D(30)).amount == D(97)
    assert Volume(currency=EUR, tiers=closed, beyond=free).price(D(30)).amount == D(67)


def test_parameters_that_make_no_price_are_refused() -> None:
    with pytest.raises(NegativeTierError, match="unit price"):
        Tier(up_to=D(1), unit_price=D(-1))
    with pytest.raises(NegativeTierError, match="bound"):
        Tier(up_to=D(-1))
    with pytest.raises(exact.NotExactError, match="float"):
        Tier(up_to=D(1), unit_price=0.1)  # type: ignore[arg-type]
    for tiers in ((LADDER[1], LADDER[0]), (LADDER[0], LADDER[0]), (LADDER[2], LADDER[0])):
        with pytest.raises(OverlappingTiersError):
            Graduated(currency=EUR, tiers=tiers)
        with pytest.raises(OverlappingTiersError):
            Volume(currency=EUR, tiers=tiers)
    with pytest.raises(PriceError, match="no tiers"):
        Volume(currency=EUR, tiers=())
    with pytest.raises(PriceError, match="size"):
        Package(currency=EUR, size=D(0), block_price=D(1))
    with pytest.raises(PriceError, match="free"):
        Package(currency=EUR, size=D(1), block_price=D(1), free=D(-1))


def test_a_price_without_currency_or_of_a_float_is_refused() -> None:
    for build in (
        lambda unit: Flat(currency=unit, amount=D(1)),
        lambda unit: PerUnit(currency=unit, unit_price=D(1)),
        lambda unit: Graduated(currency=unit, tiers=LADDER),
        lambda unit: Volume(currency=unit, tiers=LADDER),
        lambda unit: Package(currency=unit, size=D(1), block_price=D(1)),
        lambda unit: RateCard(code="voice", currency=unit, rates=()),
    ):
        with pytest.raises(UnknownCurrencyError, match="names no currency"):
            build(None)
    for build_of in (
        lambda bad: Flat(currency=EUR, amount=bad),
        lambda bad: PerUnit(currency=EUR, unit_price=bad),
        lambda bad: Package(currency=EUR, size=bad, block_price=D(1)),
        lambda bad: Rate(prefix="31", price=bad),
    ):
        with pytest.raises(exact.NotExactError):
            build_of(0.05)


def test_a_quantity_below_zero_has_no_price() -> None:
    for model in MODELS[1:]:
        with pytest.raises(NegativeQuantityError):
            model.price(D(-1))


@given(st.sampled_from(MODELS), QUANTITIES)
def test_the_steps_of_a_price_lead_to_its_amount(model: PriceModel, quantity: Decimal) -> None:
    priced = model.price(quantity)
    assert exact.from_fraction(derivation.run(priced.steps)) == priced.amount
    assert model.price(quantity) == priced


@given(ladders(), QUANTITIES)
def test_graduated_is_the_sum_of_its_slices(tiers: tuple[Tier, ...], quantity: Decimal) -> None:
    expected, above = D(0), D(0)
    for place, tier in enumerate(tiers):
        top = quantity if tier.up_to is None else min(quantity, tier.up_to)
        if place == 0 or quantity > above:
            expected += tier.flat_fee + max(top - above, D(0)) * tier.unit_price
        above = tier.up_to or above
    assert Graduated(currency=EUR, tiers=tiers).price(quantity).amount == expected


@given(ladders(), QUANTITIES, QUANTITIES)
def test_more_never_costs_less_by_slices_or_blocks(tiers: tuple[Tier, ...], one: Decimal, other: Decimal) -> None:
    less, more = sorted((one, other))
    for model in (Graduated(currency=EUR, tiers=tiers), MODELS[4]):
        assert model.price(less).amount <= model.price(more).amount


@given(st.lists(ladders(falling=True), min_size=1, max_size=1), QUANTITIES)
def test_volume_is_one_tier_at_its_price(found: list[tuple[Tier, ...]], quantity: Decimal) -> None:
    tiers = found[0]
    tier = next(tier for tier in tiers if tier.up_to is None or quantity <= tier.up_to)
    assert Volume(currency=EUR, tiers=tiers).price(quantity).amount == quantity * tier.unit_price + tier.flat_fee


@pytest.mark.parametrize(
    ("seconds", "increments", "billed"),
    [
        (61, Increments(60, 60), 120),
        (61, Increments(60, 1), 61),
        (59, Increments(60, 1), 60),
        (61, Increments(45, 30), 75),
        (61, Increments(45, 30, IncrementBase.WHOLE), 90),
        (0, Increments(60, 60), 0),
        (60, Increments(60, 60), 60),
        (1, Increments(), 1),
    ],
)
def test_increments(seconds: int, increments: Increments, billed: int) -> None:
    assert increments.count(seconds) == billed


def test_a_minimum_counts_before_the_increments() -> None:
    assert Increments(1, 1).count(3, minimum=30) == 30
    assert Increments(60, 60).count(61, minimum=130) == 180
    assert Increments(1, 1).count(0, minimum=30) == 0
    with pytest.raises(IncrementError):
        Increments(0, 1)
    with pytest.raises(IncrementError, match="below zero"):
        Increments().count(-1)


def test_units_of_one_measure_convert() -> None:
    assert Quantity(D(6000), "second").to("minute") == Quantity(D(100), "minute")
    assert Quantity(D(61), "second").to("minute").value == D("1.016666666667")
    assert str(Quantity(D("1.50"), "GiB").to("MiB")) == "1536 MiB"
    with pytest.raises(UnitError, match="measures"):
        Quantity(D(1), "second").to("GB")
    with pytest.raises(UnitError, match="unknown"):
        Quantity(D(1), "parsec").to("GB")


JANUARY, MARCH = date(2026, 1, 1), date(2026, 3, 1)
CARD = RateCard(
    code="voice",
    currency=EUR,
    rates=(
        Rate(prefix="", destination="Anywhere", price=D("0.50")),
        Rate(prefix="31", destination="Netherlands", price=D("0.05"), valid_from=JANUARY, valid_until=MARCH),
        Rate(prefix="31", destination="Netherlands", price=D("0.06"), valid_from=MARCH),
        Rate(
            prefix="316",
            destination="Netherlands mobile",
            price=D("0.10"),
            first_increment=60,
            next_increment=60,
            connection_fee=D("0.02"),
            minimum_charge=D("0.15"),
        ),
    ),
)


def test_the_longest_prefix_in_force_is_found() -> None:
    found = [CARD.rate_for(number, MARCH).price for number in ("31201234567", "31612345678", "4420123", "")]
    assert found == [D("0.06"), D("0.10"), D("0.50"), D("0.50")]
    assert CARD.rate_for("3120", MARCH - timedelta(days=1)).price == D("0.05")
    assert CARD.rate_for("3120", JANUARY - timedelta(days=1)).destination == "Anywhere"
    only = RateCard(code="nl", currency=EUR, rates=CARD.rates[1:2])
    with pytest.raises(NoRateError, match="no prefix for 3120 on 2026-03-01"):
        only.rate_for("3120", MARCH)


def test_equal_prefixes_for_the_same_days_are_refused_with_both_named() -> None:
    twin = Rate(prefix="31", destination="Holland", price=D("0.07"), valid_from=date(2026, 2, 28))
    with pytest.raises(OverlappingRatesError, match=r"31 Netherlands from 2026-01-01 .*31 Holland from 2026-02-28"):
        RateCard(code="voice", currency=EUR, rates=(twin, CARD.rates[1]))


def test_rates_that_make_no_price_are_refused() -> None:
    builders: tuple[Callable[[], Rate], ...] = (
        lambda: Rate(prefix="+31", price=D(1)),
        lambda: Rate(prefix="31", price=D(-1)),
        lambda: Rate(prefix="31", price=D(1), unit_seconds=0),
        lambda: Rate(prefix="31", price=D(1), minimum_seconds=-1),
    )
    for build in builders:
        with pytest.raises(PriceError):
            build()
    with pytest.raises(PeriodError):
        Rate(prefix="31", price=D(1), valid_from=MARCH, valid_until=MARCH)
    with pytest.raises(IncrementError):
        Rate(prefix="31", price=D(1), first_increment=0)


def test_five_cents_a_minute_in_six_second_increments_are_half_a_cent_each() -> None:
    card = RateCard(
        code="six", currency=EUR, rates=(Rate(prefix="31", price=D("0.05"), first_increment=6, next_increment=6),)
    )
    rated = rate_call(card, Call(number="3120", day=MARCH, seconds=7))
    assert (rated.billed_seconds, rated.amount) == (12, Money.of("0.01", EUR))
    assert rate_call(card, Call(number="3120", day=MARCH, seconds=6)).amount == Money.of("0.005", EUR)


def test_connection_fee_minimum_charge_and_the_sentence() -> None:
    call = Call(number="31612345678", day=MARCH, seconds=61)
    rated = rate_call(CARD, call)
    assert (rated.billed_seconds, rated.amount) == (120, Money.of("0.22", EUR))
    assert rate_call(CARD, Call(number="316", day=MARCH, seconds=1)).amount == Money.of("0.15", EUR)
    assert derivation.sentence(rated.derivation) == (
        "Connection fee 0.02, 61 s to prefix 316 count as 120 s in increments of 60/60 s, at 0.1 for 60 s, "
        "at least 0.15, rounded to 6 decimals (half up): 0.22 EUR."
    )


def test_a_record_is_rounded_once_to_its_decimals() -> None:
    call = Call(number="4420", day=MARCH, seconds=1)
    assert str(rate_call(CARD, call).amount.amount) == "0.008333"
    assert str(rate_call(CARD, call, decimals=12).amount.amount) == "0.008333333333"


@pytest.mark.parametrize(
    "call",
    [
        Call(number="3120", day=MARCH, seconds=0),
        Call(number="999", day=MARCH, seconds=40, answered=False),
    ],
)
def test_an_unanswered_call_is_no_charge(call: Call) -> None:
    rated = rate_call(RateCard(code="none", currency=EUR, rates=()), call)
    assert (rated.amount, rated.billed_seconds, rated.rate) == (Money.zero(EUR), 0, None)
    assert derivation.recompute(rated.derivation) == rated.amount


CALLS = st.builds(
    Call,
    number=st.sampled_from(["31201", "31612", "4420", "1212"]),
    day=st.dates(JANUARY, date(2026, 12, 31)),
    seconds=st.integers(0, 10_000),
    answered=st.booleans(),
)


@given(st.lists(CALLS, min_size=1, max_size=20), st.randoms())
def test_rating_does_not_depend_on_the_order(calls: list[Call], random: object) -> None:
    shuffled = list(calls)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = ([rate_call(CARD, call).amount.amount for call in found] for found in (calls, shuffled))
    assert exact.total(one) == exact.total(other)
    assert sorted(one) == sorted(other)


@given(CALLS, st.integers(0, 12))
def test_a_rated_call_is_computed_again_from_its_derivation(call: Call, decimals: int) -> None:
    rated = rate_call(CARD, call, decimals=decimals)
    assert derivation.recompute(rated.derivation) == rated.amount
    assert derivation.sentence(rated.derivation).endswith(f"{rated.amount}.")
    assert rated.billed_seconds >= (call.seconds if call.answered else 0)


@given(st.permutations(CARD.rates), st.text("0123456789", max_size=12), st.dates(JANUARY, date(2026, 12, 31)))
def test_the_order_of_a_card_has_no_meaning(rates: list[Rate], number: str, on: date) -> None:
    turned = RateCard(code="voice", currency=EUR, rates=tuple(rates))
    expected = max(
        (rate for rate in CARD.rates if number.startswith(rate.prefix) and rate.in_force(on)),
        key=lambda rate: len(rate.prefix),
    )
    assert turned.find(number, on) == CARD.find(number, on) == expected
