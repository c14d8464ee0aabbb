"""Pricing strategies and mediated usage, as jBilling gives them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from fractions import Fraction

from tests.oracles.adapters.phrases import clock, figure, number
from tests.oracles.harness import Case, Facts, Unreadable, adapter

from billhook.core import exact
from billhook.core.allowance import Allowance, Use, consume
from billhook.core.bands import BandCalendar, TimeBand
from billhook.core.cadence import Cadence, CadenceUnit, anchor_on
from billhook.core.money import currency
from billhook.core.price import Priced, PriceModel
from billhook.core.price.chain import Chain, Multiplier, capped
from billhook.core.price.graduated import Graduated
from billhook.core.price.in_advance import owed
from billhook.core.price.per_unit import PerUnit
from billhook.core.price.pooled import Pooled
from billhook.core.price.tiers import BeyondLastTier, Tier, TierBound
from billhook.core.price.time_of_day import BandPrice, TimeOfDay
from billhook.core.price.timeline import PriceSource, PriceVersion, Timeline, look_up
from billhook.core.price.volume import Volume
from billhook.core.quantity import seconds_written
from billhook.core.ratecard import Rate, RateCard
from billhook.core.rating import Call, rate_call

FILES = ("jbilling",)
USD = currency("USD")
ANY_DAY = date(2020, 1, 1)


def _metered(rate: object) -> PerUnit:
    return PerUnit(currency=USD, unit_price=number(rate))


def _graduated(given: Facts) -> Graduated:
    """Return a price whose first units are included."""
    included, rate = number(given["included"]), number(given["rate"])
    beyond = Tier(up_to=None, unit_price=rate)
    return Graduated(currency=USD, tiers=(Tier(up_to=included), beyond) if included else (beyond,))


def _answer(priced: Priced, quantity: Decimal) -> dict[str, object]:
    unit_price = Fraction(priced.amount) / Fraction(quantity) if quantity else Fraction(0)
    return {"amount": priced.amount, "line_total": priced.amount, "unit_price": unit_price}


def _quantity(given: Facts) -> Decimal:
    return number(given["purchased"] if "purchased" in given else given["quantity"])


@adapter("pricing.graduated*", files=FILES)
def graduated(given: Facts, _case: Case) -> Mapping[str, object]:
    """Price what comes on top of the usage before, beyond the included units."""
    quantity = _quantity(given)
    return _answer(_graduated(given).price_beyond(number(given.get("existing_usage", 0)), quantity), quantity)


@adapter("pricing.capped_graduated*", files=FILES)
def capped_graduated(given: Facts, _case: Case) -> Mapping[str, object]:
    """Price beyond the included units up to a cap, less what was charged before."""
    price = capped(_graduated(given), number(given["cap"] if "cap" in given else given["max_total"]))
    quantity = _quantity(given)
    total = exact.add(number(given.get("existing_quantity", 0)), quantity)
    return _answer(owed(price.price(total), number(given.get("existing_amount", 0))), quantity)


@adapter("pricing.percentage", files=FILES)
def percentage(given: Facts, _case: Case) -> Mapping[str, object]:
    """Multiply the price that came before."""
    return _answer(_times(_metered(given["prior_price"]), given["percentage"]).price(exact.ONE), exact.ONE)


def _times(price: PriceModel, factor: object) -> Chain:
    return Chain(first=price, links=(Multiplier(factor=number(factor)),))


@adapter("pricing.tiered*", files=FILES)
def tiered(given: Facts, _case: Case) -> Mapping[str, object]:
    """Price in slices; `above` is the open last one, without it the last price holds on."""
    prices = given["tiers"].plain()
    last = prices.pop("above", None)
    bounds = sorted((number(bound), number(price)) for bound, price in prices.items())
    tiers = [Tier(up_to=bound, unit_price=price) for bound, price in bounds]
    if last is not None:
        tiers.append(Tier(up_to=None, unit_price=number(last)))
    price = Graduated(currency=USD, tiers=tuple(tiers), beyond=BeyondLastTier.LAST_TIER)
    quantity = _quantity(given)
    return _answer(price.price_beyond(number(given.get("existing_usage", 0)), quantity), quantity)


@adapter("pricing.volume*", files=FILES)
def volume(given: Facts, _case: Case) -> Mapping[str, object]:
    """Price all units at the tier whose lower bound they reach."""
    starts = sorted((number(bound), number(price)) for bound, price in given["tiers"].plain().items())
    ends = [*(bound for bound, _ in starts[1:]), None]
    tiers = tuple(Tier(up_to=end, unit_price=price) for end, (_, price) in zip(ends, starts, strict=True))
    quantity = _quantity(given)
    return _answer(Volume(currency=USD, tiers=tiers, bound=TierBound.BELOW).price(quantity), quantity)


def _time_of_day(given: Facts, prices: Mapping[str, PriceModel]) -> Mapping[str, object]:
    starts = sorted(prices)
    ends = [*(clock(text) for text in starts[1:]), None]
    bands = tuple(TimeBand(name=text, start=clock(text), end=end) for text, end in zip(starts, ends, strict=True))
    price = TimeOfDay(
        calendar=BandCalendar(bands=bands),
        prices=tuple(BandPrice(band=text, price=prices[text]) for text in starts),
    )
    at = datetime.combine(ANY_DAY, time.fromisoformat(given["event_time"]), UTC)
    return _answer(price.at(at).price(exact.ONE), exact.ONE)


@adapter("pricing.time_of_day", files=FILES)
def time_of_day(given: Facts, _case: Case) -> Mapping[str, object]:
    """Price an event by the time at which it starts."""
    return _time_of_day(given, {text: _metered(price) for text, price in given["slots"].plain().items()})


@adapter("pricing.time_of_day_percentage", files=FILES)
def time_of_day_percentage(given: Facts, _case: Case) -> Mapping[str, object]:
    """Multiply the price that came before by the factor of the time of an event."""
    prior = _metered(given["prior_price"])
    return _time_of_day(given, {text: _times(prior, factor) for text, factor in given["slots"].plain().items()})


@adapter("pricing.chain", files=FILES)
def chain(given: Facts, _case: Case) -> Mapping[str, object]:
    """Price through a chain of a metered price and percentages."""
    first, *links = (item.plain() for item in given["chain"])
    if set(first) != {"metered"} or any(set(link) != {"percentage"} for link in links):
        raise Unreadable(f"not understood: {first}, {links}")
    multipliers = tuple(Multiplier(factor=number(link["percentage"])) for link in links)
    return _answer(Chain(first=_metered(first["metered"]), links=multipliers).price(exact.ONE), exact.ONE)


@adapter("pricing.timeline*", files=FILES)
def timeline(given: Facts, _case: Case) -> Mapping[str, object]:
    """Price at the version in force on the pricing date, which is the start of the order where one is named."""
    prices = Timeline(
        versions=tuple(
            PriceVersion(valid_from=date.fromisoformat(day), price=_metered(price))
            for day, price in given["timeline"].plain().items()
        )
    )
    on = date.fromisoformat(given["pricing_date"] if "pricing_date" in given else given["order_active_since"])
    quantity = number(given.get("quantity", 1))
    priced = prices.price_on(quantity, on)
    return _answer(priced, quantity) | {"rate": priced.unit_price}


@adapter("pricing.pooled*", files=FILES)
def pooled(given: Facts, _case: Case) -> Mapping[str, object]:
    """Price what comes on top of the usage before, beyond the units that a pool item includes."""
    price = Pooled(
        currency=USD, unit_price=number(given["rate"]), pool_product="pool", factor=number(given["multiplier"])
    ).with_pool(number(given["pool_item_quantity"]))
    quantity = _quantity(given)
    return _answer(price.price_beyond(number(given.get("existing_usage", 0)), quantity), quantity)


@adapter("pricing.plan", files=FILES)
def plan(given: Facts, _case: Case) -> Mapping[str, object]:
    """Price at the plan's price for its subscribers, at the product's for all others."""
    prices: dict[PriceSource, PriceModel] = {PriceSource.PRODUCT: _metered(given["default_price"])}
    plan_price = _metered(given["plan_item_price"])
    if given["customer_subscribed"]:
        prices[PriceSource.PLAN] = plan_price
    quantity = number(given["quantity"])
    return _answer(look_up(prices)[1].price(quantity), quantity)


@adapter("mediation.flat_plan", files=FILES)
def flat_plan(given: Facts, _case: Case) -> Mapping[str, object]:
    """Price the units of all events at the plan's rate, in one line."""
    given.skip("events")
    return {"amount": _metered(given["plan_rate"]).price(number(given["units"])).amount, "lines": 1}


