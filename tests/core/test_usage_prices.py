"""Price models of usage: percentages, capacity, chains, pools, formulas, versions, filters, and usage in advance."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.agreements import event

from billhook.core import canonical, derivation, exact
from billhook.core.bands import BandCalendar, TimeBand
from billhook.core.derivation import Derivation
from billhook.core.money import MixedCurrenciesError, Money, UnknownCurrencyError, currency
from billhook.core.period import Period
from billhook.core.price import BeyondLastTierError, NegativeTierError, OverlappingTiersError, PriceError, PriceModel
from billhook.core.price.capacity import Capacity, CapacityTier, Limit
from billhook.core.price.chain import Chain, Maximum, Minimum, Multiplier, Surcharge, capped
from billhook.core.price.dynamic import Dynamic
from billhook.core.price.filtered import Filtered, FilteredPrice, PropertyFilter
from billhook.core.price.formula import Formula
from billhook.core.price.graduated import Graduated
from billhook.core.price.graduated_percentage import GraduatedPercentage, PercentTier
from billhook.core.price.in_advance import ProratedEvent, charge_in_advance, prorated_tiers, true_up
from billhook.core.price.per_unit import PerUnit
from billhook.core.price.percentage import Percentage
from billhook.core.price.percentage_of import BaseLine, PercentageOf
from billhook.core.price.pooled import Pooled
from billhook.core.price.tiers import BeyondLastTier, Tier, TierBound
from billhook.core.price.time_of_day import BandPrice, TimeOfDay
from billhook.core.price.timeline import NoPriceInForceError, PriceSource, PriceVersion, Timeline, look_up
from billhook.core.price.volume import Volume
from billhook.core.proration import Basis, Proportion

EUR, USD = currency("EUR"), currency("USD")
D = Decimal
QUANTITIES = st.decimals(0, 10**5, places=2)
FIVE_CENTS = PerUnit(currency=EUR, unit_price=D("0.05"))
BLOCKS = (Tier(up_to=D(60), unit_price=D(1), block=D(60)), Tier(up_to=None, unit_price=D("0.5"), block=D(30)))
LADDER = (Tier(up_to=D(10), unit_price=D(5)), Tier(up_to=None, unit_price=D(3), flat_fee=D(7)))
CARD = Percentage(currency=EUR, percent=D("2.99"), fee=D(2), minimum=D("1.75"), maximum=D(12))
SEATS = Capacity(
    currency=EUR,
    tiers=(
        CapacityTier(limits=(Limit(meter="seats", up_to=D(10)), Limit(meter="storage", up_to=D(50))), amount=D(20)),
        CapacityTier(limits=(Limit(meter="seats", up_to=D(20)), Limit(meter="storage", up_to=None)), amount=D(35)),
    ),
)
MODELS: tuple[PriceModel, ...] = (
    CARD,
    Percentage(currency=EUR, percent=D("1.3"), fee=D(2), free_events=1),
    GraduatedPercentage(
        currency=EUR,
        tiers=(PercentTier(up_to=D(10), percent=D(1), flat_fee=D(200)), PercentTier(up_to=None, percent=D("0.5"))),
    ),
    Graduated(currency=EUR, tiers=BLOCKS),
    Volume(currency=EUR, tiers=BLOCKS),
    Chain(
        first=FIVE_CENTS,
        links=(
            Multiplier(factor=D("0.8")),
            Surcharge(name="set-up", amount=D(1)),
            Minimum(amount=D(3)),
            Maximum(amount=D(9)),
        ),
    ),
    Pooled(currency=EUR, unit_price=D("0.1"), pool_product="seats", factor=D(5)).with_pool(D(3)),
    PercentageOf(currency=EUR, percent=D(-10)),
    Formula(currency=EUR, expression="min(units / 7, 10) + 2 if units > 1 else 0"),
)


@given(st.sampled_from(MODELS), QUANTITIES)
def test_the_steps_of_a_usage_price_lead_to_its_amount_and_read_as_a_sentence(
    model: PriceModel, quantity: Decimal
) -> None:
    priced = model.price(quantity)
    assert exact.from_fraction(derivation.run(priced.steps)) == priced.amount
    told = Derivation(priced.steps, Money(priced.amount, EUR))
    assert derivation.sentence(told).endswith(f"{told.result}.")
    assert canonical.from_bytes(Derivation, canonical.to_bytes(told)) == told


@given(st.sampled_from(MODELS[:7]), QUANTITIES, QUANTITIES)
def test_more_usage_never_costs_less(model: PriceModel, one: Decimal, other: Decimal) -> None:
    less, more = sorted((one, other))
    if not isinstance(model, Volume):
        assert model.price(less).amount <= model.price(more).amount


@pytest.mark.parametrize(("quantity", "amount"), [("0", "0"), ("1", "1"), ("60", "1"), ("60.1", "1.5"), ("119", "2")])
def test_a_started_block_of_a_tier_counts(quantity: str, amount: str) -> None:
    assert Graduated(currency=EUR, tiers=BLOCKS).price(D(quantity)).amount == D(amount)
    with pytest.raises(PriceError, match="holds nothing"):
        Tier(up_to=None, block=D(0))


@given(QUANTITIES, QUANTITIES)
def test_units_on_top_of_others_cost_what_the_total_costs_more(already: Decimal, quantity: Decimal) -> None:
    price = Graduated(currency=EUR, tiers=LADDER)
    parts = [price.price(already).amount, price.price_beyond(already, quantity).amount]
    assert exact.total(parts) == price.price(exact.add(already, quantity)).amount if already else True


def test_units_on_top_of_others_are_blocked_on_their_own() -> None:
    assert Graduated(currency=EUR, tiers=BLOCKS).price_beyond(D(60), D(59)).amount == D(1)
    volume = Volume(currency=EUR, tiers=BLOCKS)
    assert volume.price_beyond(D(60), D(59)).amount == D(1)
    assert volume.price_beyond(D(0), D(59)).amount == D(1)
    with pytest.raises(PriceError):
        volume.price_beyond(D(-1), D(1))


def test_on_the_bound_of_two_tiers() -> None:
    tiers = (Tier(up_to=D(10), unit_price=D(10)), Tier(up_to=None, unit_price=D("9.5")))
    assert Volume(currency=EUR, tiers=tiers).price(D(10)).amount == D(100)
    assert Volume(currency=EUR, tiers=tiers, bound=TierBound.BELOW).price(D(10)).amount == D(95)
    assert Volume(currency=EUR, tiers=tiers, bound=TierBound.BELOW).price(D("9.99")).amount == D("99.9")


def test_above_a_closed_last_tier_nothing_at_all_may_be_charged() -> None:
    closed = (Tier(up_to=D(10), unit_price=D(1), flat_fee=D(5)),)
    for model in (Graduated, Volume):
        price = model(currency=EUR, tiers=closed, beyond=BeyondLastTier.NOTHING)
        assert (price.price(D(10)).amount, price.price(D(11)).amount) == (D(15), D(0))
        free = model(currency=EUR, tiers=closed, beyond=BeyondLastTier.NOT_CHARGED)
        assert free.price_beyond(D(11), D(4)).amount == (D(5) if model is Volume else D(0))


def test_a_percentage_with_its_fee_lies_within_minimum_and_maximum() -> None:
    priced = CARD.price_values([D(10), D(80), D(10000), D(0)])
    assert priced.amount == D("2.299") + D("4.392") + 12 + D(2)
    assert Percentage(currency=EUR, percent=D(1), minimum=D(1)).price(D(1)).amount == D(1)
    assert [step.words() for step in priced.steps] == [
        "2.99 % of 90",
        "3 fees of 2 each",
        "1 events at the maximum of 12 each",
    ]


@pytest.mark.parametrize(
    ("events", "volume", "amount"),
    [
        (None, None, "18.4"),
        (3, None, "7.2"),
        (3, D(500), "7.2"),
        (None, D(250), "11.15"),
        (1, D(250), "15.75"),
        (9, D(9000), "0"),
    ],
)
def test_events_are_free_until_the_first_of_both_limits(
    events: int | None, volume: Decimal | None, amount: str
) -> None:
    price = Percentage(currency=EUR, percent=D("1.3"), fee=D(2), free_events=events, free_volume=volume)
    priced = price.price_values([D(50), D(100), D(250), D(400)])
    assert priced.amount == D(amount)
    assert derivation.run(priced.steps) == Fraction(priced.amount)


def test_percentages_that_make_no_price_are_refused() -> None:
    for build in (
        lambda: Percentage(currency=EUR, percent=D(-1)),
        lambda: Percentage(currency=EUR, percent=D(1), fee=D(-1)),
        lambda: Percentage(currency=EUR, percent=D(1), free_events=-1),
        lambda: Percentage(currency=EUR, percent=D(1), free_volume=D(-1)),
        lambda: Percentage(currency=EUR, percent=D(1), minimum=D(2), maximum=D(1)),
        lambda: PercentTier(up_to=None, percent=D(-1)),
        lambda: CARD.price_values([D(-1)]),
    ):
        with pytest.raises(PriceError):
            build()
    with pytest.raises(exact.NotExactError):
        Percentage(currency=EUR, percent=0.1)  # type: ignore[arg-type]
    with pytest.raises(OverlappingTiersError):
        GraduatedPercentage(currency=EUR, tiers=(PercentTier(up_to=None, percent=D(1)),) * 2)


@pytest.mark.parametrize(
    ("peaks", "amount"),
    [({}, "20"), ({"seats": D(10), "storage": D(50)}, "20"), ({"seats": D(1), "storage": D(51)}, "35")],
)
def test_the_highest_tier_that_any_meter_needs_prices_the_period(peaks: dict[str, Decimal], amount: str) -> None:
    priced = SEATS.price_peaks(peaks)
    assert priced.amount == D(amount) == exact.from_fraction(derivation.run(priced.steps))


def test_peaks_above_the_last_tier() -> None:
    with pytest.raises(BeyondLastTierError, match="21 seats lies above"):
        SEATS.price_peaks({"seats": D(21)})
    tiers = SEATS.tiers
    assert Capacity(currency=EUR, tiers=tiers, beyond=BeyondLastTier.LAST_TIER).price_peaks(
        {"seats": D(21)}
    ).amount == D(35)
    assert Capacity(currency=EUR, tiers=tiers, beyond=BeyondLastTier.NOTHING).price_peaks({"seats": D(21)}).amount == D(
        0
    )
    with pytest.raises(PriceError, match="no limit for calls"):
        SEATS.price_peaks({"calls": D(1)})
    with pytest.raises(PriceError, match="peaks of seats and storage"):
        SEATS.price(D(1))
    assert Capacity(currency=EUR, tiers=(CapacityTier(limits=tiers[0].limits[:1], amount=D(4)),)).price(
        D(10)
    ).amount == D(4)


def test_capacities_that_make_no_price_are_refused() -> None:
    low, high = SEATS.tiers
    for tiers in ((high, low), (low, CapacityTier(limits=(Limit(meter="seats", up_to=None),), amount=D(1))), ()):
        with pytest.raises(PriceError):
            Capacity(currency=EUR, tiers=tiers)
    with pytest.raises(NegativeTierError):
        Limit(meter="seats", up_to=D(-1))
    with pytest.raises(NegativeTierError):
        CapacityTier(limits=(), amount=D(-1))
    with pytest.raises(PriceError, match="twice"):
        CapacityTier(limits=(Limit(meter="seats", up_to=None),) * 2, amount=D(1))


def test_a_chain_passes_through_its_links_in_order() -> None:
    links = (Multiplier(factor=D("0.8")), Surcharge(name="set-up", amount=D(1)))
    assert Chain(first=FIVE_CENTS, links=links).price(D(100)).amount == D(5)
    assert Chain(first=FIVE_CENTS, links=links[::-1]).price(D(100)).amount == D("4.8")
    assert Chain(first=FIVE_CENTS, links=links[:1]).price(D(3)).unit_price == D("0.04")
    assert Chain(first=FIVE_CENTS, links=links).price(D(3)).unit_price is None
    assert capped(FIVE_CENTS, D(10)).price(D(1000)).amount == D(10)
    with pytest.raises(PriceError, match="lies above the maximum"):
        Chain(first=FIVE_CENTS, links=(Minimum(amount=D(2)), Maximum(amount=D(1))))
    for build in (lambda: Multiplier(factor=D(-1)), lambda: Minimum(amount=D(-1)), lambda: Maximum(amount=D(-1))):
        with pytest.raises(PriceError):
            build()


def test_a_pool_includes_units_by_the_quantity_of_another_product() -> None:
    price = Pooled(currency=EUR, unit_price=D(1), pool_product="seats", factor=D(5))
    assert [price.with_pool(D(1)).price(D(units)).amount for units in (5, 6)] == [D(0), D(1)]
    assert price.price(D(5)).amount == D(5)
    with pytest.raises(PriceError):
        Pooled(currency=EUR, unit_price=D(1), pool_product="seats", factor=D(-5))


def test_a_percentage_of_other_lines_leaves_out_the_excluded() -> None:
    lines = [BaseLine(product=name, amount=Money.of(amount, EUR)) for name, amount in (("a", 10), ("b", 30), ("c", 30))]
    assert PercentageOf(currency=EUR, percent=D(-10)).price_lines(lines).amount == D(-7)
    assert PercentageOf(currency=EUR, percent=D(10), excluded=("c",)).price_lines(lines).amount == D(4)
    assert PercentageOf(currency=EUR, percent=D(10), products=("a",)).price_lines(lines).amount == D(1)
    with pytest.raises(PriceError, match="both"):
        PercentageOf(currency=EUR, percent=D(1), products=("a",), excluded=("a",))
    with pytest.raises(MixedCurrenciesError):
        PercentageOf(currency=USD, percent=D(1)).price_lines(lines)


def test_a_dynamic_price_is_the_sum_of_what_events_say() -> None:
    price = Dynamic(currency=EUR, unit="call")
    priced = price.price_usage([event("a", "20", amount=D("0.402")), event("b", "1", amount=D(1))])
    assert priced.amount == D("1.402") == exact.from_fraction(derivation.run(priced.steps))
    assert price.price(D(0)).amount == D(0)
    with pytest.raises(PriceError, match="pass the events"):
        price.price(D(1))
    with pytest.raises(PriceError, match="b does not say what it costs"):
        price.price_usage([event("b", "1")])


def test_versions_hold_until_the_next_one_starts() -> None:
    first, second = date(2026, 1, 1), date(2026, 2, 1)
    prices = [PerUnit(currency=EUR, unit_price=D(price)) for price in ("0.10", "0.20")]
    timeline = Timeline(
        versions=(PriceVersion(valid_from=second, price=prices[1]), PriceVersion(valid_from=first, price=prices[0]))
    )
    assert timeline.price_on(D(10), date(2026, 1, 31)).amount == D(1)
    assert timeline.price_on(D(10), second).amount == D(2)
    parts = timeline.split(Period(date(2026, 1, 20), date(2026, 2, 10)))
    assert [(part.days, price) for part, price in parts] == [(12, prices[0]), (9, prices[1])]
    with pytest.raises(NoPriceInForceError, match="2025-12-31"):
        timeline.on(date(2025, 12, 31))
    for versions in ((), (timeline.versions[0],) * 2):
        with pytest.raises(PriceError):
            Timeline(versions=versions)
    other = PriceVersion(valid_from=second, price=PerUnit(currency=USD, unit_price=D(1)))
    with pytest.raises(PriceError, match="two currencies"):
        Timeline(versions=(timeline.versions[0], other))


def test_the_nearest_source_that_has_a_price_wins() -> None:
    dear = PerUnit(currency=EUR, unit_price=D("3.50"))
    assert look_up({PriceSource.PRODUCT: dear, PriceSource.PLAN: FIVE_CENTS}) == (PriceSource.PLAN, FIVE_CENTS)
    assert look_up({PriceSource.PARENT: dear, PriceSource.ACCOUNT_TYPE: FIVE_CENTS})[1] == FIVE_CENTS
    with pytest.raises(NoPriceInForceError):
        look_up({})


def test_the_price_with_the_most_filters_that_pass_wins() -> None:
    europe, big = PropertyFilter(name="region", values=("europe",)), PropertyFilter(name="size", values=("l", "xl"))
    dear = PerUnit(currency=EUR, unit_price=D(20))
    price = Filtered(
        default=PerUnit(currency=EUR, unit_price=D(0)),
        prices=(FilteredPrice(filters=(europe,), price=FIVE_CENTS), FilteredPrice(filters=(europe, big), price=dear)),
    )
    assert price.price_for({"region": "europe", "size": "s"}) == FIVE_CENTS
    assert price.price_for({"region": "europe", "size": "xl"}) == dear
    assert price.match({"size": "xl"}) is None
    with pytest.raises(PriceError):
        PropertyFilter(name="region", values=())
    with pytest.raises(PriceError):
        FilteredPrice(filters=(), price=dear)
    with pytest.raises(PriceError, match="two currencies"):
        Filtered(default=PerUnit(currency=USD, unit_price=D(1)), prices=price.prices)


def test_the_band_of_an_event_picks_its_price() -> None:
    calendar = BandCalendar(bands=(TimeBand(name="am", end=time(12)), TimeBand(name="pm", start=time(12))))
    dear = PerUnit(currency=EUR, unit_price=D(20))
    prices = (BandPrice(band="am", price=FIVE_CENTS), BandPrice(band="pm", price=dear))
    price = TimeOfDay(calendar=calendar, prices=prices)
    morning, noon = datetime(2026, 3, 2, 11, 59, tzinfo=UTC), datetime(2026, 3, 2, 12, tzinfo=UTC)
    priced = price.price_usage([event("b", "1", at=noon), event("a", "1", at=morning), event("c", "2", at=noon)])
    assert priced.amount == D("60.05") == exact.from_fraction(derivation.run(priced.steps))
    assert price.at(noon) == dear
    assert price.price(D(0)).amount == D(0)
    with pytest.raises(PriceError, match="lies in no band"):
        price.price(D(1))
    with pytest.raises(PriceError, match="one for each"):
        TimeOfDay(calendar=calendar, prices=prices[:1])


def test_usage_in_advance_bills_what_the_total_costs_more_and_never_below_zero() -> None:
    charges = charge_in_advance(PerUnit(currency=EUR, unit_price=D(1)), [D(10), D(-4), D(8)])
    assert [(charge.units, charge.priced.amount) for charge in charges] == [(10, 10), (0, 0), (4, 4)]
    tiers = (Tier(up_to=D(5), unit_price=D(2), flat_fee=D(1)), Tier(up_to=None, unit_price=D(1), flat_fee=D(1)))
    charges = charge_in_advance(Graduated(currency=EUR, tiers=tiers), [D(3), D(1), D(2)])
    assert [charge.priced.amount for charge in charges] == [7, 2, 4]


@given(st.lists(st.decimals(0, 1000, places=2), min_size=1, max_size=8))
def test_usage_in_advance_sums_to_the_price_of_the_whole(quantities: list[Decimal]) -> None:
    price = Graduated(currency=EUR, tiers=LADDER)
    charges = charge_in_advance(price, quantities)
    assert exact.total(charge.priced.amount for charge in charges) == price.price(exact.total(quantities)).amount
    assert all(derivation.run(charge.priced.steps) == Fraction(charge.priced.amount) for charge in charges)


RANGES = (Tier(up_to=D(5), unit_price=D(10), flat_fee=D(100)), Tier(up_to=None, unit_price=D(5), flat_fee=D(50)))


def test_prorated_tiers_place_each_event_by_the_running_total() -> None:
    events = [
        ProratedEvent(units=D(units), share=Fraction(share))
        for units, share in ((5, "3.5"), (2, "1"), (-4, "-1.6"), (10, "2"))
    ]
    charged = prorated_tiers(Graduated(currency=EUR, tiers=RANGES), events)
    assert charged.exact == 190 == derivation.run(charged.steps)


@given(st.lists(st.decimals(D("0.01"), 100, places=2), min_size=1, max_size=6))
def test_prorated_tiers_of_whole_periods_cost_what_tiers_cost(quantities: list[Decimal]) -> None:
    price = Graduated(currency=EUR, tiers=RANGES)
    events = [ProratedEvent(units=units, share=Fraction(units)) for units in quantities]
    assert prorated_tiers(price, events).exact == Fraction(price.price(exact.total(quantities)).amount)


def test_units_below_a_total_of_zero_lie_in_the_first_tier() -> None:
    charged = prorated_tiers(Graduated(currency=EUR, tiers=RANGES), [ProratedEvent(units=D(-3), share=Fraction(-3))])
    assert charged.exact == -30


def test_a_true_up_reaches_the_minimum_of_the_part_that_is_billed() -> None:
    part = Proportion(25, 28, Basis.DAYS)
    charged = true_up(D(8), minimum=D(10), part=part)
    assert charged.exact == Fraction(250, 28) - 8 == derivation.run(charged.steps)
    assert true_up(D(11), minimum=D(10), part=Proportion(1, 1, Basis.DAYS)).exact == 0


@pytest.mark.parametrize(
    "build",
    [
        lambda unit: Percentage(currency=unit, percent=D(1)),
        lambda unit: GraduatedPercentage(currency=unit, tiers=(PercentTier(up_to=None, percent=D(1)),)),
        lambda unit: Capacity(currency=unit, tiers=SEATS.tiers),
        lambda unit: Pooled(currency=unit, unit_price=D(1), pool_product="a", factor=D(1)),
        lambda unit: PercentageOf(currency=unit, percent=D(1)),
        lambda unit: Dynamic(currency=unit),
        lambda unit: Formula(currency=unit, expression="units"),
    ],
)
def test_a_usage_price_without_currency_is_refused(build: Callable[[object], PriceModel]) -> None:
    with pytest.raises(UnknownCurrencyError, match="names no currency"):
        build(None)
