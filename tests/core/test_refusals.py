"""Every refusal of money, taxes and prices: which one, and the very sentence that a clerk reads."""

from collections.abc import Callable
from datetime import date, time
from decimal import Decimal

import pytest

from billhook.core.bands import BandCalendar, TimeBand
from billhook.core.errors import Refusal
from billhook.core.expression import FormulaError
from billhook.core.money import (
    CannotAllocateError,
    Currency,
    MixedCurrenciesError,
    Money,
    UnknownCurrencyError,
    allocate,
    currency,
)
from billhook.core.period import Period
from billhook.core.price import (
    BeyondLastTierError,
    NegativeQuantityError,
    NegativeTierError,
    OverlappingTiersError,
    PriceError,
)
from billhook.core.price.capacity import Capacity, CapacityTier, Limit
from billhook.core.price.chain import Chain, Maximum, Minimum, Multiplier
from billhook.core.price.dynamic import Dynamic
from billhook.core.price.filtered import Filtered, FilteredPrice, PropertyFilter
from billhook.core.price.formula import Formula
from billhook.core.price.graduated import Graduated
from billhook.core.price.graduated_percentage import PercentTier
from billhook.core.price.package import Package
from billhook.core.price.per_unit import PerUnit
from billhook.core.price.percentage import Percentage
from billhook.core.price.percentage_of import BaseLine, PercentageOf
from billhook.core.price.pooled import Pooled
from billhook.core.price.tiers import Tier
from billhook.core.price.time_of_day import BandPrice, TimeOfDay
from billhook.core.price.timeline import NoPriceInForceError, PriceVersion, Timeline, look_up
from billhook.core.proration import Basis, ProrationError, prorate
from billhook.core.tax import Taxable, TaxError, TaxPolicy, assess
from billhook.core.tax_rules import FixedPer, TaxRule, chosen

EUR, USD = currency("EUR"), currency("USD")
D = Decimal
DAY = date(2026, 3, 31)
CENT = PerUnit(currency=EUR, unit_price=D("0.01"))
DOLLAR = PerUnit(currency=USD, unit_price=D(1))
OPEN = Tier(up_to=None, unit_price=D(1))
TEN = Tier(up_to=D(10), unit_price=D(1))
HALVES = BandCalendar(bands=(TimeBand(name="am", end=time(12)), TimeBand(name="pm", start=time(12))))
Build = Callable[[], object]


def rule(**changed: object) -> TaxRule:
    """Return value-added tax of 21 % with some of it changed."""
    plain: dict[str, object] = {"tax_category": "standard", "code": "VAT", "name": "VAT", "percent": D(21)}
    return TaxRule(**(plain | changed))  # type: ignore[arg-type]


def seats(up_to: Decimal | None, meter: str = "seats") -> CapacityTier:
    """Return a tier of capacity that limits one meter."""
    return CapacityTier(limits=(Limit(meter=meter, up_to=up_to),), amount=D(1))


