"""Meters: from the events of a period to the quantity that is priced."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from billhook.core import exact
from billhook.core.errors import Refusal
from billhook.core.percentile import percentile
from billhook.core.price.filtered import PropertyFilter
from billhook.core.proration import Proportion
from billhook.core.rounding import Rounding, to_places

QUANTITY_DECIMALS = 12


class MeterError(Refusal):
    """A meter without what it needs, an event without its property, or events outside of the period."""


class Aggregation(StrEnum):
    """How events become one quantity."""

    COUNT = "count"
    SUM = "sum"
    MAX = "max"
    MIN = "min"
    AVERAGE = "average"
    UNIQUE = "unique"
    """Different values of a property."""
    LATEST = "latest"
    WEIGHTED_SUM = "weighted_sum"
    """The running sum, weighted by the time for which it stood."""
    PERCENTILE = "percentile"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that was used, with its properties; figures are decimals."""

    key: str
    at: datetime
    properties: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRounding:
    """How a metered quantity is rounded before it is priced; decimals below zero round to tens and hundreds."""

    mode: Rounding = Rounding.HALF_UP
    places: int = 0

    def apply(self, quantity: Decimal | Fraction) -> Decimal:
        """Return a quantity rounded."""
        scaled = Fraction(quantity) * Fraction(10) ** min(self.places, 0)
        rounded = to_places(scaled, max(self.places, 0), self.mode)
        return exact.multiply(rounded, Decimal(10) ** max(-self.places, 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """What is counted of events.

    Args:
        aggregation: how.
        measures: the property that is added, compared or told apart; not needed to count.
        filters: events that do not pass all of them are left out.
        group_by: properties by which the quantity is kept apart.
        rounding: of the quantity; None for 12 decimals.
        percent: the rank of a percentile.
        recurring: whether the quantity at the end of a period is that at the start of the next.
    """

    aggregation: Aggregation
    measures: str = ""
    filters: tuple[PropertyFilter, ...] = ()
    group_by: tuple[str, ...] = ()
    rounding: UnitRounding | None = None
    percent: Decimal = Decimal(95)
    recurring: bool = False

    def __post_init__(self) -> None:
        """Refuse a missing property, a rank out of range, and carrying over what does not add up."""
        if not self.measures and self.aggregation is not Aggregation.COUNT:
            raise MeterError(f"The meter ({self.aggregation.value}) names no property; say what it measures.")
        if not 0 < exact.require(self.percent, "rank of the percentile") <= 100:  # noqa: PLR2004, a percentage
            raise MeterError(f"A percentile of {self.percent} does not exist; give above 0, at most 100.")
        if self.recurring and self.aggregation not in _CARRIES:
            raise MeterError(f"A meter ({self.aggregation.value}) cannot carry its value over; only sums can.")

    @property
    def adds_up(self) -> bool:
        """Return whether each event counts by itself, so that the parts of a period sum to the whole."""
        return self.aggregation in {Aggregation.COUNT, Aggregation.SUM}

    def passes(self, properties: Mapping[str, object]) -> bool:
        """Return whether an event with these properties is counted."""
        return all(item.passes(properties) for item in self.filters)

    def group_of(self, properties: Mapping[str, object]) -> tuple[str, ...]:
        """Return the group in which an event with these properties is counted."""
        return tuple(str(properties.get(name, "")) for name in self.group_by)

    def units_of(self, event: "Event") -> Decimal:
        """Return what one event adds to the quantity of a meter that adds up."""
        return exact.ONE if self.aggregation is Aggregation.COUNT else _figure(self, event)

    def rounded(self, quantity: Fraction) -> Decimal:
        """Return a quantity as it is priced."""
        rounding = self.rounding or UnitRounding(places=QUANTITY_DECIMALS)
        return Decimal(exact.plain(rounding.apply(quantity)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What a recurring meter brings from the period before: its sum, or the values that it told apart."""

    total: Decimal = exact.ZERO
    values: frozenset[str] = frozenset()


NOTHING_CARRIED = Carried()


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterState:
    """What the recurring meter of an order line brings to its next period, in one group of events."""

    line: str
    group: tuple[str, ...] = ()
    carried: Carried = NOTHING_CARRIED


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The quantity of a period: exact, and as it is priced."""

    exact: Fraction
    quantity: Decimal
    events: int
    carry: Carried = NOTHING_CARRIED


def measure(
    meter: Meter,
    events: Iterable[Event],
    *,
    start: datetime,
    end: datetime,
    carried: Mapping[tuple[str, ...], Carried] | None = None,
) -> dict[tuple[str, ...], Measured]:
    """Return the quantity of each group of events in a period, whatever the order in which they arrived.

    Args:
        meter: what is counted.
        events: of the period; each key counts once.
        start: first instant of the period.
        end: instant after the last.
        carried: by group, what a recurring meter brings.

    Raises:
        MeterError: an event lies outside of the period, or lacks the property that is measured.
    """
    groups: dict[tuple[str, ...], list[Event]] = defaultdict(list)
    for group in carried or ():
        groups[group] = []
    for event in _once(events):
        if not start <= event.at < end:
            raise MeterError(f"The event {event.key} at {event.at} lies outside of {start} to {end}; re-guide it.")
        if meter.passes(event.properties):
            groups[meter.group_of(event.properties)].append(event)
    if not groups and not meter.group_by:
        groups[()] = []
    brought = carried or {}
    return {
        group: _measured(_Window(meter, found, start, end, brought.get(group, NOTHING_CARRIED)))
        for group, found in sorted(groups.items())
    }


def _once(events: Iterable[Event]) -> list[Event]:
    by_key: dict[str, Event] = {}
    for event in events:
        by_key.setdefault(event.key, event)
    return sorted(by_key.values(), key=lambda event: (event.at, event.key))


@dataclass(frozen=True, slots=True)
class _Window:
    """The events of one group in a period, in the order of time."""

    meter: Meter
    events: Sequence[Event]
    start: datetime
    end: datetime
    carried: Carried

    @property
    def figures(self) -> list[Decimal]:
        """Return the figure of each event."""
        return [_figure(self.meter, event) for event in self.events]

    @property
    def total(self) -> Decimal:
        """Return the sum, with what was carried over."""
        return exact.add(self.carried.total, exact.total(self.figures))

    @property
    def values_seen(self) -> frozenset[str]:
        """Return the values that were in use at any time of the period."""
        return self.carried.values | {_value(self.meter, event) for event in self.events}

    @property
    def values_at_end(self) -> frozenset[str]:
        """Return the values in use at the end: an event whose `operation` is `remove` takes one out of use."""
        values = set(self.carried.values)
        for event in self.events:
            if event.properties.get("operation") == "remove":
                values.discard(_value(self.meter, event))
            else:
                values.add(_value(self.meter, event))
        return frozenset(values)


def _measured(window: _Window) -> Measured:
    meter = window.meter
    value = _AGGREGATIONS[meter.aggregation](window)
    return Measured(
        exact=value,
        quantity=meter.rounded(value),
        events=len(window.events),
        carry=_carry(window) if meter.recurring else NOTHING_CARRIED,
    )


def _carry(window: _Window) -> Carried:
    if window.meter.aggregation is Aggregation.UNIQUE:
        return Carried(values=window.values_at_end)
    return Carried(total=window.total)


def _figure(meter: Meter, event: Event) -> Decimal:
    value = event.properties.get(meter.measures)
    if not isinstance(value, Decimal):
        raise MeterError(f"The event {event.key} has no figure {meter.measures}; add it, as an exact decimal.")
    return exact.require(value, meter.measures)


def _value(meter: Meter, event: Event) -> str:
    if meter.measures not in event.properties:
        raise MeterError(f"The event {event.key} has no property {meter.measures}; add it.")
    return str(event.properties[meter.measures])


def _weighted(window: _Window) -> Fraction:
    """Return the running sum weighted by the seconds for which it stood, over the seconds of the period."""
    total, area, since = Fraction(window.carried.total), Fraction(0), window.start
    for event in window.events:
        area += total * _seconds(since, event.at)
        total += Fraction(_figure(window.meter, event))
        since = event.at
    return (area + total * _seconds(since, window.end)) / _seconds(window.start, window.end)


def _seconds(start: datetime, end: datetime) -> Fraction:
    return Fraction((end - start) // timedelta(microseconds=1), 10**6)


def _average(figures: Sequence[Decimal]) -> Fraction:
    return Fraction(exact.total(figures)) / len(figures) if figures else Fraction(0)


_CARRIES = frozenset({Aggregation.SUM, Aggregation.UNIQUE, Aggregation.WEIGHTED_SUM})
_AGGREGATIONS: Mapping[Aggregation, Callable[[_Window], Fraction]] = {
    Aggregation.COUNT: lambda window: Fraction(len(window.events)),
    Aggregation.SUM: lambda window: Fraction(window.total),
    Aggregation.MAX: lambda window: Fraction(max(window.figures, default=0)),
    Aggregation.MIN: lambda window: Fraction(min(window.figures, default=0)),
    Aggregation.AVERAGE: lambda window: _average(window.figures),
    Aggregation.UNIQUE: lambda window: Fraction(len(window.values_seen)),
    Aggregation.LATEST: lambda window: Fraction(_figure(window.meter, window.events[-1]) if window.events else 0),
    Aggregation.WEIGHTED_SUM: _weighted,
    Aggregation.PERCENTILE: lambda window: Fraction(percentile(window.figures, window.meter.percent)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """Units that were in use for a part of the cycle."""

    units: Decimal
    part: Proportion


def prorated_quantity(stays: Iterable[Stay]) -> Fraction:
    """Return the quantity of units that each count for the part of the cycle in which they were in use."""
    return sum((Fraction(stay.units) * stay.part.fraction for stay in stays), Fraction(0))
