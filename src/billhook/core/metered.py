"""Metered usage: the quantity that a line's meter makes of the events of a service period, and what it costs."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from billhook.core import exact
from billhook.core.calendar import day_start
from billhook.core.covering import Coverage, metered_event
from billhook.core.meters import Measured, Meter, MeterState, measure
from billhook.core.price import PriceModel
from billhook.core.taking import Taking
from billhook.core.usage import UsageError, UsageEvent
from billhook.core.used import Used, on_top, references_of

Group = tuple[str, ...]


class _Counter(NamedTuple):
    """The meter of a line in one service period, and the price of what it counts."""

    taking: Taking
    meter: Meter
    price: PriceModel
    zone: str

    def measured(self, events: Sequence[UsageEvent], states: Sequence[MeterState]) -> Mapping[Group, Measured]:
        """Return what it makes of events, by group."""
        period = self.taking.period
        return measure(
            self.meter,
            [metered_event(event) for event in events],
            start=day_start(period.start, self.zone),
            end=day_start(period.end, self.zone),
            carried={state.group: state.carried for state in states},
        )


class _Billed(NamedTuple):
    """What was billed of a group before, exact, and how much of it allowances covered."""

    total: Fraction
    covered: Fraction


class Metered(NamedTuple):
    """What a meter makes of a service period: usage by group, and what it brings to the next period."""

    groups: tuple[Used, ...]
    states: tuple[MeterState, ...]


def metered(
    taking: Taking, price: PriceModel, coverage: Coverage, *, zone: str, states: Sequence[MeterState] = ()
) -> Metered:
    """Return the usage of a service period that a meter turns into quantities, one for each group of events.

    Args:
        taking: of a line with a meter; without items where the meter only brings a value.
        price: of the line in this period.
        coverage: of the events.
        zone: whose midnights begin and end the period.
        states: what a recurring meter brings.

    Raises:
        UsageError: usage as a sum, or late usage without the events billed before that its meter needs.
        MeterError: an event lacks the property that is measured.
    """
    meter = taking.line.meter
    if meter is None or not all(item.events for item in taking.items):
        raise UsageError(f"{taking.line.key} has usage of {taking.period} as a sum, but a meter; pass the events.")
    counter = _Counter(taking, meter, price, zone)
    billed, earlier = _billed_before(counter)
    found = counter.measured([*earlier, *taking.events], states)
    totals = {
        group: value.exact + (billed[group].total if group in billed and not earlier else 0)
        for group, value in found.items()
    }
    groups = tuple(_groups(counter, coverage, totals, billed))
    if not meter.recurring:
        return Metered(groups, ())
    return Metered(
        groups,
        tuple(MeterState(line=taking.line.group, group=group, carried=item.carry) for group, item in found.items()),
    )


def _billed_before(counter: _Counter) -> tuple[Mapping[Group, _Billed], Sequence[UsageEvent]]:
    """Return what was billed of the period before, by group, and its events where the meter needs them again."""
    line, period, meter = counter.taking.line, counter.taking.period, counter.meter
    before = [item for item in line.billed_usage if item.period == period]
    events = [event for item in before for event in item.events]
    covered, sums = defaultdict[Group, Fraction](Fraction), defaultdict[Group, Fraction](Fraction)
    for item in before:
        covered[item.group] += Fraction(item.covered)
        sums[item.group] += Fraction(item.quantity)
    if meter.adds_up and meter.rounding is None:
        return {group: _Billed(total, covered[group]) for group, total in sums.items()}, ()
    if before and not events:
        raise UsageError(
            f"{line.key} has late usage of {period}, and its meter needs the events billed before; pass them with what "
            f"was billed."
        )
    counted = counter.measured(events, ()) if events else {}
    return {group: _Billed(item.exact, covered[group]) for group, item in counted.items()}, events


def _groups(
    counter: _Counter, coverage: Coverage, totals: Mapping[Group, Fraction], billed: Mapping[Group, _Billed]
) -> Iterator[Used]:
    """Yield the usage of each group that has events now, or a value that the meter brings."""
    line, meter, items = counter.taking.line, counter.meter, counter.taking.items
    for group, total in totals.items():
        events = [
            event
            for event in counter.taking.events
            if meter.passes(event.properties) and meter.group_of(event.properties) == group
        ]
        if not events and (not total or group in billed):
            continue
        before = billed.get(group)
        covered = sum((Fraction(coverage.units(line, event)) for event in events), Fraction(0))
        earlier = None
        if before is not None:
            covered += before.covered
            earlier = counter.price.price(meter.rounded(before.total - before.covered))
        amount, steps = on_top(counter.price.price(meter.rounded(total - covered)), earlier)
        keys = {event.key for event in events}
        yield Used(
            quantity=exact.subtract(meter.rounded(total), meter.rounded(before.total) if before else exact.ZERO),
            unit=line.unit,
            amount=amount,
            steps=(*coverage.steps(line, events), *steps),
            references=references_of(item for item in items if any(event.key in keys for event in item.events)),
            group=group,
        )


def group_words(meter: Meter | None, group: Group) -> str:
    """Return what an invoice says of a group of events, such as `region eu, size s`."""
    names = meter.group_by if meter else ()
    return ", ".join(f"{name} {value}" if value else f"no {name}" for name, value in zip(names, group, strict=True))