@adapter("mediation.included_units", files=FILES)
def included_units(given: Facts, _case: Case) -> Mapping[str, object]:
    """Take included units off, and price the rest."""
    given.skip("events")
    use = Use(key="usage", at=datetime.combine(ANY_DAY, time.min, UTC), quantity=number(given["units"]))
    found = consume([Allowance(key="included", left=number(given["included"]))], [use])
    rest = _metered(given["overage_rate"]).price(found.rest)
    return {
        "included_line": {"units": found.covered, "amount": exact.ZERO},
        "overage_line": {"units": found.rest, "amount": rest.amount},
    }


@adapter("mediation.rate_card_lpm", files=FILES)
def rate_card(given: Facts, _case: Case) -> Mapping[str, object]:
    """Rate the units dialled to each prefix; what matches none costs nothing."""
    given.skip("events", "user")
    if given["rest"] != "no prefix match, price 0":
        raise Unreadable(given["rest"])
    rows = given["matching_prefix_rate_units"].plain()
    rates = [Rate(prefix=prefix, price=number(price), unit_seconds=1) for prefix, (price, _) in rows.items()]
    card = RateCard(code="deck", currency=USD, rates=(*rates, Rate(prefix="", price=exact.ZERO, unit_seconds=1)))
    dialled = [(f"{prefix}0", int(number(units))) for prefix, (_, units) in rows.items()]
    total = int(number(given["total_units"]))
    dialled.append(("", total - sum(units for _, units in dialled)))
    rated = [rate_call(card, Call(number=called, day=ANY_DAY, seconds=units)) for called, units in dialled]
    return {
        "amount": figure(exact.total(item.amount.amount for item in rated)),
        "quantity": sum(item.billed_seconds for item in rated),
    }


