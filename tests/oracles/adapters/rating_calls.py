"""Calls, messages and data at one rate: increments, fees, grace, limits, prefixes."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from tests.oracles.adapters.phrases import (
    EXACTLY,
    MODES,
    UNIT,
    Phrase,
    card_of,
    figure,
    instant,
    number,
    phrase,
    rate_of,
    rounding,
    sliced_rate,
    whole,
)
from tests.oracles.harness import Case, Facts, Unreadable, adapter

from billhook.core import exact
from billhook.core.money import Money
from billhook.core.prepaid import InsufficientCreditError, debit
from billhook.core.price.chain import Chain, Multiplier
from billhook.core.price.per_unit import PerUnit
from billhook.core.quantity import IncrementBase, Increments
from billhook.core.ratecard import BeyondMaximum, Rate, RateCard
from billhook.core.rating import (
    Call,
    RatedCall,
    affordable_seconds,
    call_steps,
    connected_seconds,
    rate_call,
    rate_spans,
)
from billhook.core.rounding import to_places
from billhook.core.spans import Span, billed_lengths

FILES = ("rating",)
ANY_DAY = date(2020, 1, 1)
STRATEGIES = {"free": BeyondMaximum.FREE, "disconnect": BeyondMaximum.DISCONNECT}


@adapter("*", files=FILES)
def call_at_a_rate(given: Facts, _case: Case) -> Mapping[str, object]:
    """Rate a call, message or session by its length and its tariff, and pay it from a balance where there is one."""
    given.skip("path", "type", "destination", "action", "old_rate")
    rate, words = _tariff(given)
    rated = _rated(rate, _length(given), words, given)
    answer = {
        "cost": figure(rated.amount.amount),
        "charge": figure(rated.amount.amount),
        "billed_s": rated.billed_seconds,
        "time_spans": len([length for length in billed_lengths(rate_spans(rate, rated.billed_seconds)) if length]),
        "connect_fee": figure(rate.connection_fee if rated.billed_seconds else exact.ZERO),
    }
    return answer | _paid(given, rated)


def _tariff(given: Facts) -> tuple[Rate, Phrase]:
    fee = number(given.get("connect_fee", given.get("setup", 0)))
    limits = _limits(given)
    if "groups" in given:
        return sliced_rate(list(given["groups"]), fee, **limits), Phrase(exact.ZERO)
    words = _chosen(given) if "rates" in given else phrase(given["new_rate" if "new_rate" in given else "rate"])
    if words.remark:
        raise Unreadable(f"not understood: {words.remark}")
    return rate_of(words, fee=fee, **limits), words


def _limits(given: Facts) -> dict[str, object]:
    if "max_cost" not in given:
        return {}
    return {"maximum_charge": number(given["max_cost"]), "beyond_maximum": STRATEGIES[given["strategy"]]}


def _chosen(given: Facts) -> Phrase:
    """Return the price of the longest prefix of a destination, or of a subject."""
    rates = given["rates"].plain()
    if "subject" in given:
        return phrase(rates[f"subject {given['subject']}"])
    prefixes = {"" if name == "*any" else name: phrase(text) for name, text in rates.items()}
    card = card_of(*(rate_of(words, prefix=name, destination=name) for name, words in prefixes.items()))
    return prefixes[card.rate_for(str(given["destination"]), ANY_DAY).destination]


def _length(given: Facts) -> int:
    return whole(given[next((name for name in ("duration_s", "units", "quantity") if name in given), "duration_s")])


def _rated(rate: Rate, length: int, words: Phrase, given: Facts) -> RatedCall:
    mode, places = rounding(given["rounding"]) if "rounding" in given else words.rounding or (MODES["middle"], EXACTLY)
    return rate_call(card_of(rate), Call(number="", day=ANY_DAY, seconds=length), decimals=places, mode=mode)


def _paid(given: Facts, rated: RatedCall) -> dict[str, object]:
    """Take the cost from a balance; a customer on account may go below zero."""
    name = next((name for name in ("balance", "money") if name in given), None)
    if name is None:
        return {}
    balance = Money(number(given[name]), UNIT)
    try:
        after = debit(balance, rated.amount, negative_allowed=bool(given.get("negative_allowed", False)))
    except InsufficientCreditError:
        return {"error": "INSUFFICIENT_CREDIT"}
    return {"balance_after": figure(after.amount), "money_left": figure(after.amount), "error": None}


@adapter("*", files=FILES)
def longest_session(given: Facts, _case: Case) -> Mapping[str, object]:
    """Return how long a call may last that a balance or a maximum cost pays."""
    requested, words = _requested(given), phrase(given["rate"])
    rate = rate_of(words, fee=number(given.get("connect_fee", 0)), **_limits(given))
    seconds = connected_seconds(rate, lambda length: call_steps(rate, length), requested)
    if "balance" in given:
        seconds = min(seconds, affordable_seconds(rate, Money(number(given["balance"]), UNIT), requested))
    return {"max_session_s": seconds}


def _requested(given: Facts) -> int:
    """Return the seconds asked for; the tariff may hold only before some hour, which the call must not pass."""
    if "requested_s" in given:
        return whole(given["requested_s"])
    found = re.fullmatch(r"(.*), requested (\d+) h", given["call"])
    limit = re.search(r"\(before (\d\d:\d\d)\)", str(given["rate"]))
    if not found:
        raise Unreadable(f"not understood: {given['call']}")
    start = instant(found[1], ANY_DAY)
    end = start + timedelta(hours=int(found[2]))
    if limit and end > instant(limit[1], start.date()):
        raise Unreadable(f"the price after {limit[1]} is not given")
    return int(found[2]) * 3600


@adapter("rounding", files=FILES)
def rounded(given: Facts, _case: Case) -> Mapping[str, object]:
    """Round a figure."""
    return {"cost": to_places(number(given["value"]), whole(given["decimals"]), MODES[given["method"]])}


@adapter("duration rounding up", "T1/T2 increments", files=FILES)
def counted(given: Facts, _case: Case) -> Mapping[str, object]:
    """Count a duration in increments."""
    following = whole(given["next_block_s"] if "next_block_s" in given else given["round_to_s"])
    first = whole(given.get("first_block_s", following))
    return {"billed_s": Increments(first, following).count(whole(given["duration_s"]))}


@adapter("*", files=FILES)
def blocks_of_a_minute_price(given: Facts, _case: Case) -> Mapping[str, object]:
    """Rate a call at a price a minute with an initial and a further increment; included seconds come off first."""
    price = given["cost_per_min"] if "cost_per_min" in given else given["rate_per_min"]
    base = IncrementBase.WHOLE if "billingblock_s" in given else IncrementBase.REST
    following = whole(given["billingblock_s"] if "billingblock_s" in given else given["increment_s"])
    first = given.get("initial_increment_s", given.get("initblock_s", following))
    rate = Rate(
        prefix="",
        price=number(price),
        connection_fee=number(given.get("connect_cost", 0)),
        first_increment=whole(first) or following,
        next_increment=following,
        increment_base=base,
    )
    seconds = max(whole(given["duration_s"]) - whole(given.get("included_s", 0)), 0)
    rated = rate_call(card_of(rate), Call(number="", day=ANY_DAY, seconds=seconds), decimals=EXACTLY)
    return {"cost": figure(rated.amount.amount), "billed_s": rated.billed_seconds}


@adapter("minimum *, interval *, grace *, set-up *, rate *", files=FILES)
def minimum_and_grace(given: Facts, case: Case) -> Mapping[str, object]:
    """Rate a call with the parameters that the area names."""
    found = re.fullmatch(
        r"minimum (\d+) s, interval (\d+) s, grace (\d+) s, set-up ([\d.]+), rate ([\d.]+)/min", case.area
    )
    if not found:
        raise Unreadable(case.area)
    rate = Rate(
        prefix="",
        price=number(found[5]),
        connection_fee=number(found[4]),
        first_increment=whole(found[2]),
        next_increment=whole(found[2]),
        minimum_seconds=whole(found[1]),
        grace_seconds=whole(found[3]),
    )
    call = Call(number="", day=ANY_DAY, seconds=whole(given["duration_s"]))
    return {"cost": figure(rate_call(card_of(rate), call, decimals=EXACTLY).amount.amount)}


@adapter("*", files=FILES)
def increments_over_spans(given: Facts, _case: Case) -> Mapping[str, object]:
    """Count the increment of the first span over the edges of the next ones."""
    own = Increments(whole(given["increment_s_first"]), 1)
    spans = [
        Span(length=whole(length), price=exact.ZERO, per=1, increments=own if index == 0 else Increments())
        for index, length in enumerate(given["spans_s"])
    ]
    if spans[0].length > own.first:
        own = Increments(own.first, own.first)
        spans[0] = Span(length=spans[0].length, price=exact.ZERO, per=1, increments=own)
    return {"billed_spans_s": [length for length in billed_lengths(spans) if length]}


@adapter("*", files=FILES)
def override(given: Facts, _case: Case) -> Mapping[str, object]:
    """Price usage at a multiple of the base price."""
    base = phrase(given["base"])
    price = PerUnit(currency=UNIT, unit_price=base.price)
    chain = Chain(first=price, links=(Multiplier(factor=number(given["override_percentage"])),))
    return {"price": chain.price(number(given["usage"])).amount}


@adapter("*", files=FILES)
def prefix_match(given: Facts, _case: Case) -> Mapping[str, object]:
    """Find the name of the longest prefix of a number."""
    names = given["prefix"].plain() if "prefix" in given else {}
    return {"match": _found(names, str(given["number"])) or "NOMATCH"}


def _found(names: Mapping[str, str], called: str) -> str | None:
    card = card_of(*(Rate(prefix=prefix, destination=name, price=exact.ZERO) for prefix, name in names.items()))
    rate = card.find(called, ANY_DAY)
    return rate.destination if rate else None


@adapter("*", files=FILES)
def dated_prefix(given: Facts, _case: Case) -> Mapping[str, object]:
    """Find the prefix that is in force on the day of an event."""
    rates = []
    for prefix, text in given["prefixes"].plain().items():
        found = re.fullmatch(r"valid (\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)?", text)
        if not found:
            raise Unreadable(text)
        start, end = date.fromisoformat(found[1]), date.fromisoformat(found[2]) if found[2] else None
        rates.append(Rate(prefix=prefix, destination=prefix, price=exact.ZERO, valid_from=start, valid_until=end))
    rate = card_of(*rates).find(str(given["number"]), date.fromisoformat(given["event"]))
    return {"error": None if rate else "rate not found", "match": rate.destination if rate else None}


@adapter("*", files=FILES)
def two_number_prefix(given: Facts, _case: Case) -> Mapping[str, object]:
    """Find the rate that matches both numbers."""
    deck = RateCard(
        code="two numbers",
        currency=UNIT,
        rates=tuple(
            Rate(prefix=first, origin_prefix=second, destination=name, price=Decimal(0))
            for name, (first, second) in given["rates"].plain().items()
        ),
    )
    rate = deck.find(str(given["prefix_a"]), ANY_DAY, origin=str(given["prefix_b"]))
    return {"match": rate.destination if rate else None}
