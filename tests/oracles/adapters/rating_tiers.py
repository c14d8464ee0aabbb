"""Tiers with beats, set-up fees, price versions, and what a balance permits."""

import re
from collections.abc import Mapping
from datetime import date
from fractions import Fraction

from tests.oracles.adapters.phrases import UNIT, beat_tier, beat_tiers, figure, number, phrase, tiered, whole
from tests.oracles.harness import Case, Facts, Unreadable, adapter

from billhook.core import derivation, exact
from billhook.core.derivation import Fee
from billhook.core.money import Money
from billhook.core.prepaid import permitted_quantity
from billhook.core.price import PriceModel
from billhook.core.price.chain import Chain, Surcharge
from billhook.core.price.graduated import Graduated
from billhook.core.price.tiers import Tier
from billhook.core.price.timeline import PriceVersion, Timeline
from billhook.core.quantity import Increments
from billhook.core.spans import OverEdge, Span, span_steps

FILES = ("rating",)


def _by_volume(case: Case) -> bool:
    return "threshold" in case.area


@adapter("*", files=FILES)
def quantity_in_tiers(given: Facts, case: Case) -> Mapping[str, object]:
    """Price a quantity in tiers, on top of what was used before; a set-up fee is paid where there is a quantity."""
    price = tiered(beat_tiers(given["tiers"]), by_volume=_by_volume(case))
    quantity, setup = number(given["quantity"]), number(given.get("setup", 0))
    priced = price.price_beyond(number(given.get("already_used", 0)), quantity)
    set_up = Chain(first=price, links=(Surcharge(name="set-up", amount=setup),))
    return {"charge": set_up.through(priced).amount if setup and quantity else priced.amount}


@adapter("*", files=FILES)
def quantity_at_a_dated_price(given: Facts, _case: Case) -> Mapping[str, object]:
    """Price a quantity at the version in force on the day of the event."""
    *versions, last = (part.strip() for part in given["tiers"].split(";"))
    beat = re.fullmatch(r"beat (\d+)", last)
    if not beat:
        raise Unreadable(given["tiers"])
    timeline = Timeline(versions=tuple(_version(text, int(beat[1])) for text in versions))
    return {"charge": timeline.price_on(number(given["quantity"]), date.fromisoformat(given["event_date"])).amount}


def _version(text: str, beat: int) -> PriceVersion:
    found = re.fullmatch(r"(.*) from (\d{4}-\d\d-\d\d)", text)
    if not found:
        raise Unreadable(text)
    price = Graduated(currency=UNIT, tiers=(beat_tier(None, phrase(found[1]), beat),))
    return PriceVersion(valid_from=date.fromisoformat(found[2]), price=price)


@adapter("*", files=FILES)
def permitted(given: Facts, case: Case) -> Mapping[str, object]:
    """Return the quantity that a balance pays."""
    tiers = beat_tiers(given["tiers"])
    if tiers[-1].up_to is None:
        raise Unreadable("the last tier has no end")
    price = tiered(tiers, by_volume=_by_volume(case))
    return {"quantity": permitted_quantity(price, Money(number(given["balance"]), UNIT), int(tiers[-1].up_to))}


@adapter("*", files=FILES)
def events_in_a_tier(given: Facts, _case: Case) -> Mapping[str, object]:
    """Price events at one price up to the end of their tier, beyond which they are free."""
    found = re.fullmatch(r"([\d.]+) per event, tier 0-(\d+)", str(given["rate"]))
    if not found:
        raise Unreadable(given["rate"])
    price = tiered((Tier(up_to=number(found[2]), unit_price=number(found[1])),), by_volume=False)
    return {"charge": price.price(number(given["quantity"])).amount}


@adapter("two time packets*", files=FILES)
def packets(given: Facts, _case: Case) -> Mapping[str, object]:
    """Price the same quantity in each packet, each with its own tiers and set-up fee."""
    quantity = number(given["quantity_each"])
    names = [name for name in given if name.startswith("packet_")]
    return {"charge": exact.total(_packet(given[name]).price(quantity).amount for name in names)}


def _packet(text: str) -> PriceModel:
    found = re.fullmatch(r"set-up ([\d.]+) \+ (.*)", text)
    price = tiered(beat_tiers(found[2] if found else text), by_volume=False)
    return Chain(first=price, links=(Surcharge(name="set-up", amount=number(found[1])),)) if found else price


@adapter("*", files=FILES)
def peak_and_off_peak(given: Facts, _case: Case) -> Mapping[str, object]:
    """Price the peak and the off-peak part of a call, each counted on its own where nothing is said of a carry-over."""
    over = OverEdge.CARRY_OVER if "carr" in given.get("mode", "") else OverEdge.INDEPENDENT
    spans = [_span(given, name) for name in ("peak", "off_peak")]
    fee = (Fee(name="set-up", amount=number(given["setup"])),) if "setup" in given else ()
    return {"charge": figure(derivation.run((*fee, *span_steps(spans, over))))}


def _span(given: Facts, name: str) -> Span:
    words = phrase(given[name])
    own = Increments(words.increment, words.increment)
    return Span(length=whole(given[f"{name}_s"]), price=words.price, per=words.per, increments=own, band=name)


@adapter("*", files=FILES)
def from_the_machine(given: Facts, case: Case) -> Mapping[str, object]:
    """Price a case whose tiers are also given for a program."""
    machine = case.machine or {}
    if machine.get("model") not in {"graduated_beats", "volume_beats"} or "setup" in given:
        raise Unreadable("no tiers for a program")
    given.plain()
    tiers = tuple(
        beat_tier(number(tier["to"]), phrase(f"{tier['rate_per_60']} per 60"), whole(tier["beat"]))
        for tier in machine["tiers"]
    )
    price = tiered(tiers, by_volume=machine["model"] == "volume_beats")
    priced = price.price_beyond(number(machine["offset"]), number(machine["quantity"]))
    return {"charge": figure(Fraction(priced.amount))}
