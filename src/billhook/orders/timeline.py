"""What holds for an order line on which days: what was agreed, with the steps of all its changes, as stretches of time.

The steps of changes are data, so that taking one back is leaving it out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from billhook.core.phases import WITHOUT_END


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a line costs: how many, at a published price version or at a price of its own, as canonical JSON."""

    quantity: Decimal
    price_id: int | None = None
    own_price: str = ""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days, from `start` up to, not including, `end`, on which the same terms hold."""

    start: date
    end: date
    terms: Terms


class Do(StrEnum):
    """What a step does from its day on."""

    SET = "set"
    """Sets quantity or price, until another step sets the same."""
    REST = "rest"
    """Stops charging, or charges a parking price instead."""
    RUN = "run"
    """Ends a rest."""
    END = "end"
    """Ends the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a change does to one line from a day on; of quantity and price, what is None stays."""

    on: date
    do: Do
    quantity: Decimal | None = None
    price_id: int | None = None
    own_price: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """A version of a line as it stands: its days, its terms, and up to which day it may be in force again.

    Days that a credit has given back are not billed again under the same version, which `until` says.
    """

    version: int
    start: date
    end: date
    until: date
    terms: Terms


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the versions of a line end from now on, by version, and the stretches for which others are opened."""

    ends: dict[int, date]
    opened: tuple[Stretch, ...]


def fold(base: Sequence[Stretch], steps: Iterable[Step]) -> list[Stretch]:
    """Return what holds from when to when, oldest first; days without terms are left out.

    Args:
        base: what was agreed with the line itself, without overlap.
        steps: of its changes, in the order in which those of one day were made.
    """
    ordered = sorted(steps, key=lambda step: step.on)
    days = {day for stretch in base for day in (stretch.start, stretch.end)} | {step.on for step in ordered}
    found: list[Stretch] = []
    for start, end in pairwise(sorted(days)):
        agreed = next((item.terms for item in base if item.start <= start < item.end), None)
        terms = None if agreed is None else _after(agreed, [step for step in ordered if step.on <= start])
        if terms is None:
            continue
        if found and found[-1].end == start and found[-1].terms == terms:
            found[-1] = replace(found[-1], end=end)
        else:
            found.append(Stretch(start, end, terms))
    return found


def _after(terms: Terms, steps: Sequence[Step]) -> Terms | None:
    """Return terms after some steps; None where nothing is charged."""
    resting: Step | None = None
    for step in steps:
        if step.do is Do.END:
            return None
        if step.do is Do.SET:
            terms = _with(terms, step)
        else:
            resting = step if step.do is Do.REST else None
    if resting is None:
        return terms
    return _with(terms, resting) if resting.price_id or resting.own_price else None


def _with(terms: Terms, step: Step) -> Terms:
    quantity = terms.quantity if step.quantity is None else step.quantity
    if step.price_id is None and not step.own_price:
        return replace(terms, quantity=quantity)
    return Terms(quantity=quantity, price_id=step.price_id, own_price=step.own_price)


def lay(laid: Sequence[Laid], wanted: Sequence[Stretch]) -> Plan:
    """Return how the versions of a line have to end, and which are to be opened, so that what is wanted holds.

    A version stays as long as its terms are wanted from its first day on; of others nothing stays. One that was ended
    may run on.
    """
    kept: list[tuple[Laid, Stretch]] = []
    for item in sorted(laid, key=lambda item: (item.start, item.version)):
        stretch = _at(wanted, item.start)
        if item.end > item.start and stretch is not None and stretch.terms == item.terms:
            kept.append((item, stretch))
    ends = {item.version: item.start for item in laid}
    taken: list[tuple[date, date]] = []
    for place, (item, stretch) in enumerate(kept):
        following = kept[place + 1][0].start if place + 1 < len(kept) else WITHOUT_END
        ends[item.version] = min(stretch.end, following, max(item.until, item.start))
        taken.append((item.start, ends[item.version]))
    opened = []
    for gap in (gap for stretch in wanted for gap in _gaps(stretch, taken)):
        again = _emptied(laid, gap)
        if again is None:
            opened.append(gap)
        else:
            ends[again.version] = gap.end
    return Plan(ends, tuple(opened))


def _at(stretches: Sequence[Stretch], day: date) -> Stretch | None:
    return next((item for item in stretches if item.start <= day < item.end), None)


def _gaps(stretch: Stretch, taken: Sequence[tuple[date, date]]) -> list[Stretch]:
    """Return the days of a stretch that no version has."""
    found, start = [], stretch.start
    for begin, end in taken:
        if start < begin < stretch.end:
            found.append(Stretch(start, begin, stretch.terms))
        if begin < stretch.end and end > start:
            start = max(start, min(end, stretch.end))
    if start < stretch.end:
        found.append(Stretch(start, stretch.end, stretch.terms))
    return found


def _emptied(laid: Sequence[Laid], gap: Stretch) -> Laid | None:
    """Return a version without days that begins where a gap does and may have all of it again."""
    for item in laid:
        if item.end == item.start == gap.start and item.terms == gap.terms and item.until >= gap.end:
            return item
    return None
