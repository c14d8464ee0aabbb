"""Phases of a plan: trial, discount, fixed term, evergreen, one after the other from its start."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from billhook.core.agreement import AgreedLine, Alignment, ChargeKind, Timing
from billhook.core.cadence import Cadence
from billhook.core.errors import Refusal
from billhook.core.period import Period
from billhook.core.price import PriceModel

WITHOUT_END = date.max


class PhaseError(Refusal):
    """Phases without a first one, or one behind a phase without end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A stretch of a plan: how long it lasts, and what it costs.

    Args:
        name: such as trial or evergreen.
        length: how long it lasts, as so many units; None without end.
        price: of a period of its cadence; None where it costs nothing.
        cadence: how often it is billed; None where it is billed once, at its start.
        timing: when a period is billed.
    """

    name: str
    length: Cadence | None = None
    price: PriceModel | None = None
    cadence: Cadence | None = None
    timing: Timing = Timing.IN_ADVANCE


@dataclass(frozen=True, slots=True)
class PlacedPhase:
    """A phase and its days."""

    phase: Phase
    period: Period


def place(phases: Sequence[Phase], start: date) -> tuple[PlacedPhase, ...]:
    """Return the phases one after the other from a start; the last may be without end.

    Raises:
        PhaseError: there is none, or one without end is not the last.
    """
    if not phases:
        raise PhaseError("The plan has no phases; give at least one.")
    if any(earlier.length is None for earlier, _ in pairwise(phases)):
        raise PhaseError("A phase follows one without end; only the last phase may have none.")
    placed, begin = [], start
    for phase in phases:
        end = WITHOUT_END if phase.length is None else phase.length.nth(begin, 1)
        placed.append(PlacedPhase(phase, Period(begin, end)))
        begin = end
    return tuple(placed)


def from_day(placed: Sequence[PlacedPhase], day: date) -> tuple[PlacedPhase, ...]:
    """Return the rest of placed phases from a day on, as after a change of plan, which restarts none of them."""
    clipped = [(item.phase, item.period.clip(day, None)) for item in placed]
    return tuple(PlacedPhase(phase, period) for phase, period in clipped if period)


def lines_of(placed: Sequence[PlacedPhase], line: AgreedLine) -> tuple[AgreedLine, ...]:
    """Return a version of a line for each phase that costs something, clipped at the end of the phase.

    A line with an anchor of its own restarts it with each phase; one aligned to its customer keeps the cycle.

    Args:
        placed: the phases with their days.
        line: everything that the phases do not say; its key is that of the order line.
    """
    return tuple(_version(item, line) for item in placed if item.phase.price is not None)


def _version(item: PlacedPhase, line: AgreedLine) -> AgreedLine:
    phase, period = item.phase, item.period
    until = [day for day in (line.active_until, None if period.end == WITHOUT_END else period.end) if day is not None]
    anchor = period.start if line.alignment is Alignment.PLAN else None
    return AgreedLine(
        key=f"{line.key}/{phase.name}",
        order_line=line.key,
        description=line.description,
        kind=ChargeKind.ONE_TIME if phase.cadence is None else ChargeKind.RECURRING,
        timing=phase.timing,
        cadence=phase.cadence,
        quantity=line.quantity,
        unit=line.unit,
        price=phase.price,
        active_from=period.start,
        active_until=min(until, default=None),
        basis=line.basis,
        alignment=line.alignment,
        anchor=line.anchor or anchor,
        tax_category=line.tax_category,
        product=line.product,
        revenue_account=line.revenue_account,
        position=line.position,
    )
