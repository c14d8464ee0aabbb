"""Phrases in which rating cases write their tariffs, read into the core's terms."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction

from tests.oracles.harness import Unreadable

from billhook.core import exact
from billhook.core.money import currency
from billhook.core.price.graduated import Graduated
from billhook.core.price.tiers import BeyondLastTier, Tier
from billhook.core.price.volume import Volume
from billhook.core.ratecard import Rate, RateCard, RateSlice
from billhook.core.rounding import Rounding

UNIT = currency("EUR")
EXACTLY = 12
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ANY_MONDAY = date(2001, 1, 1)
WEEKDAY = re.compile(r"[A-Z][a-z]{2} ")
DATED = re.compile(r"\d{4}-\d\d-\d\d")
MODES = {"up": Rounding.UP, "down": Rounding.DOWN, "middle": Rounding.HALF_UP}
_PRICE = re.compile(
    r"(?P<price>[\d.]+)"
    r"(?: per (?P<per>[\d,]+)? ?(?P<unit>s|sec|min|minute|h|SMS|MMS|units?|events?|call|KB|MB|bytes)?)?"
)
_MINUTES = {"min": 60, "minute": 60, "h": 3600}


def number(value: object) -> Decimal:
    """Return a figure exactly, however it is written."""
    try:
        return exact.number(value if isinstance(value, Decimal | int) else str(value).replace(",", ""))
    except exact.NotExactError as error:
        raise Unreadable(str(error)) from None


def figure(value: Fraction | Decimal) -> Decimal | Fraction:
    """Return a decimal where the value has one, else the fraction."""
    try:
        return exact.from_fraction(Fraction(value))
    except exact.NotExactError:
        return Fraction(value)


def whole(value: object) -> int:
    """Return a whole figure."""
    found = number(value)
    if found != found.to_integral_value():
        raise Unreadable(f"{value} is not whole")
    return int(found)


@dataclass(frozen=True)
class Phrase:
    """A price for some units, its increment and its rounding."""

    price: Decimal
    per: int = 1
    increment: int = 1
    rounding: tuple[Rounding, int] | None = None
    fee: Decimal = exact.ZERO
    remark: str = ""


def phrase(text: object) -> Phrase:
    """Read a price such as `0.05 per 60 s, increment 1 s, rounding up 2 decimals`."""
    if not isinstance(text, str):
        return Phrase(number(text))
    rest, remark = _remark(text.strip())
    head, *tails = rest.split(",") if not re.search(r"\d,\d{3}", rest) else re.split(r", ", rest)
    found = _PRICE.fullmatch(head.strip())
    if not found:
        raise Unreadable(f"no price: {text}")
    per = whole(found["per"] or 1) * _MINUTES.get(found["unit"] or "", 1)
    words = {"price": number(found["price"]), "per": per, "remark": remark}
    for tail in tails:
        words |= _tail(tail.strip())
    return Phrase(**words)


def _remark(text: str) -> tuple[str, str]:
    found = re.fullmatch(r"(.*?) (?:\((.*)\)|(on the paid part))", text)
    return (found[1], found[2] or found[3]) if found else (text, "")


def _tail(text: str) -> dict[str, object]:
    if found := re.fullmatch(r"(?:increment|beat|interval) ([\d,]+)(?: s)?", text):
        return {"increment": whole(found[1])}
    if found := re.fullmatch(r"rounding (.*)", text):
        return {"rounding": rounding(found[1])}
    if found := re.fullmatch(r"(?:connect fee|set-up|setup) ([\d.]+)", text):
        return {"fee": number(found[1])}
    raise Unreadable(f"not understood: {text}")


def rounding(text: str) -> tuple[Rounding, int]:
    """Read a rounding such as `up 4` or `down 1 decimals`."""
    found = re.fullmatch(r"(up|down|middle) (\d+)(?: decimals?)?", text.strip())
    if not found:
        raise Unreadable(f"no rounding: {text}")
    return MODES[found[1]], int(found[2])


def rate_of(words: Phrase, *, prefix: str = "", fee: Decimal = exact.ZERO, **options: object) -> Rate:
    """Return the rate of a phrase."""
    return Rate(
        prefix=prefix,
        price=words.price,
        unit_seconds=words.per,
        connection_fee=fee or words.fee,
        first_increment=words.increment,
        next_increment=words.increment,
        **options,
    )


def card_of(*rates: Rate) -> RateCard:
    """Return a deck of rates."""
    return RateCard(code="card", currency=UNIT, rates=rates)


def sliced_rate(groups: list[str], fee: Decimal, **options: object) -> Rate:
    """Return the rate of groups such as `0 s: 0.2 per 60 s, increment 60 s`."""
    read = []
    for group in groups:
        found = re.fullmatch(r"(?:from )?(\d+)(?: s)?: (.*)", group)
        if not found:
            raise Unreadable(f"no group: {group}")
        read.append((int(found[1]), phrase(found[2])))
    (_, first), *later = sorted(read, key=lambda item: item[0])
    return rate_of(first, fee=fee, slices=tuple(slice_of(start, words) for start, words in later), **options)


def slice_of(start: int, words: Phrase) -> RateSlice:
    """Return the slice of a rate from a second on."""
    return RateSlice(from_seconds=start, price=words.price, unit_seconds=words.per, increment=words.increment)


def beat_tiers(text: str, beat: int | None = None) -> tuple[Tier, ...]:
    """Read tiers such as `0-60: 1 per 60, beat 60; 60-999999: 0.1 per 60, beat 60`; the last beat may hold for all."""
    parts = [part.strip() for part in text.split(";")]
    if found := re.fullmatch(r"beat (\d+)", parts[-1]):
        return beat_tiers(";".join(parts[:-1]), int(found[1]))
    tiers = []
    for part in parts:
        found = re.fullmatch(r"(\d+)(?:-(\d+)|\+): (.*)", part)
        if not found:
            raise Unreadable(f"no tier: {part}")
        words = phrase(found[3])
        tiers.append(beat_tier(number(found[2]) if found[2] else None, words, beat or words.increment))
    return tuple(tiers)


def beat_tier(up_to: Decimal | None, words: Phrase, beat: int) -> Tier:
    """Return a tier whose started beats count."""
    try:
        price = exact.from_fraction(Fraction(words.price) * beat / words.per)
    except exact.NotExactError as error:
        raise Unreadable(str(error)) from None
    return Tier(up_to=up_to, unit_price=price, block=Decimal(beat))


def tiered(tiers: tuple[Tier, ...], *, by_volume: bool) -> Graduated | Volume:
    """Return the price of tiers: past the last one, graduated units are free, and a volume costs nothing at all."""
    if by_volume:
        return Volume(currency=UNIT, tiers=tiers, beyond=BeyondLastTier.NOTHING)
    return Graduated(currency=UNIT, tiers=tiers, beyond=BeyondLastTier.NOT_CHARGED)


def clock(text: str) -> time:
    """Read a time of day; 24:00 is midnight."""
    hours, minutes, *seconds = (int(part) for part in text.split(":"))
    return time(hours % 24, minutes, *seconds)


def interval(text: str) -> tuple[datetime, datetime]:
    """Read a call such as `Fri 2012-02-03 23:45 .. Sat 00:10`; without a date it is on any day, without a zone in UTC.

    An end without date is the first such time after the start.
    """
    first, _, last = text.partition("..")
    start = instant(first.strip(), ANY_MONDAY)
    end = instant(last.strip(), start.date())
    step = timedelta(days=7 if WEEKDAY.match(last.strip()) else 1)
    return start, end if end >= start or DATED.search(last) else end + step


def instant(text: str, day: date) -> datetime:
    """Read an instant with or without its date; one with a weekday alone is on the first such day from `day` on."""
    found = re.fullmatch(r"(?:([A-Z][a-z]{2}) )?(?:(\d{4}-\d\d-\d\d)[ T])?(\d\d:\d\d(?::\d\d)?)", text)
    if not found or (found[1] and found[1].lower() not in WEEKDAYS):
        raise Unreadable(f"no instant: {text}")
    if found[2]:
        day = date.fromisoformat(found[2])
    elif found[1]:
        day += timedelta(days=(WEEKDAYS.index(found[1].lower()) - day.weekday()) % 7)
    return datetime.combine(day, clock(found[3]), UTC)
