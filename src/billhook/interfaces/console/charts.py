"""The geometry of the console's charts: points and boxes as text, for templates to draw as SVG.

Coordinates are computed with exact decimals and handed over as text with one decimal, so that no locale can put a
comma into them. A template draws each chart together with a table of its numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from billhook.core.rounding import Rounding, to_places
from billhook.interfaces.console.components import Hue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from billhook.interfaces.console.components import Table, Value

_STEPS = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))
_THOUSAND = Decimal(1000)
_LARGEST_SHORT = ((Decimal(10) ** 9, "bn"), (Decimal(10) ** 6, "m"), (_THOUSAND, "k"))


@dataclass(frozen=True, slots=True)
class Tick:
    """A grid line and its label."""

    at: str
    label: str


@dataclass(frozen=True, slots=True)
class Box:
    """A bar or a segment."""

    x: str
    y: str
    width: str
    height: str
    hue: Hue


@dataclass(frozen=True, slots=True)
class Spark:
    """A small line without axes, and the area under it."""

    width: int
    height: int
    line: str
    area: str
    hue: Hue = Hue.INDIGO


@dataclass(frozen=True, slots=True)
class Legend:
    """A series' name and colour."""

    label: str
    hue: Hue


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with axes, ready to be drawn; ``table`` says the same in numbers, with links."""

    title: str
    width: int
    height: int
    left: str
    right: str
    bottom: str
    baseline: str
    y_ticks: tuple[Tick, ...]
    x_ticks: tuple[Tick, ...]
    table: Table
    boxes: tuple[Box, ...] = ()
    line: str = ""
    area: str = ""
    right_ticks: tuple[Tick, ...] = ()
    legend: tuple[Legend, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """One part of a whole: its segment of the bar, its value and its share in words."""

    label: str
    value: Value
    percent: str
    box: Box
    href: str = ""


@dataclass(frozen=True, slots=True)
class ShareBar:
    """A whole cut into parts, as one bar of 1000 units of width."""

    title: str
    total: Value
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """A named row of values, one a label of the x axis."""

    label: str
    values: tuple[Decimal, ...]
    hue: Hue


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a whole before it is drawn; ``weight`` is its size, ``value`` what is shown for it."""

    label: str
    weight: Decimal
    value: Value
    hue: Hue
    href: str = ""


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps values to pixels downwards: ``high`` lies at ``top``, ``low`` at ``bottom``."""

    low: Decimal
    high: Decimal
    top: Decimal
    bottom: Decimal

    def y(self, value: Decimal) -> Decimal:
        """Return the pixel row of a value."""
        return self.bottom - (value - self.low) / (self.high - self.low) * (self.bottom - self.top)

    def ticks(self, step: Decimal) -> tuple[Tick, ...]:
        """Return a tick at every multiple of ``step`` from low to high, both ends included."""
        count = int((self.high - self.low) / step)
        values = [self.low + step * index for index in range(count + 1)]
        return tuple(Tick(px(self.y(value)), short(value)) for value in values)


@dataclass(frozen=True, slots=True)
class Frame:
    """The size of a chart and the margins that its axes' labels need, in pixels."""

    width: int
    height: int
    left: int = 48
    right: int = 8
    top: int = 12
    bottom: int = 28

    @property
    def plot_width(self) -> Decimal:
        """Return the width between the axes."""
        return Decimal(self.width - self.left - self.right)

    def scale(self, low: Decimal, high: Decimal) -> Scale:
        """Return the scale that spreads low to high over the height between the margins."""
        return Scale(low, high, Decimal(self.top), Decimal(self.height - self.bottom))


def px(value: Decimal) -> str:
    """Return a coordinate as text with one decimal and a point."""
    return f"{value:.1f}"


def extent(start: Decimal, end: Decimal) -> str:
    """Return a width or height as the difference of two written coordinates, so that neighbours meet exactly."""
    return px(Decimal(px(end)) - Decimal(px(start)))


def short(value: Decimal) -> str:
    """Return an axis label: ``15k``, ``-2.5m``, ``0``."""
    for unit, suffix in _LARGEST_SHORT:
        if abs(value) >= unit:
            return f"{(value / unit).normalize():f}{suffix}"
    return f"{value.normalize():f}"


def nice_step(span: Decimal, parts: int = 4) -> Decimal:
    """Return the least of 1, 2, 2.5, 5, 10 times a power of ten that covers ``span`` in ``parts`` steps."""
    if span <= 0:
        return Decimal(1)
    power = Decimal(10) ** (span / parts).adjusted()
    return next(step * power for step in _STEPS if step * power * parts >= span)


def nice_bounds(low: Decimal, high: Decimal) -> tuple[Decimal, Decimal, Decimal]:
    """Return the axis' low end, high end and step: multiples of the step that enclose the values."""
    step = nice_step(high - low)
    bottom = to_places(low / step, 0, Rounding.FLOOR) * step
    top = to_places(high / step, 0, Rounding.CEILING) * step
    return bottom, (top if top > bottom else bottom + step), step


def spark(values: Sequence[Decimal], *, hue: Hue = Hue.INDIGO, width: int = 240, height: int = 36) -> Spark | None:
    """Return the small line of a figure's history, or None where fewer than two values are known."""
    if len(values) < 2:  # noqa: PLR2004 (a line needs two points)
        return None
    low, high = min(values), max(values)
    scale = Scale(low, high if high > low else low + 1, Decimal(2), Decimal(height - 2))
    points = _points(_spread(len(values), Decimal(0), Decimal(width)), values, scale)
    return Spark(width, height, points, f"0,{height} {points} {width},{height}", hue)


