"""Included units, buckets and counters, and what is charged beyond them."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

from tests.oracles.adapters.phrases import EXACTLY, UNIT, Phrase, card_of, figure, number, phrase, rate_of, whole
from tests.oracles.harness import Case, Facts, Unreadable, adapter

from billhook.core import exact
from billhook.core.allowance import Allowance, Consumption, Counts, Use, consume
from billhook.core.money import Money
from billhook.core.prepaid import InsufficientCreditError, debit, require_covered
from billhook.core.price.graduated import Graduated
from billhook.core.price.tiers import Tier
from billhook.core.rating import Call, affordable_seconds, rate_call

FILES = ("rating",)
NOW = datetime(2020, 1, 1, tzinfo=UTC)
FLAGS = {True: "PARTIALLY_DISCOUNTED", False: "FULLY_DISCOUNTED"}


@adapter("*", files=FILES)
def included_then_charged(given: Facts, _case: Case) -> Mapping[str, object]:
    """Take included units and money off usage, and price the rest in tiers."""
    tiers = _tiers(given["price"])
    included = list(_included(given["included_left"]))
    pays = any(allowance.counts is Counts.MONEY for allowance in included)
    price_of_one = _unit_price(tiers[0]) if pays else None
    use = Use(key="usage", at=NOW, quantity=number(given["usage"]), unit_price=price_of_one)
    consumption = consume(included, [use])
    charged = consumption.rest
    price = Graduated(currency=UNIT, tiers=tiers)
    amount = price.price(charged).amount if charged else exact.ZERO
    return {"in_group": consumption.covered, "over_group": charged, "price": amount}


def _unit_price(tier: Tier) -> Decimal:
    return exact.from_fraction(Fraction(tier.unit_price) / Fraction(tier.block or exact.ONE))


def _included(text: object) -> Iterator[Allowance]:
    """Read what is included, such as `10 units + 2.00 money (=20 units at 0.1)` or `100 + 40 + 75 = 215`."""
    terms = re.sub(r"\(=.*?\)", "", str(text)).partition("=")[0].split("+")
    for index, term in enumerate(terms):
        found = re.fullmatch(r"([\d.,]+)(?: (units|own|shared|money)(?: at [\d.]+)?| for [A-Z]+)?", term.strip())
        if not found:
            raise Unreadable(f"not understood: {text}")
        counts = Counts.MONEY if found[2] == "money" else Counts.UNITS
        yield Allowance(key=str(index), left=number(found[1]), counts=counts, shared=found[2] == "shared")


def _tiers(text: str) -> tuple[Tier, ...]:
    """Read a price such as `service override: first 20 at 0.111111, then 1` or `0.5 per started 30`."""
    plain = re.sub(r" \(.*\)$", "", re.sub(r"^[a-z ]+: ", "", text))
    if found := re.fullmatch(r"([\d.]+) per (?:unit|started ([\d,]+)(?: \w+)?)", plain):
        return (Tier(up_to=None, unit_price=number(found[1]), block=number(found[2] or 1)),)
    tiers, bound = [], exact.ZERO
    *steps, last = plain.split(", ")
    for step in steps:
        found = re.fullmatch(r"(?:first|next) ([\d.,]+) at ([\d.]+)", step)
        if not found:
            raise Unreadable(f"not understood: {text}")
        bound = exact.add(bound, number(found[1]))
        tiers.append(Tier(up_to=bound, unit_price=number(found[2]), block=exact.ONE))
    found = re.fullmatch(r"then ([\d.]+)", last)
    if not found:
        raise Unreadable(f"not understood: {text}")
    return (*tiers, Tier(up_to=None, unit_price=number(found[1]), block=exact.ONE))


@adapter("counter consumption", files=FILES)
def counter(given: Facts, _case: Case) -> Mapping[str, object]:
    """Take a record off a counter."""
    use = Use(key="record", at=NOW, quantity=number(given["record_quantity"]))
    found = consume([Allowance(key="counter", left=number(given["counter"]))], [use])
    return {
        "counter_after": found.of("counter").left,
        "discounted": found.covered,
        "record_left": found.rest,
        "flag": FLAGS[found.rest > 0] if found.covered else "NOT_DISCOUNTED",
    }


@adapter("*", files=FILES)
def buckets_then_money(given: Facts, _case: Case) -> Mapping[str, object]:
    """Take a call from buckets by weight, and the rest from money at its rate."""
    buckets = list(_buckets(given))
    length = next(name for name in ("duration_s", "units", "requested_s") if name in given or name == "requested_s")
    wanted = number(given[length])
    consumption = consume(buckets, [Use(key="call", at=NOW, quantity=wanted)])
    left = {allowance.key: allowance.left for allowance in consumption.left}
    in_order = [left[bucket.key] for bucket in buckets]
    several = "buckets" in given and len(buckets) > 1
    answer = {
        "bucket_left_s": in_order if several else in_order[0],
        "bucket_left": in_order[0],
        "covered_s": consumption.covered,
    }
    try:
        return answer | _from_money(given, consumption)
    except InsufficientCreditError:
        return answer | {"error": "INSUFFICIENT_CREDIT", "money_total": number(given["money"])}


def _buckets(given: Facts) -> Iterator[Allowance]:
    """Yield the buckets of a case; a greater weight is consumed first."""
    if "buckets" in given:
        for index, bucket in enumerate(given["buckets"]):
            yield Allowance(
                key=str(index),
                left=number(bucket["s"]),
                increment=number(bucket.get("increment_s", 1)),
                priority=-whole(bucket.get("weight", 0)),
            )
        return
    name = next((name for name in ("bucket_s", "sms_bucket", "data_bucket", "free_bucket_s") if name in given), "")
    if not name:
        raise Unreadable("no bucket is given")
    increment = number(given.get("bucket_increment_s", 1))
    if "bucket_price" in given:
        increment = Decimal(phrase(given["bucket_price"]).increment)
    yield Allowance(key="0", left=number(given[name]), increment=increment)


def _from_money(given: Facts, consumption: Consumption) -> dict[str, object]:
    """Pay the fee, what the bucket costs itself and the rest from money; nothing is paid where no price is given."""
    balance = Money(number(given.get("money", 0)), UNIT)
    on_account = "money" not in given
    fee = Money(number(given.get("connect_fee", 0)), UNIT)
    after = debit(balance, fee, negative_allowed=on_account)
    paid = fee
    for name, seconds in (("bucket_price", consumption.covered), ("rate", consumption.rest)):
        if name in given:
            cost = _cost(phrase(given[name]), seconds)
            after = debit(after, cost, negative_allowed=on_account)
            paid += cost
    if "rate" not in given:
        require_covered(consumption)
    return {
        "money_left": figure(after.amount),
        "money_debited": figure(paid.amount),
        "cost": figure(paid.amount),
        "error": None,
    }


def _cost(words: Phrase, seconds: Decimal) -> Money:
    call = Call(number="", day=NOW.date(), seconds=whole(seconds))
    return rate_call(card_of(rate_of(words)), call, decimals=EXACTLY).amount


_BUCKET_AND_MONEY = re.compile(
    r"voice bucket (?P<s>[\d.]+) s priced by its own tariff "
    r"\(connect fee (?P<own_fee>[\d.]+), rate 0, increment (?P<increment>\d+) s\)"
    r" \+ money (?P<money>[\d.]+) at \(connect fee (?P<fee>[\d.]+), (?P<rate>[\d.]+ per [^)]*)\)"
)


@adapter("*", files=FILES)
def bucket_with_a_fee(given: Facts, _case: Case) -> Mapping[str, object]:
    """Serve a call from a bucket with its own fee, then from money at its rate, as far as the balance reaches."""
    found = _BUCKET_AND_MONEY.fullmatch(str(given["balances"]))
    if not found:
        raise Unreadable(f"not understood: {given['balances']}")
    own = Allowance(key="bucket", left=number(found["s"]), increment=number(found["increment"]))
    consumption = consume([own], [Use(key="call", at=NOW, quantity=number(given["requested_s"]))])
    money = Money(number(found["money"]), UNIT)
    after = debit(money, Money(number(found["own_fee"]), UNIT)) if consumption.covered else money
    rate = rate_of(phrase(found["rate"]), fee=exact.ZERO if consumption.covered else number(found["fee"]))
    rest = whole(consumption.rest)
    served = affordable_seconds(rate, after, rest)
    if served < rest and given.get("force_full_duration", False):
        return {"error": "INSUFFICIENT_CREDIT"}
    cost = rate_call(card_of(rate), Call(number="", day=NOW.date(), seconds=served), decimals=EXACTLY).amount
    return {
        "bucket_left_s": consumption.of("bucket").left,
        "charged_s": exact.add(consumption.covered, Decimal(served)),
        "cost": figure((money - after + cost).amount),
        "error": None,
    }


@adapter("duplicate check", files=FILES)
def duplicates(given: Facts, _case: Case) -> Mapping[str, object]:
    """Tell which records repeat a key."""
    keys = [found[1] for text in given["records"] if (found := re.match(r"key (\w+)", text))]
    if len(keys) < len(given["records"]):
        raise Unreadable("a record names no key")
    return {"duplicate": [key in keys[:index] for index, key in enumerate(keys)]}
