"""The schedule of a line: which of its service periods a bill covers."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice

from billhook.core.agreement import AgreedLine, Agreement, AgreementError, Alignment, ChargeKind, Cycle, Timing
from billhook.core.cadence import Cadence
from billhook.core.period import ONE_DAY, Period


@dataclass(frozen=True, slots=True)
class Due:
    """A service period that is billed, and the whole cycle in which it lies."""

    service: Period
    cycle: Period


def due_periods(line: AgreedLine, agreement: Agreement, as_of: date) -> list[Due]:
    """Return the service periods of a line that a bill covers, oldest first.

    In advance: every one that starts before the customer's next bill date after this bill. In arrears: every one
    that ended on or before the bill date. A one-time charge: its day, once, from then on. Nothing before the order
    starts.
    """
    if (line.order_start or line.active_from) > as_of or line.active_until == line.active_from:
        return []
    if not line.kind.recurs:
        return _once(line, as_of)
    unbilled = _unbilled(line, agreement.cycle, as_of)
    return list(islice(unbilled, agreement.max_periods))


def service_period(line: AgreedLine, cycle: Cycle, day: date) -> Period | None:
    """Return the service period of a line that contains a day, or None where the line is not active then."""
    whole = _cadence(line).containing(anchor_of(line, cycle), day)
    service = whole.clip(line.active_from, line.active_until)
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
            yield Due(service, whole)


def _once(line: AgreedLine, as_of: date) -> list[Due]:
    day = Period(line.active_from, line.active_from + ONE_DAY)
    return [Due(day, day)] if line.billed_through is None and line.active_from <= as_of else []


def _cadence(line: AgreedLine) -> Cadence:
    if line.cadence is None:
        kind = ChargeKind(line.kind).value
        raise AgreementError(f"{line.key} ({kind}) has no cadence, so it has no periods; give one such as every month.")
    return line.cadence
