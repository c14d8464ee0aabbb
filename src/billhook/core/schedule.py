"""The schedule of a line: which of its service periods a bill covers."""

from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import NamedTuple

from billhook.core.agreement import (
    AgreedLine,
    Agreement,
    AgreementError,
    Alignment,
    BeforeStart,
    ChargeKind,
    Cycle,
    Timing,
)
from billhook.core.cadence import Cadence
from billhook.core.period import ONE_DAY, Period


class Due(NamedTuple):
    """A service period that is billed, the whole cycle in which it lies, and its days that are charged."""

    service: Period
    cycle: Period
    charged: tuple[Period, ...]


def due_periods(line: AgreedLine, agreement: Agreement, as_of: date) -> list[Due]:
    """Return the service periods of a line that a bill covers, oldest first.

    In advance: every one that starts before the customer's next bill date after this bill. In arrears: every one
    that ended on or before the bill date. A one-time charge: its day, once, from then on. Before the order starts,
    nothing, or what the agreement says.
    """
    day = _bill_date(line, agreement, as_of)
    if day is None or line.active_until == line.active_from:
        return []
    if not line.kind.recurs:
        return _once(line, day)
    unbilled = _unbilled(line, agreement.cycle, day)
    return list(unbilled if agreement.max_periods is None else islice(unbilled, agreement.max_periods))


def _bill_date(line: AgreedLine, agreement: Agreement, as_of: date) -> date | None:
    """Return the day by which a line is billed, or None where it starts later and is not."""
    start = line.order_start or line.active_from
    if start <= as_of:
        return as_of
    if agreement.before_start is BeforeStart.FIRST_PERIOD:
        return start
    waits = agreement.before_start is BeforeStart.NOTHING or not line.kind.recurs
    return None if waits else as_of


def whole_period(line: AgreedLine, cycle: Cycle, day: date) -> Period:
    """Return the whole period of a line's cadence that contains a day, whether or not the line is active then."""
    return _cadence(line).containing(anchor_of(line, cycle), day)


def service_period(line: AgreedLine, cycle: Cycle, day: date) -> Period | None:
    """Return the service period of a line that contains a day, or None where the line is not active then."""
    service = whole_period(line, cycle, day).clip(line.active_from, line.active_until)
    return service if service and day in service else None


def anchor_of(line: AgreedLine, cycle: Cycle) -> date:
    """Return the date from which a line's periods count.

    `customer` needs the kind of unit of the customer's cycle (days, weeks, or months and years); else the line is on
    its own.
    """
    if line.alignment is Alignment.PLAN and line.anchor is not None:
        return line.anchor
    if line.alignment is Alignment.CUSTOMER and _cadence(line).same_family(cycle.cadence):
        return cycle.anchor
    return line.order_start or line.active_from


def _unbilled(line: AgreedLine, cycle: Cycle, as_of: date) -> Iterator[Due]:
    start = max(line.active_from, line.billed_through or line.active_from)
    in_advance = line.timing is Timing.IN_ADVANCE
    until = cycle.following(as_of) if in_advance else as_of
    for whole in _cadence(line).periods(anchor_of(line, cycle), start, until):
        service = whole.clip(start, line.active_until)
        if service and (in_advance or service.end <= as_of):
            yield Due(service, whole, service.subtract(line.suspended) if line.suspended else (service,))


def _once(line: AgreedLine, as_of: date) -> list[Due]:
    day = Period(line.active_from, line.active_from + ONE_DAY)
    return [Due(day, day, (day,))] if line.billed_through is None and line.active_from <= as_of else []


def _cadence(line: AgreedLine) -> Cadence:
    if line.cadence is None:
        kind = ChargeKind(line.kind).value
        raise AgreementError(f"{line.key} ({kind}) has no cadence, so it has no periods; give one such as every month.")
    return line.cadence
