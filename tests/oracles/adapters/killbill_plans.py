"""Kill Bill: plans as its catalogues describe them in words, read as phases."""

import re
from dataclasses import dataclass
from decimal import Decimal

from tests.oracles.harness import Unreadable
from tests.oracles.reading import cadence

from billhook.core.agreement import Timing
from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.money import currency
from billhook.core.phases import Phase
from billhook.core.price.graduated import Graduated
from billhook.core.price.per_unit import PerUnit
from billhook.core.price.tiers import Tier

USD = currency("USD")
_PHASE = re.compile(
    r"(?:(?P<days>\d+)-day )?(?P<kind>TRIAL|DISCOUNT|FIXEDTERM|EVERGREEN)?"
    r"(?: ?(?P<count>\d+) (?P<unit>DAY|WEEK|MONTH|YEAR)S?,?)?(?: ?(?P<period>[A-Z_]+))? \$(?P<price>[\d.]+)"
    r"(?: (?P<timing>IN_ADVANCE|IN_ARREAR))?"
)
_ASIDES = (
    r"^add-on: ",
    r"; phases aligned START_OF_BUNDLE unless noted$",
    r" \(per unit of quantity\)$",
    r", IN_ADVANCE$",
    r"; price overridden to \$0 at creation$",
)
_TIER = re.compile(r"tier\d+ block (\d+) @ \$([\d.]+) max (\d+)(?: blocks)?")


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan with its phases; an add-on follows the billing day of its bundle."""

    name: str
    phases: tuple[Phase, ...]
    is_addon: bool
    is_usage: bool = False


def read(name: str, text: str) -> Plan:
    """Return the plan that words such as `30-day TRIAL $0 then EVERGREEN MONTHLY $249.95` describe."""
    if text.startswith("usage-in-arrear"):
        return Plan(name, (_usage(text),), is_addon=True, is_usage=True)
    rest = text
    for aside in _ASIDES:
        rest = re.sub(aside, "", rest)
    parts = re.split(r" then |, (?=DISCOUNT|EVERGREEN|FIXEDTERM)", rest)
    return Plan(name, tuple(_phase(part, place) for place, part in enumerate(parts)), text.startswith("add-on"))


def _phase(text: str, place: int) -> Phase:
    match = _PHASE.fullmatch(text)
    if match is None:
        raise Unreadable(f"{text!r} is no phase")
    kind = match["kind"] or "EVERGREEN"
    length = Cadence(CadenceUnit.DAY, int(match["days"])) if match["days"] else None
    if match["count"]:
        length = Cadence(CadenceUnit(match["unit"].lower()), int(match["count"]))
    once = kind == "TRIAL" and match["period"] is None
    return Phase(
        name=f"{kind.lower()}{place}",
        length=length,
        price=PerUnit(currency=USD, unit_price=Decimal(match["price"])),
        cadence=None if once else cadence(match["period"] or "MONTHLY"),
        timing=Timing.IN_ARREARS if match["timing"] == "IN_ARREAR" else Timing.IN_ADVANCE,
    )


def _usage(text: str) -> Phase:
    """Return the price of usage in started blocks, by tiers of so many blocks, billed in arrears."""
    match = re.fullmatch(r"usage-in-arrear ([A-Z_]+) consumable(?: ALL_TIERS)?: (.+)", text)
    found = [_TIER.fullmatch(part) for part in match[2].split(", ")] if match else []
    if match is None or not all(found):
        raise Unreadable(f"{text!r} is no usage")
    tiers, bound = [], Decimal(0)
    for tier in found:
        size, price, blocks = (Decimal(word) for word in tier.groups()) if tier else (Decimal(0),) * 3
        bound += size * blocks
        tiers.append(Tier(up_to=bound, unit_price=price, block=size))
    price_model = Graduated(currency=USD, tiers=tuple(tiers))
    return Phase(name="usage", price=price_model, cadence=cadence(match[1]), timing=Timing.IN_ARREARS)
