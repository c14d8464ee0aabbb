"""Consumable and capacity usage, as Kill Bill gives it."""

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction

from tests.oracles.adapters.phrases import number
from tests.oracles.harness import Case, Facts, Unreadable, adapter

from billhook.core import exact
from billhook.core.money import currency
from billhook.core.price import PriceModel
from billhook.core.price.capacity import Capacity, CapacityTier, Limit
from billhook.core.price.graduated import Graduated
from billhook.core.price.in_advance import owed
from billhook.core.price.tiers import BeyondLastTier, Tier
from billhook.core.price.volume import Volume

FILES = ("killbill",)
USD = currency("USD")
UNLIMITED = -1


def _tiers(rows: Sequence[Facts]) -> tuple[Tier, ...]:
    """Return tiers of blocks; each starts where the blocks of the one before end."""
    tiers, bound = [], exact.ZERO
    for row in rows:
        size, blocks = number(row["block_size"]), number(row["max_blocks"])
        bound = exact.add(bound, exact.multiply(size, blocks))
        is_open = blocks == UNLIMITED
        tiers.append(Tier(up_to=None if is_open else bound, unit_price=number(row["price"]), block=size))
    return tuple(tiers)


def _price(rows: Sequence[Facts], *, top_tier: bool) -> Graduated | Volume:
    model = Volume if top_tier else Graduated
    return model(currency=USD, tiers=_tiers(rows), beyond=BeyondLastTier.LAST_TIER)


@adapter("usage.consumable.all_tiers", "usage.consumable.top_tier", files=FILES)
def consumable(given: Facts, case: Case) -> Mapping[str, object]:
    """Price units in started blocks, in every tier or all in the top one."""
    price = _price(given["tiers"], top_tier=case.area.endswith("top_tier"))
    priced = price.price(number(given["units"]))
    per_tier = [exact.from_fraction(step.apply(Fraction(0))) for step in priced.steps]
    return {"total": priced.amount, "per_tier": per_tier}


@adapter("usage.consumable.multi_unit", files=FILES)
def several_units(given: Facts, _case: Case) -> Mapping[str, object]:
    """Price each unit in its own tiers."""
    policies = {"ALL_TIERS": False, "TOP_TIER": True}
    top_tier, used = policies[given["policy"]], given["used"].plain()
    prices: dict[str, PriceModel] = {unit: _price(rows, top_tier=top_tier) for unit, rows in given["tiers"].items()}
    return {"total": exact.total(prices[unit].price(number(units)).amount for unit, units in used.items())}


@adapter("usage.capacity", files=FILES)
def capacity(given: Facts, _case: Case) -> Mapping[str, object]:
    """Price a period by the highest tier that any unit needs."""
    price = Capacity(
        currency=USD,
        tiers=tuple(_capacity_tier(row.plain()) for row in given["tiers"]),
        beyond=BeyondLastTier.LAST_TIER,
    )
    peaks = {unit: number(peak) for unit, peak in given["peak"].plain().items()}
    return {"total": price.price_peaks(peaks).amount}


def _capacity_tier(row: dict[str, object]) -> CapacityTier:
    amount = number(row.pop("price"))
    return CapacityTier(limits=tuple(_limit(unit, most) for unit, most in row.items()), amount=amount)


def _limit(unit: str, most: object) -> Limit:
    return Limit(meter=unit, up_to=None if most == UNLIMITED else number(most))


@adapter("usage.capacity", files=FILES)
def capacity_billed_before(given: Facts, _case: Case) -> Mapping[str, object]:
    """Bill each period its tier less what was billed of it before."""
    limits = tuple(_limit(unit, most) for unit, most in given["limits"].plain().items())
    if any(limit.up_to is not None for limit in limits):
        raise Unreadable("the peaks are not given")
    price = Capacity(currency=USD, tiers=(CapacityTier(limits=limits, amount=number(given["tier_price"])),))
    amount = owed(price.price_peaks({}), number(given["already_billed_per_period"])).amount
    return {"items": [_item(text, amount) for text in given["periods"]]}


def _item(text: str, amount: object) -> dict[str, object]:
    start, end = (date.fromisoformat(part) for part in text.split("/"))
    return {"amount": amount, "start": start, "end": end, "type": "USAGE"}
