"""Time bands: calls that are cut over peak and off-peak, and prorated periods of the same product."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from fractions import Fraction

from tests.oracles.adapters.phrases import (
    EXACTLY,
    WEEKDAYS,
    card_of,
    clock,
    figure,
    instant,
    interval,
    phrase,
    rate_of,
    whole,
)
from tests.oracles.harness import Case, Facts, Unreadable, adapter

from billhook.core import exact
from billhook.core.banded import BandDeck, BandedCards, Session, rate_session
from billhook.core.bands import EVERY_DAY, HOLIDAY, WORKDAYS, BandCalendar, BandSpan, Split, TimeBand, split_at
from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.period import ONE_DAY, Period
from billhook.core.proration import Basis, prorate
from billhook.core.ratecard import RateCard

FILES = ("rating",)
DAYS = {"workday": WORKDAYS, "weekend": frozenset({5, 6, HOLIDAY}), "daily": EVERY_DAY}
MONTH = Cadence(CadenceUnit.MONTH)


@adapter("*", files=FILES)
def call_over_bands(given: Facts, _case: Case) -> Mapping[str, object]:
    """Rate a call over the bands of a plan; a later slice of a call pays no connection fee again."""
    start, end = interval(given["call"])
    cards = _plan(given["tariff"])
    continues = "second or later debit slice" in given.get("note", "")
    session = Session(number="", start=start, seconds=_seconds(start, end), continues=continues)
    rated = rate_session(cards, session, decimals=EXACTLY)
    fee = rated.rate.connection_fee if rated.rate and not continues else exact.ZERO
    return {"cost": figure(rated.amount.amount), "connect_fee": fee}


def _seconds(start: datetime, end: datetime) -> int:
    return int((end - start).total_seconds())


def _plan(text: str) -> BandedCards:
    """Read `plan NAME = workday 00:00-18:00 R4 (…); workday 18:00-24:00 R5 (…); weekend R5`."""
    rates: dict[str, RateCard] = {}
    bands, decks = [], []
    for part in re.sub(r"^plan \w+ = ", "", text).split(";"):
        found = re.fullmatch(r"(workday|weekend|daily)(?: (\d\d:\d\d)-(\d\d:\d\d))? (\w+)(?: \((.*)\))?", part.strip())
        if not found:
            raise Unreadable(f"no band: {part}")
        if found[5]:
            rates[found[4]] = _deck(found[5])
        start, end = clock(found[2] or "00:00"), clock(found[3] or "24:00")
        band = TimeBand(name=part.strip(), start=start, end=end if end > time.min else None, days=DAYS[found[1]])
        bands.append(band)
        decks.append(BandDeck(band=band.name, card=rates[found[4]]))
    return BandedCards(calendar=BandCalendar(bands=tuple(bands)), decks=tuple(decks))


def _deck(text: str) -> RateCard:
    """Read `connect fee 1, 1.00 per 1 s, increment 1 s`."""
    fee, _, rest = text.partition(", ")
    found = re.fullmatch(r"connect fee ([\d.]+)|no fee", fee)
    if not found:
        raise Unreadable(f"no fee: {text}")
    return card_of(rate_of(phrase(rest), fee=Decimal(found[1] or 0)))


@adapter("*", files=FILES)
def spans_of_intervals(given: Facts, _case: Case) -> Mapping[str, object]:
    """Cut a call where its interval changes, and where its plan does."""
    start, end = interval(given["call"])
    calendar = _calendar(list(given["intervals"]))
    changes = [instant(given["plan_change_at"], start.date())] if "plan_change_at" in given else []
    lengths = [
        length
        for span in calendar.split(start, _seconds(start, end))
        for length in split_at(span.start, span.seconds, changes)
    ]
    return _spans(lengths) | {"time_spans": len(lengths)}


def _calendar(texts: Sequence[str]) -> BandCalendar:
    """Read the starts of bands, such as `workday 18:00`; each lasts to the next one of its days."""
    starts: dict[str, list[time]] = {}
    for text in texts:
        days, _, start = text.partition(" ")
        starts.setdefault(days, []).append(clock(start))
    bands = []
    for days, times in starts.items():
        ends = [*sorted(times)[1:], None]
        bands += [
            TimeBand(name=f"{days} {first}", start=first, end=end, days=DAYS[days])
            for first, end in zip(sorted(times), ends, strict=True)
        ]
    return BandCalendar(bands=tuple(bands))


def _spans(lengths: Sequence[int]) -> dict[str, object]:
    return {
        "spans_s": list(lengths),
        "spans_min": [figure(Fraction(length, 60)) for length in lengths],
        "spans_h": [figure(Fraction(length, 3600)) for length in lengths],
    }


@adapter("*", files=FILES)
def spans_at_an_edge(given: Facts, _case: Case) -> Mapping[str, object]:
    """Cut a call where an interval starts or ends."""
    start, end = interval(given["call"])
    edges = [instant(given[name], start.date()) for name in ("interval_start", "interval_end") if name in given]
    if not edges:
        raise Unreadable("no edge is given")
    return _spans(split_at(start, _seconds(start, end), edges))


@adapter("*", files=FILES)
def spans_of_weekdays(given: Facts, _case: Case) -> Mapping[str, object]:
    """Cut a call where the weekdays of an interval begin or end."""
    start, end = interval(given["call"])
    first, _, last = given["interval"].lower().partition("-")
    if first not in WEEKDAYS or last not in WEEKDAYS:
        raise Unreadable(given["interval"])
    inside = frozenset(range(WEEKDAYS.index(first), WEEKDAYS.index(last) + 1))
    bands = (TimeBand(name="inside", days=inside), TimeBand(name="outside", days=EVERY_DAY - inside))
    spans: tuple[BandSpan, ...] = BandCalendar(bands=bands).split(start, _seconds(start, end))
    return _spans([span.seconds for span in spans])


@adapter("*", files=FILES)
def data_by_its_start(given: Facts, _case: Case) -> Mapping[str, object]:
    """Price data or messages at the band in which they start."""
    starts = {clock("00:00"): "", **{_hour(name): name for name in given if name.startswith("rate_after_")}}
    before = next((name for name in given if name.startswith("rate_before_")), None)
    if before is None or len(starts) < 2:
        raise Unreadable("no prices before and after an hour are given")
    starts[clock("00:00")] = before
    ordered = sorted(starts)
    bands = [
        TimeBand(name=starts[first], start=first, end=end)
        for first, end in zip(ordered, [*ordered[1:], None], strict=True)
    ]
    decks = tuple(BandDeck(band=band.name, card=card_of(rate_of(phrase(given[band.name])))) for band in bands)
    cards = BandedCards(calendar=BandCalendar(bands=tuple(bands)), decks=decks, split=Split.BY_START)
    at = datetime.combine(date(2020, 1, 1), clock(given["start"]), UTC)
    session = Session(number="", start=at, seconds=whole(given["units"]))
    return {"cost": figure(rate_session(cards, session, decimals=EXACTLY).amount.amount)}


def _hour(name: str) -> time:
    return clock(":".join(name.split("_")[-2:]))


@adapter("proration", files=FILES)
def prorated(given: Facts, _case: Case) -> Mapping[str, object]:
    """Return the part of their months that days make; the last day that is named belongs to them."""
    basis = Basis.THIRTY if re.search(r"30", given.get("basis", "")) else Basis.DAYS
    if "period" in given:
        period = Period(*_ends(*given["period"].split("..")))
        start = max(date.fromisoformat(given["from"]), period.start)
        used, cycle = Period(start, period.end), MONTH.containing(start.replace(day=1), start)
        inside = all(day in period for day in _events(given))
        part = prorate(used, cycle=cycle, basis=basis)
        return {"factor": part.fraction if inside else 0, "days": part.used if inside else 0}
    period = Period(*_ends(given["from"], given["to"]))
    if not all(day in period for day in _events(given)):
        return {"factor": 0, "days": 0, "months": 0}
    parts = [
        (cycle, prorate(cycle.clip(period.start, period.end) or cycle, cycle=cycle, basis=basis))
        for cycle in MONTH.periods(period.start, period.start, period.end)
    ]
    return {
        "factor": sum((part.fraction for _, part in parts), Fraction(0)),
        "months": len([part for _, part in parts if part.is_whole]),
        "days": sum(part.used for _, part in parts if not part.is_whole),
    }


def _ends(first: str, last: str) -> tuple[date, date]:
    return date.fromisoformat(first.strip()), date.fromisoformat(last.strip()) + ONE_DAY


def _events(given: Facts) -> Iterator[date]:
    for text in given["event"].split(" or ") if "event" in given else ():
        yield date.fromisoformat(text.strip())