def area(title: str, labels: Sequence[str], values: Sequence[Decimal], *, table: Table) -> Chart | None:
    """Return one series over time as a line with the area under it, or None for fewer than two values."""
    if len(values) < 2:  # noqa: PLR2004 (a line needs two points)
        return None
    frame = Frame(720, 240, right=24)
    low, high, step = nice_bounds(min(Decimal(0), *values), max(Decimal(0), *values))
    scale = frame.scale(low, high)
    columns = _spread(len(values), Decimal(frame.left), Decimal(frame.width - frame.right))
    line, base = _points(columns, values, scale), px(scale.y(Decimal(0)))
    return Chart(
        title=title,
        width=frame.width,
        height=frame.height,
        left=str(frame.left),
        right=str(frame.width - frame.right),
        bottom=str(frame.height - 8),
        baseline=base,
        y_ticks=scale.ticks(step),
        x_ticks=_thinned(columns, labels),
        table=table,
        line=line,
        area=f"{px(columns[0])},{base} {line} {px(columns[-1])},{base}",
    )


def movement(
    title: str, labels: Sequence[str], series: Sequence[Series], total: Series | None = None, *, table: Table
) -> Chart | None:
    """Return columns stacked up for what was won and down for what was lost, with the total as a line.

    Args:
        title: what the chart shows.
        labels: one a column, usually months.
        series: each with one value a column; negative values are stacked downwards.
        total: drawn as a line on an axis of its own at the right.
        table: the same in numbers, with links to what makes them.
    """
    if not labels:
        return None
    frame = Frame(720, 360, right=56 if total else 8)
    heights = [_stack(series, index) for index in range(len(labels))]
    low, high, step = nice_bounds(min(low for low, _ in heights), max(high for _, high in heights))
    scale = frame.scale(low, high)
    slot = frame.plot_width / len(labels)
    middles = [frame.left + slot * index + slot / 2 for index in range(len(labels))]
    boxes = [box for index, middle in enumerate(middles) for box in _column(series, index, middle, slot, scale)]
    line, right_ticks = _total_line(total, middles, frame)
    return Chart(
        title=title,
        width=frame.width,
        height=frame.height,
        left=str(frame.left),
        right=str(frame.width - frame.right),
        bottom=str(frame.height - 8),
        baseline=px(scale.y(Decimal(0))),
        y_ticks=scale.ticks(step),
        x_ticks=_thinned(middles, labels),
        table=table,
        boxes=tuple(boxes),
        line=line,
        right_ticks=right_ticks,
        legend=tuple(Legend(row.label, row.hue) for row in (*series, *((total,) if total else ()))),
    )


def shares(title: str, total: Value, parts: Sequence[Part]) -> ShareBar:
    """Return a whole cut into its parts; the segments meet exactly and fill the bar to its end."""
    whole = sum((part.weight for part in parts), Decimal(0))
    edges = [Decimal(0)]
    for part in parts:
        edges.append(edges[-1] + (part.weight / whole * 1000 if whole else Decimal(0)))
    return ShareBar(
        title,
        total,
        tuple(
            Share(
                part.label,
                part.value,
                f"{to_places(part.weight * 100 / whole, 1)} %" if whole else "0.0 %",
                Box(px(start), "0", extent(start, end), "12", part.hue),
                part.href,
            )
            for part, (start, end) in zip(parts, pairwise(edges), strict=True)
        ),
    )


def funnel(title: str, parts: Sequence[Part]) -> ShareBar:
    """Return steps that each hold a part of the largest one, as bars from a common start."""
    largest = max((part.weight for part in parts), default=Decimal(0))
    return ShareBar(
        title,
        "",
        tuple(
            Share(
                part.label,
                part.value,
                "",
                Box(
                    "0",
                    "0",
                    px(max(part.weight / largest * 1000, Decimal(8)) if part.weight else Decimal(0)),
                    "12",
                    part.hue,
                ),
                part.href,
            )
            for part in parts
        ),
    )


def _spread(count: int, start: Decimal, end: Decimal) -> list[Decimal]:
    return [start + (end - start) * index / (count - 1) for index in range(count)]


def _points(columns: Sequence[Decimal], values: Sequence[Decimal], scale: Scale) -> str:
    return " ".join(f"{px(x)},{px(scale.y(value))}" for x, value in zip(columns, values, strict=True))


def _thinned(columns: Sequence[Decimal], labels: Sequence[str], most: int = 9) -> tuple[Tick, ...]:
    every = -(-len(labels) // most)
    return tuple(Tick(px(x), label) for x, label in list(zip(columns, labels, strict=True))[::every])


def _stack(series: Sequence[Series], index: int) -> tuple[Decimal, Decimal]:
    values = [row.values[index] for row in series]
    return sum((min(v, Decimal(0)) for v in values), Decimal(0)), sum((max(v, Decimal(0)) for v in values), Decimal(0))


def _column(series: Sequence[Series], index: int, middle: Decimal, slot: Decimal, scale: Scale) -> list[Box]:
    width, up, down, boxes = slot * Decimal("0.56"), Decimal(0), Decimal(0), []
    for row in series:
        value = row.values[index]
        start = up if value > 0 else down
        top, bottom = sorted((scale.y(start), scale.y(start + value)))
        boxes.append(Box(px(middle - width / 2), px(top), px(width), extent(top, bottom), row.hue))
        up, down = (up + value, down) if value > 0 else (up, down + value)
    return boxes


def _total_line(total: Series | None, middles: Sequence[Decimal], frame: Frame) -> tuple[str, tuple[Tick, ...]]:
    if total is None:
        return "", ()
    low, high, step = nice_bounds(min(total.values), max(total.values))
    scale = frame.scale(low, high)
    return _points(middles, total.values, scale), scale.ticks(step)