REFUSED: list[tuple[type[Refusal], str, Build]] = [
    (UnknownCurrencyError, "'XXX' is no ISO 4217 currency; give a code such as 'EUR'.", lambda: Currency("XXX")),
    (
        UnknownCurrencyError,
        "1 names no currency; give one such as 'EUR'.",
        lambda: Money(D(1), None),  # type: ignore[arg-type]
    ),
    (
        UnknownCurrencyError,
        "The price names no currency; give one such as 'EUR'.",
        lambda: Dynamic(currency=None),  # type: ignore[arg-type]
    ),
    (
        MixedCurrenciesError,
        "1.00 EUR and 2.00 USD are two currencies; sum each currency on its own, or convert one at a dated rate.",
        lambda: Money.of(1, EUR) + Money.of(2, USD),
    ),
    (
        CannotAllocateError,
        "1.00 EUR cannot be shared by [0, 0]; give weights above zero.",
        lambda: allocate(Money.of(1, EUR), [0, 0]),
    ),
    (
        CannotAllocateError,
        "0.005 EUR has a part of a minor unit; round it before sharing it.",
        lambda: allocate(Money.of("0.005", EUR), [1]),
    ),
    (
        NegativeQuantityError,
        "A quantity of -1 has no price; bill a negative line for a correction.",
        lambda: CENT.price(D(-1)),
    ),
    (
        PriceError,
        "A tier's block of 0 units holds nothing; give a size above 0.",
        lambda: Tier(up_to=None, block=D(0)),
    ),
    (NegativeTierError, "A tier's bound is -1; give one of at least 0.", lambda: Tier(up_to=D(-1))),
    (
        NegativeTierError,
        "A tier's flat fee is -1; give one of at least 0.",
        lambda: Tier(up_to=None, flat_fee=D(-1)),
    ),
    (PriceError, "The price has no tiers; give at least one.", lambda: Graduated(currency=EUR, tiers=())),
    (
        OverlappingTiersError,
        "A tier follows one without an upper bound; only the last may have none.",
        lambda: Graduated(currency=EUR, tiers=(OPEN, OPEN)),
    ),
    (
        OverlappingTiersError,
        "The tier up to 10 overlaps the one up to 10; bounds must rise.",
        lambda: Graduated(currency=EUR, tiers=(TEN, TEN)),
    ),
    (
        BeyondLastTierError,
        "11 lies above the last tier, up to 10; add a tier or open the last one.",
        lambda: Graduated(currency=EUR, tiers=(TEN,)).price(D(11)),
    ),
    (PriceError, "A tier's percentage is -1; give at least 0.", lambda: PercentTier(up_to=None, percent=D(-1))),
    (
        NegativeTierError,
        "A tier's bound is -2; give one of at least 0.",
        lambda: PercentTier(up_to=D(-2), percent=D(1)),
    ),
    (
        PriceError,
        "A block of 0 units holds nothing; give a size above 0.",
        lambda: Package(currency=EUR, size=D(0), block_price=D(1)),
    ),
    (
        PriceError,
        "-1 free units are below zero; give at least 0.",
        lambda: Package(currency=EUR, size=D(1), block_price=D(1), free=D(-1)),
    ),
    (
        NegativeTierError,
        "The limit of seats is -1; give at least 0, or none for any.",
        lambda: Limit(meter="seats", up_to=D(-1)),
    ),
    (NegativeTierError, "A tier's amount is -1; give at least 0.", lambda: CapacityTier(limits=(), amount=D(-1))),
    (
        PriceError,
        "A tier limits one meter twice; give each meter one limit.",
        lambda: CapacityTier(limits=(Limit(meter="seats", up_to=None),) * 2, amount=D(1)),
    ),
    (
        PriceError,
        "The price has no tiers with limits; give at least one.",
        lambda: Capacity(currency=EUR, tiers=(CapacityTier(limits=(), amount=D(1)),)),
    ),
    (PriceError, "The price has no tiers with limits; give at least one.", lambda: Capacity(currency=EUR, tiers=())),
    (
        PriceError,
        "The tiers limit different meters; give every tier a limit for each, or none for any amount.",
        lambda: Capacity(currency=EUR, tiers=(seats(D(1)), seats(D(2), "storage"))),
    ),
    (
        OverlappingTiersError,
        "The limit of seats falls from tier to tier; limits must rise.",
        lambda: Capacity(currency=EUR, tiers=(seats(D(2)), seats(D(1)))),
    ),
    (
        OverlappingTiersError,
        "The limit of seats falls from tier to tier; limits must rise.",
        lambda: Capacity(currency=EUR, tiers=(seats(None), seats(D(1)))),
    ),
    (
        BeyondLastTierError,
        "2 seats lies above the last tier; add a tier or open the last one.",
        lambda: Capacity(currency=EUR, tiers=(seats(D(1)),)).price(D(2)),
    ),
    (
        PriceError,
        "The price has no limit for calls; add one, or do not pass its peak.",
        lambda: Capacity(currency=EUR, tiers=(seats(D(1)),)).price_peaks({"calls": D(1)}),
    ),
    (PriceError, "The factor is -1; give at least 0.", lambda: Multiplier(factor=D(-1))),
    (PriceError, "The minimum is -1; give at least 0.", lambda: Minimum(amount=D(-1))),
    (PriceError, "The maximum is -1; give at least 0.", lambda: Maximum(amount=D(-1))),
    (
        PriceError,
        "The minimum 2 lies above the maximum 1; swap them.",
        lambda: Chain(first=CENT, links=(Minimum(amount=D(2)), Maximum(amount=D(1)))),
    ),
    (
        PriceError,
        "A quantity of 1 has no price of its own; pass the events with their amounts.",
        lambda: Dynamic(currency=EUR).price(D(1)),
    ),
    (
        PriceError,
        "The filter of region names no value, so nothing passes; name one.",
        lambda: PropertyFilter(name="region", values=()),
    ),
    (
        PriceError,
        "A filtered price has no filter; make it the default price.",
        lambda: FilteredPrice(filters=(), price=CENT),
    ),
    (
        PriceError,
        "The filtered prices have two currencies; keep a price for each.",
        lambda: Filtered(
            default=CENT,
            prices=(FilteredPrice(filters=(PropertyFilter(name="region", values=("eu",)),), price=DOLLAR),),
        ),
    ),
    (
        FormulaError,
        "The formula needs seats and sites; pass each figure by its name.",
        lambda: Formula(currency=EUR, expression="units * seats * sites", names=("seats", "sites")).price(D(1)),
    ),
    (
        PriceError,
        "The percentage is -1; give at least 0.",
        lambda: Percentage(currency=EUR, percent=D(-1)),
    ),
    (
        PriceError,
        "-1 free events are below zero; give at least 0.",
        lambda: Percentage(currency=EUR, percent=D(1), free_events=-1),
    ),
    (
        PriceError,
        "The minimum 2 lies above the maximum 1; swap them.",
        lambda: Percentage(currency=EUR, percent=D(1), minimum=D(2), maximum=D(1)),
    ),
    (
        PriceError,
        "Named and excluded both: a, b; choose one for each.",
        lambda: PercentageOf(currency=EUR, percent=D(1), products=("a", "b"), excluded=("b", "a")),
    ),
    (
        MixedCurrenciesError,
        "1.00 EUR is no amount in USD; price each currency on its own.",
        lambda: PercentageOf(currency=USD, percent=D(1)).price_lines([BaseLine(product="a", amount=Money.of(1, EUR))]),
    ),
    (
        PriceError,
        "A pool of -5 units at 1 is below zero; give at least 0.",
        lambda: Pooled(currency=EUR, unit_price=D(1), pool_product="seats", factor=D(-5)),
    ),
    (
        PriceError,
        "A pool of 5 units at -1 is below zero; give at least 0.",
        lambda: Pooled(currency=EUR, unit_price=D(-1), pool_product="seats", factor=D(5)),
    ),
    (
        PriceError,
        "The prices are for the bands am, am; give one for each of the calendar.",
        lambda: TimeOfDay(calendar=HALVES, prices=(BandPrice(band="am", price=CENT),) * 2),
    ),
    (
        PriceError,
        "The prices of the bands have two currencies; keep bands for each.",
        lambda: TimeOfDay(
            calendar=HALVES, prices=(BandPrice(band="am", price=CENT), BandPrice(band="pm", price=DOLLAR))
        ),
    ),
    (PriceError, "The price has no version; give at least one.", lambda: Timeline(versions=())),
    (
        PriceError,
        "Two versions of the price start on 2026-03-31; keep one.",
        lambda: Timeline(versions=(PriceVersion(valid_from=DAY, price=CENT),) * 2),
    ),
    (
        PriceError,
        "The versions of the price have two currencies; keep a timeline for each.",
        lambda: Timeline(
            versions=(PriceVersion(valid_from=DAY, price=CENT), PriceVersion(valid_from=date.max, price=DOLLAR))
        ),
    ),
    (
        NoPriceInForceError,
        "No price is in force on 2026-03-30; publish one that is valid from that day.",
        lambda: Timeline(versions=(PriceVersion(valid_from=DAY, price=CENT),)).on(date(2026, 3, 30)),
    ),
    (
        NoPriceInForceError,
        "No price is set for the product; publish one for the product itself at least.",
        lambda: look_up({}),
    ),
    (TaxError, "VAT has a rate of -1 %; give at least 0.", lambda: rule(percent=D(-1))),
    (
        TaxError,
        "VAT is -1 and 0 %; give one of them, of at least 0.",
        lambda: rule(percent=D(0), fixed=D(-1)),
    ),
    (TaxError, "VAT is 1 and 21 %; give one of them, of at least 0.", lambda: rule(fixed=D(1))),
    (
        TaxError,
        "VAT is a fixed amount, which stands on no other tax; do not compound it.",
        lambda: rule(percent=D(0), fixed=D(1), compound=True),
    ),
    (
        TaxError,
        "VAT ends on 2026-03-31, not after its start; swap the dates.",
        lambda: rule(valid_from=DAY, valid_until=DAY),
    ),
    (
        TaxError,
        "VAT at 21 % and 22 % overlap; end one.",
        lambda: TaxPolicy(rules=(rule(), rule(percent=D(22), valid_from=DAY))),
    ),
    (
        TaxError,
        "VAT is a fixed amount, which no price contains; add it to net prices.",
        lambda: assess(
            TaxPolicy(rules=(rule(percent=D(0), fixed=D(1), per=FixedPer.UNIT),)),
            [Taxable(Money.of(1, EUR), "standard", DAY)],
            EUR,
            inclusive=True,
        ),
    ),
    (
        TaxError,
        "No tax category is set for the line, product, customer or company; set one of them.",
        chosen,
    ),
    (
        ProrationError,
        (
            "2026-03-30 to before 2026-04-01 does not lie in the cycle 2026-03-01 to before 2026-03-31; "
            "prorate each cycle on its own."
        ),
        lambda: prorate(
            Period(date(2026, 3, 30), date(2026, 4, 1)), cycle=Period(date(2026, 3, 1), DAY), basis=Basis.DAYS
        ),
    ),
    (
        ProrationError,
        (
            "2026-03-31 to before 2026-03-31 does not lie in the cycle 2026-03-31 to before 2026-03-31; "
            "prorate each cycle on its own."
        ),
        lambda: prorate(Period(DAY, DAY), cycle=Period(DAY, DAY), basis=Basis.DAYS),
    ),
]