@adapter("mediation.duplicates", files=FILES)
def duplicates(given: Facts, _case: Case) -> Mapping[str, object]:
    """Rate the units of a prefix that are left once each key is counted once."""
    given.skip("duplicate_keys", "rows_in_file", "user")
    (name,) = [name for name in given if name.startswith("prefix_")]
    prefix = name.removeprefix("prefix_").removesuffix("_units")
    card = RateCard(
        code="deck", currency=USD, rates=(Rate(prefix=prefix, price=number(given["rate"]), unit_seconds=1),)
    )
    rated = rate_call(card, Call(number=prefix, day=ANY_DAY, seconds=int(given[name])))
    return {"amount": figure(rated.amount.amount)}


@adapter("mediation.current_order", files=FILES)
def current_order(given: Facts, _case: Case) -> Mapping[str, object]:
    """Find the start of the cycle in which an event lies."""
    words = given["main_subscription"].split()
    if words[:3] != ["monthly,", "cycle", "on"]:
        raise Unreadable(given["main_subscription"])
    event = date.fromisoformat(given["event"])
    month = Cadence(CadenceUnit.MONTH)
    anchor = anchor_on(int(words[3].rstrip("stndrh")), start=event, cadence=month)
    return {"one_time_order_active_since": month.containing(anchor, event).start}


@adapter("mediation.duration_format", files=FILES)
def duration_format(given: Facts, _case: Case) -> Mapping[str, object]:
    """Read a duration by its pattern."""
    return {"seconds": seconds_written(given["value"], given["format"])}
