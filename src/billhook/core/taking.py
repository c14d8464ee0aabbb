"""Taking: the usage that a bill takes of each line, by service period; the rest waits until its period is closed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from billhook.core.agreement import AgreedLine, Agreement, ChargeKind
from billhook.core.calendar import local_date
from billhook.core.period import Period
from billhook.core.schedule import Due, service_period
from billhook.core.usage import UsageCharge, UsageError, UsageEvent, in_time


class Taking(NamedTuple):
    """The usage of one line in one service period that a bill takes."""

    line: AgreedLine
    period: Period
    items: Sequence[UsageCharge]

    @property
    def events(self) -> list[UsageEvent]:
        """Return its events in the order of time."""
        return in_time(event for item in self.items for event in item.events)


def usage_by_line(agreement: Agreement, usage: Sequence[UsageCharge]) -> Mapping[str, list[UsageCharge]]:
    """Return the usage of each line; no reference or event occurs twice for the same days of a line.

    Raises:
        UsageError: usage that no line takes, that is passed twice, or events on other days than those of their usage.
    """
    lines: dict[str, list[UsageCharge]] = {line.key: [] for line in agreement.lines if line.kind is ChargeKind.USAGE}
    seen: set[tuple[str, Period, str]] = set()
    for item in usage:
        if item.line not in lines:
            raise UsageError(f"Usage names the line {item.line}, which {agreement.customer} does not have; guide it.")
        references = {(item.line, item.period, reference) for reference in item.charges}
        if seen & references:
            raise UsageError(f"{item.line}: usage of {item.period} is passed twice; pass each charge once.")
        seen |= references
        lines[item.line].append(item)
    for items in lines.values():
        _refuse_events(items, agreement.zone)
    return lines


def _refuse_events(items: Iterable[UsageCharge], zone: str) -> None:
    """Refuse an event that is passed twice, or that happened on other days than it is passed for."""
    keys: set[str] = set()
    for item in items:
        for event in item.events:
            if event.key in keys:
                raise UsageError(f"{item.line}: the event {event.key} is passed twice; pass each event once.")
            if local_date(event.at, zone) not in item.period:
                raise UsageError(
                    f"{item.line}: the event {event.key} at {event.at} lies outside of {item.period}; re-guide it."
                )
            keys.add(event.key)


def takings(line: AgreedLine, agreement: Agreement, used: Iterable[UsageCharge], due: Sequence[Due]) -> list[Taking]:
    """Return the usage of each closed service period of a line; late usage in its own period.

    Raises:
        UsageError: usage that lies in no one service period.
    """
    closed = due[-1].service.end if due else line.billed_through
    by_period: dict[Period, list[UsageCharge]] = defaultdict(list)
    for item in used:
        period = service_period(line, agreement.cycle, item.period.start)
        if period is None or not period.covers(item.period):
            raise UsageError(f"{line.key} has usage of {item.period}, in no one service period; re-rate or split it.")
        by_period[period].append(item)
    return [
        Taking(line, period, items)
        for period, items in by_period.items()
        if closed is not None and period.end <= closed
    ]


def closed_until(agreement: Agreement, due: Mapping[str, Sequence[Due]], as_of: date) -> date:
    """Return the day before which no usage of an agreement is open after a bill."""
    closed = as_of
    for line in agreement.lines:
        if line.kind is ChargeKind.USAGE and len(due[line.key]) == agreement.max_periods:
            closed = min(closed, due[line.key][-1].service.end)
    return closed
