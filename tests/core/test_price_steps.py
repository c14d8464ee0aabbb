"""The steps of every price model, word for word: an amount that is right for the wrong reason is wrong."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from tests.core.agreements import event

from billhook.core import derivation, exact
from billhook.core.bands import always
from billhook.core.derivation import AtLeast, Blocks, Fee, Less, Percent, Prorated, Records, Step, Units
from billhook.core.money import Money, currency
from billhook.core.price import Priced, PriceError
from billhook.core.price.capacity import Capacity, CapacityTier, Limit
from billhook.core.price.dynamic import Dynamic
from billhook.core.price.filtered import Filtered, FilteredPrice, PropertyFilter
from billhook.core.price.graduated import Graduated
from billhook.core.price.in_advance import ProratedEvent, charge_in_advance, prorated_tiers, true_up
from billhook.core.price.package import Package
from billhook.core.price.per_unit import PerUnit
from billhook.core.price.percentage import Percentage
from billhook.core.price.percentage_of import BaseLine, PercentageOf
from billhook.core.price.pooled import Pooled
from billhook.core.price.tiers import BeyondLastTier, Tier
from billhook.core.price.time_of_day import BandPrice, TimeOfDay
from billhook.core.price.timeline import PriceVersion, Timeline
from billhook.core.price.volume import Volume
from billhook.core.proration import Basis, Proportion
from billhook.core.usage_steps import Events, ProratedUnits, TierBlocks

EUR = currency("EUR")
D = Decimal
TEN, TWENTY = D(10), D(20)
LADDER = (
    Tier(up_to=TEN, unit_price=D(5)),
    Tier(up_to=TWENTY, unit_price=D(3), flat_fee=D(7)),
    Tier(up_to=None, unit_price=D(2)),
)
BLOCKS = (Tier(up_to=TEN, unit_price=D(1), flat_fee=D(4), block=D(4)), Tier(up_to=None, unit_price=D(2), block=D(3)))
GRADUATED, VOLUME = Graduated(currency=EUR, tiers=LADDER), Volume(currency=EUR, tiers=LADDER)
NOTHING = Priced(amount=exact.ZERO, steps=())
FEE = Fee(name="the tier's fee", amount=D(7))


def units(quantity: str, price: str, above: Decimal | None = None, up_to: Decimal | None = None) -> Units:
    """Return the step of units between two bounds."""
    return Units(quantity=D(quantity), unit_price=D(price), above=above, up_to=up_to)


FIRST, SECOND = units("10", "5", D(0), TEN), units("2", "3", TEN, TWENTY)


@pytest.mark.parametrize(
    ("already", "quantity", "amount", "steps"),
    [
        ("0", "0", "0", [units("0", "5", D(0), TEN)]),
        ("0", "10", "50", [FIRST]),
        ("0", "12", "63", [FIRST, FEE, SECOND]),
        ("0", "25", "97", [FIRST, FEE, units("10", "3", TEN, TWENTY), units("5", "2", TWENTY)]),
        ("10", "2", "13", [FEE, SECOND]),
        ("12", "2", "6", [SECOND]),
        ("12", "0", "0", [units("0", "3", TEN, TWENTY)]),
        ("8", "2", "10", [units("2", "5", D(0), TEN)]),
        ("30", "5", "10", [units("5", "2", TWENTY)]),
    ],
)
def test_the_slices_of_a_graduated_price(already: str, quantity: str, amount: str, steps: Sequence[Step]) -> None:
    assert GRADUATED.price_beyond(D(already), D(quantity)) == Priced(amount=D(amount), steps=tuple(steps))


@pytest.mark.parametrize(
    ("already", "quantity", "amount", "steps", "unit_price"),
    [
        ("0", "10", "50", [FIRST], "5"),
        ("0", "12", "43", [FEE, units("12", "3", TEN, TWENTY)], None),
        ("18", "3", "6", [units("3", "2", TWENTY)], "2"),
        ("9", "1", "5", [units("1", "5", D(0), TEN)], "5"),
    ],
)
def test_the_tier_of_a_volume_price(
    already: str, quantity: str, amount: str, steps: Sequence[Step], unit_price: str | None
) -> None:
    price = None if unit_price is None else D(unit_price)
    found = VOLUME.price_beyond(D(already), D(quantity))
    assert found == Priced(amount=D(amount), steps=tuple(steps), unit_price=price)


def test_the_blocks_of_a_tier() -> None:
    first = TierBlocks(quantity=TEN, size=D(4), blocks=3, block_price=D(1), above=D(0), up_to=TEN)
    second = TierBlocks(quantity=D(4), size=D(3), blocks=2, block_price=D(2), above=TEN, up_to=None)
    fee = Fee(name="the tier's fee", amount=D(4))
    assert Graduated(currency=EUR, tiers=BLOCKS).price(D(14)) == Priced(amount=D(11), steps=(fee, first, second))
    volume = Volume(currency=EUR, tiers=BLOCKS).price(D(14))
    assert volume.unit_price is None
    assert [step.words() for step in volume.steps] == ["14 make 5 started blocks of 3 at 2 each (above 10)"]
    fee_and_blocks = Volume(currency=EUR, tiers=BLOCKS).price(D(4))
    assert (fee_and_blocks.amount, fee_and_blocks.unit_price) == (D(5), None)
    assert Graduated(currency=EUR, tiers=BLOCKS).price(D(0)).steps == (fee,)


@pytest.mark.parametrize("model", [Graduated, Volume])
def test_what_is_free_above_a_closed_last_tier_has_no_steps(model: type[Graduated | Volume]) -> None:
    assert model(currency=EUR, tiers=LADDER[:1], beyond=BeyondLastTier.NOTHING).price(D(11)) == NOTHING


def test_the_steps_of_a_last_tier_whose_price_goes_on_name_no_bound() -> None:
    closed, last = LADDER[:2], BeyondLastTier.LAST_TIER
    graduated, volume = (model(currency=EUR, tiers=closed, beyond=last) for model in (Graduated, Volume))
    assert graduated.price(D(20)).steps == (FIRST, FEE, units("10", "3", TEN, TWENTY))
    assert graduated.price(D(21)).steps == (FIRST, FEE, units("11", "3", TEN))
    assert volume.price(D(20)).steps == (FEE, units("20", "3", TEN, TWENTY))
    assert volume.price(D(21)).steps == (FEE, units("21", "3", TEN))


def test_the_blocks_of_a_package() -> None:
    priced = Package(currency=EUR, size=D(100), block_price=D("1.25"), free=D(50)).price(D(151))
    step = Blocks(quantity=D(151), free=D(50), size=D(100), blocks=2, block_price=D("1.25"))
    assert priced == Priced(amount=D("2.50"), steps=(step,))


def limited(amount: int, *limits: Decimal | None) -> CapacityTier:
    """Return a tier of capacity over seats, and sites where a second limit is given."""
    meters = ("seats", "sites")[: len(limits)]
    return CapacityTier(
        limits=tuple(Limit(meter=meter, up_to=limit) for meter, limit in zip(meters, limits, strict=True)),
        amount=D(amount),
    )


@pytest.mark.parametrize(
    ("peaks", "words"),
    [
        ((5, 1), "the first tier, 20"),
        ((11, 1), "the tier that 11 seats needs, 35"),
        ((5, 3), "the tier that 3 sites needs, 35"),
        ((11, 3), "the tier that 11 seats needs, 35"),
        ((31, 3), "the tier that 31 seats needs, 60"),
    ],
)
def test_a_capacity_says_which_peak_needs_its_tier(peaks: tuple[int, int], words: str) -> None:
    tiers = (limited(20, TEN, D(2)), limited(35, TWENTY, D(9)), limited(60, D(30), D(9)))
    price = Capacity(currency=EUR, tiers=tiers, beyond=BeyondLastTier.LAST_TIER)
    priced = price.price_peaks({"seats": D(peaks[0]), "sites": D(peaks[1])})
    assert [step.words() for step in priced.steps] == [words]
    assert derivation.run(priced.steps) == priced.amount


@pytest.mark.parametrize("beyond", [BeyondLastTier.NOTHING, BeyondLastTier.NOT_CHARGED])
def test_a_peak_above_the_last_tier_may_cost_nothing(beyond: BeyondLastTier) -> None:
    assert Capacity(currency=EUR, tiers=(limited(20, TEN),), beyond=beyond).price(D(11)) == NOTHING


def test_the_events_of_a_dynamic_price() -> None:
    events = [event("a", "20", amount=D("0.402")), event("b", "1", amount=D(1))]
    step = Records(records=2, quantity=D(21), unit="call", amount=D("1.402"))
    assert Dynamic(currency=EUR, unit="call").price_usage(events) == Priced(amount=D("1.402"), steps=(step,))
    assert Dynamic(currency=EUR, unit="call").price(D(0)) == NOTHING


def test_the_default_of_a_filtered_price() -> None:
    default, dear = (PerUnit(currency=EUR, unit_price=D(amount)) for amount in (1, 2))
    europe = FilteredPrice(filters=(PropertyFilter(name="region", values=("europe",)),), price=dear)
    price = Filtered(default=default, prices=(europe,))
    assert [price.price_for({"region": region}) for region in ("europe", "asia")] == [dear, default]
    assert price.price_for({}) == default


def test_a_price_that_chooses_has_the_currency_of_its_choices() -> None:
    price = PerUnit(currency=EUR, unit_price=D(1))
    always_open = TimeOfDay(calendar=always("open"), prices=(BandPrice(band="open", price=price),))
    timeline = Timeline(versions=(PriceVersion(valid_from=date(2026, 3, 1), price=price),))
    assert always_open.currency == timeline.currency == EUR


def test_an_empty_pool_leaves_one_tier() -> None:
    price = Pooled(currency=EUR, unit_price=D(2), pool_product="seats", factor=D(5))
    assert price.with_pool(D(0)).tiers == (Tier(up_to=None, unit_price=D(2)),)
    assert price.with_pool(D(3)).tiers == (Tier(up_to=D(15)), Tier(up_to=None, unit_price=D(2)))


def test_a_percentage_of_lines() -> None:
    lines = [BaseLine(product="a", amount=Money.of(30, EUR)), BaseLine(product="b", amount=Money.of(40, EUR))]
    priced = PercentageOf(currency=EUR, percent=D(5)).price_lines(lines)
    assert priced == Priced(amount=D("3.50"), steps=(Percent(percent=D(5), base=Fraction(70)),))


@pytest.mark.parametrize(
    ("free", "values", "amount"),
    [
        ("10", ["10", "0"], "0"),
        ("10", ["20", "0"], "4.10"),
        ("10", ["4", "6.5"], "2.005"),
        ("0.5", ["1"], "2.005"),
        ("10", ["10", "1"], "2.01"),
    ],
)
def test_where_a_free_volume_ends(free: str, values: Sequence[str], amount: str) -> None:
    price = Percentage(currency=EUR, percent=D(1), fee=D(2), free_volume=D(free))
    priced = price.price_values([D(value) for value in values])
    assert priced.amount == D(amount) == exact.from_fraction(derivation.run(priced.steps))


def test_an_event_on_a_limit_is_neither_raised_nor_lowered() -> None:
    price = Percentage(currency=EUR, percent=D(1), fee=D(1), minimum=D(2), maximum=D(3))
    on_both = price.price_values([D(100), D(200)])
    assert on_both.steps == (Percent(percent=D(1), base=Fraction(300)), Events(name="fees", count=2, each=D(1)))
    beyond_both = price.price_values([D(99), D(201), D(1)])
    assert beyond_both.steps == (
        Events(name="events at the minimum", count=2, each=D(2)),
        Events(name="events at the maximum", count=1, each=D(3)),
    )
    assert price.price_values([]) == NOTHING


def test_usage_in_advance_says_what_was_billed_before() -> None:
    first, second = charge_in_advance(GRADUATED, [D(10), D(2)])
    assert first.priced.steps == (FIRST,)
    assert second.priced == Priced(
        amount=D(13), steps=(FIRST, FEE, SECOND, Less(amount=D(50)), AtLeast(amount=exact.ZERO))
    )
    with pytest.raises(PriceError):
        charge_in_advance(Graduated(currency=EUR, tiers=LADDER[:1]), [D(10), D(2)])


def placed(found: str, share: str, price: int, above: int, up_to: Decimal | None) -> ProratedUnits:
    """Return the step of the prorated units of one tier."""
    return ProratedUnits(units=D(found), share=Fraction(share), unit_price=D(price), above=D(above), up_to=up_to)


def test_prorated_events_lie_in_the_tiers_between_two_totals() -> None:
    added, removed = ProratedEvent(units=D(22), share=Fraction(11)), ProratedEvent(units=D(-4), share=Fraction(-1))
    charged = prorated_tiers(GRADUATED, [added, removed])
    assert charged.steps == (
        FEE,
        placed("10", "5", 5, 0, TEN),
        placed("10", "5", 3, 10, TWENTY),
        placed("2", "1", 2, 20, None),
        placed("-2", "-0.5", 3, 10, TWENTY),
        placed("-2", "-0.5", 2, 20, None),
    )
    assert charged.exact == derivation.run(charged.steps) == Fraction("46.5")


def test_prorated_events_beyond_a_closed_last_tier_keep_its_price() -> None:
    charged = prorated_tiers(
        Graduated(currency=EUR, tiers=LADDER[:2]), [ProratedEvent(units=D(5), share=Fraction(1))], carried=TWENTY
    )
    assert charged.steps == (placed("5", "1", 3, 10, None),)
    assert prorated_tiers(GRADUATED, [ProratedEvent(units=D(0), share=Fraction(0))]).steps == ()


def test_the_minimum_of_a_part_and_of_a_whole() -> None:
    least, less, floor = Fee(name="the minimum", amount=TEN), Less(amount=D(8)), AtLeast(amount=exact.ZERO)
    part = Prorated(used=15, whole=30, basis=Basis.THIRTY)
    half = true_up(D(8), minimum=TEN, part=Proportion(15, 30, Basis.THIRTY))
    assert (half.exact, half.steps) == (0, (least, part, less, floor))
    whole = true_up(D(8), minimum=TEN, part=Proportion(30, 30, Basis.THIRTY))
    assert (whole.exact, whole.steps) == (2, (least, less, floor))