@pytest.mark.parametrize(("kind", "sentence", "build"), REFUSED, ids=[sentence for _, sentence, _ in REFUSED])
def test_nonsense_is_refused_by_name_and_in_words(kind: type[Refusal], sentence: str, build: Build) -> None:
    with pytest.raises(Refusal) as refused:
        build()
    assert type(refused.value) is kind
    assert str(refused.value) == sentence


ALLOWED: list[tuple[str, Build]] = [
    ("a tier of nothing", lambda: Tier(up_to=D(0), unit_price=D(0), flat_fee=D(0))),
    ("a block of a thousandth", lambda: Tier(up_to=None, block=D("0.001"))),
    ("a percentage of nothing", lambda: PercentTier(up_to=None, percent=D(0))),
    ("a limit of nothing", lambda: Limit(meter="seats", up_to=D(0))),
    ("a free capacity", lambda: CapacityTier(limits=(Limit(meter="seats", up_to=None),), amount=D(0))),
    ("one limit that stays", lambda: Capacity(currency=EUR, tiers=(seats(D(1)), seats(D(1)), seats(None)))),
    ("a factor of nothing", lambda: Multiplier(factor=D(0))),
    ("limits of nothing", lambda: Chain(first=CENT, links=(Minimum(amount=D(0)), Maximum(amount=D(0))))),
    ("a maximum at the minimum", lambda: Chain(first=CENT, links=(Minimum(amount=D(2)), Maximum(amount=D(2))))),
    ("a block of a thousandth unit", lambda: Package(currency=EUR, size=D("0.001"), block_price=D(0), free=D(0))),
    ("an empty pool", lambda: Pooled(currency=EUR, unit_price=D(0), pool_product="seats", factor=D(0))),
    ("a pool of half units", lambda: Pooled(currency=EUR, unit_price=D("0.5"), pool_product="a", factor=D("0.5"))),
    (
        "a percentage within one amount",
        lambda: Percentage(currency=EUR, percent=D(0), fee=D(0), free_events=0, minimum=D(2), maximum=D(2)),
    ),
    ("a tax of nothing", lambda: rule(percent=D(0))),
    ("a fixed tax of nothing", lambda: rule(percent=D(0), fixed=D(0))),
    ("a compound tax", lambda: rule(compound=True)),
    ("a tax of a single day", lambda: rule(valid_from=DAY, valid_until=date(2026, 4, 1))),
    ("a quantity of nothing", lambda: CENT.price(D(0))),
]


@pytest.mark.parametrize("build", [build for _, build in ALLOWED], ids=[name for name, _ in ALLOWED])
def test_what_lies_on_the_limit_is_allowed(build: Build) -> None:
    assert build() is not None
