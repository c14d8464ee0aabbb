"""Covering: what the allowances of an agreement cover of the usage that a bill takes, and what they have left."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

from billhook.core import exact
from billhook.core.agreement import AgreedLine, Agreement
from billhook.core.allowance import Allowance, Covered, Use, consume, roll_over
from billhook.core.calendar import day_start, local_date
from billhook.core.inclusion import Inclusion
from billhook.core.meters import Event
from billhook.core.period import Period
from billhook.core.price import PriceModel
from billhook.core.price.capacity import Capacity
from billhook.core.price.chain import Chain
from billhook.core.price.per_unit import PerUnit
from billhook.core.rounding import to_places
from billhook.core.taking import Taking
from billhook.core.usage import UsageError, UsageEvent
from billhook.core.usage_steps import Included


@dataclass(frozen=True, slots=True)
class Coverage:
    """What allowances cover of each event, by line and event, and what they have left."""

    found: Mapping[tuple[str, str], Covered] = field(default_factory=dict)
    left: tuple[Allowance, ...] = ()

    def units(self, line: AgreedLine, event: UsageEvent) -> Decimal:
        """Return how many units of an event are covered."""
        covered = self.found.get((line.key, event.key))
        return exact.ZERO if covered is None else covered.units

    def charged(self, line: AgreedLine, event: UsageEvent) -> UsageEvent | None:
        """Return the part of an event that is charged, with what it costs; None where all of it is covered."""
        covered = self.found.get((line.key, event.key))
        if covered is None or not covered.taken:
            return event
        if not covered.rest:
            return None
        amount = None if event.amount is None else _share(line, event, event.amount, covered.rest)
        return replace(event, quantity=covered.rest, amount=amount, fee=exact.ZERO)

    def steps(self, line: AgreedLine, events: Iterable[UsageEvent]) -> tuple[Included, ...]:
        """Return the step of each allowance that covers some of the events, in the order in which they were taken."""
        units: dict[str, Decimal] = {}
        for event in events:
            covered = self.found.get((line.key, event.key))
            for taken in covered.taken if covered else ():
                units[taken.allowance] = exact.add(units.get(taken.allowance, exact.ZERO), taken.units)
        return tuple(Included(allowance=key, units=covered) for key, covered in units.items())


NOTHING_COVERED = Coverage()


def cover(agreement: Agreement, takings: Sequence[Taking], closed: date) -> Coverage:
    """Consume the allowances over all usage of a bill in the order of time, and close the cycles that have ended.

    Args:
        agreement: with what is included, and what the last bill left.
        takings: the usage that the bill takes.
        closed: day before which no usage is open any more; cycles that end on or before it are rolled over.

    Raises:
        UsageError: usage that an allowance covers is passed as a sum.
        AllowanceError: an event uses less than nothing.
    """
    uses = {use.key: (taking.line.key, event.key, use) for taking in takings for event, use in _uses(taking)}
    last = max((local_date(use.at, agreement.zone) for _, _, use in uses.values()), default=None)
    pool = {item.key: item for item in (*agreement.allowances_left, *_fresh(agreement, last, closed))}
    _refuse_uncovered(takings, list(pool.values()), agreement.zone)
    waiting = sorted((use for _, _, use in uses.values()), key=lambda use: (use.at, use.key))
    found: dict[tuple[str, str], Covered] = {}
    for end in (*_ends(agreement, pool.values(), closed), None):
        until = len(waiting) if end is None else bisect_left(waiting, end, key=lambda use: use.at)
        consumption = consume(pool.values(), waiting[:until])
        waiting = waiting[until:]
        for covered in consumption.uses:
            line, event, _ = uses[covered.use.key]
            found[line, event] = covered
        left = consumption.left if end is None else _close(agreement, consumption.left, end)
        pool = {item.key: item for item in left}
    return Coverage(found, _kept(agreement, pool.values(), closed))


def _share(line: AgreedLine, event: UsageEvent, amount: Decimal, rest: Decimal) -> Decimal:
    """Return what a partly covered event costs: the share of the rest and the whole fee, rounded once."""
    part = Fraction(exact.subtract(amount, event.fee)) * Fraction(rest)
    charged = part / Fraction(event.quantity) + Fraction(event.fee)
    return to_places(charged, line.record_decimals, line.record_rounding)


def _uses(taking: Taking) -> Iterator[tuple[UsageEvent, Use]]:
    """Yield what allowances may cover of each event of a line; no peaks, and no quantities that do not add up."""
    line = taking.line
    if not _adds_up(line):
        return
    for event in taking.events:
        quantity = event.quantity
        if line.meter is not None:
            if not line.meter.passes(event.properties):
                continue
            quantity = line.meter.units_of(metered_event(event))
        unit_price = event.unit_price
        if unit_price is None and isinstance(line.price, PerUnit):
            unit_price = line.price.unit_price
        yield (
            event,
            Use(
                key=f"{event.key}\n{line.key}",
                at=event.at,
                quantity=quantity,
                product=line.product,
                increment=event.increment,
                unit_price=unit_price,
            ),
        )


def metered_event(event: UsageEvent) -> Event:
    """Return an event as a meter sees it; its quantity is a property too."""
    return Event(key=event.key, at=event.at, properties={"quantity": event.quantity, **event.properties})


def _adds_up(line: AgreedLine) -> bool:
    """Return whether the units of a line are the sum of those of its events."""
    return not _has_peaks(line.price) and (line.meter is None or line.meter.adds_up)


def _has_peaks(price: PriceModel | None) -> bool:
    return _has_peaks(price.first) if isinstance(price, Chain) else isinstance(price, Capacity)


def _fresh(agreement: Agreement, last: date | None, closed: date) -> Iterator[Allowance]:
    """Yield the allowance of each cycle that no bill has seen: those that have ended, and those of the usage."""
    for inclusion in agreement.allowances:
        seen = [item for item in agreement.allowances_left if item.source == inclusion.key and not item.cycles]
        ends = [local_date(item.valid_until, agreement.zone) for item in seen if item.valid_until]
        start = max(ends, default=inclusion.active_from)
        for whole, active in inclusion.cycles(agreement.cycle.cadence, agreement.cycle.anchor, start=start):
            if active.end > closed and (last is None or active.start > last):
                break
            yield inclusion.allowance(whole, active, _suspended(agreement, inclusion), zone=agreement.zone)


def _suspended(agreement: Agreement, inclusion: Inclusion) -> list[Period]:
    """Return the days on which the order line of an inclusion rests."""
    versions = [line for line in agreement.lines if inclusion.line and line.group == inclusion.line]
    return [days for line in versions for days in line.suspended]


def _refuse_uncovered(takings: Iterable[Taking], pool: Sequence[Allowance], zone: str) -> None:
    """Refuse usage on which an allowance would have to be consumed and cannot: sums, and what does not add up."""
    for taking in takings:
        line, adds_up = taking.line, _adds_up(taking.line)
        for item in taking.items:
            allowance = None if item.events and adds_up else _covering(pool, line, item.period, zone)
            if allowance is None:
                continue
            if adds_up:
                raise UsageError(
                    f"{line.key} has usage of {item.period} as a sum, but {allowance.key} covers it; pass the events."
                )
            if allowance.products:
                raise UsageError(
                    f"{line.key} has usage that does not add up, of which {allowance.key} can cover no units; take "
                    f"{line.product} out of it."
                )


def _covering(pool: Iterable[Allowance], line: AgreedLine, period: Period, zone: str) -> Allowance | None:
    """Return an allowance that may cover usage of a line in a period; one that names products first."""
    start, end = day_start(period.start, zone), day_start(period.end, zone)
    found = [
        item
        for item in pool
        if (item.left or not item.closed)
        and (not item.products or line.product in item.products)
        and item.overlaps(start, end)
    ]
    return min(found, key=lambda item: (not item.products, item.key), default=None)


def _ends(agreement: Agreement, pool: Iterable[Allowance], closed: date) -> list[datetime]:
    """Return the instants at which cycles end that this bill closes, in order."""
    known, until = {item.key for item in agreement.allowances}, day_start(closed, agreement.zone)
    open_until = (item.valid_until for item in pool if item.source in known and not item.closed)
    return sorted({end for end in open_until if end is not None and end <= until})


def _close(agreement: Agreement, left: Sequence[Allowance], end: datetime) -> list[Allowance]:
    """Return the allowances after the cycles that end at an instant: rolled over by their rule, the rest closed."""
    kept = {item.key: item for item in left}
    for inclusion in agreement.allowances:
        ended = [item for item in left if item.source == inclusion.key and item.valid_until == end and not item.closed]
        rolled = _rolled(agreement, inclusion, ended, end)
        for item in ended:
            lives_on = rolled.get(item.key)
            rest = item.left if lives_on is None else exact.subtract(item.left, lives_on.left)
            kept[item.key] = replace(item, left=rest, closed=True)
        kept |= {item.key: item for item in rolled.values()}
    return list(kept.values())


def _rolled(
    agreement: Agreement, inclusion: Inclusion, ended: Sequence[Allowance], end: datetime
) -> Mapping[str, Allowance]:
    """Return what lives on in the next cycle, by the key that it had.

    It still covers the days of its own cycle, so that late usage takes it too, and no unit is there twice.
    """
    if inclusion.roll_over is None or not ended:
        return {}
    day = local_date(end, agreement.zone)
    following = next(inclusion.cycles(agreement.cycle.cadence, agreement.cycle.anchor, start=day), None)
    if following is None:
        return {}
    until = day_start(following[1].end, agreement.zone)
    begun = {f"{item.key}+1": item for item in ended}
    rolled = roll_over(ended, inclusion.roll_over, valid_until=until)
    return {begun[item.key].key: replace(item, valid_from=begun[item.key].valid_from) for item in rolled}


def _kept(agreement: Agreement, pool: Iterable[Allowance], closed: date) -> tuple[Allowance, ...]:
    """Return what the next bill needs, by key: what is open, and closed cycles that late usage may still reach."""
    oldest = dict[str, datetime]()
    for inclusion in agreement.allowances:
        ends = {item.valid_until for item in pool if item.source == inclusion.key and item.closed and item.valid_until}
        oldest[inclusion.key] = min(sorted(ends)[-inclusion.late_cycles :], default=datetime.max.replace(tzinfo=UTC))
    cycle = agreement.cycle
    two_back = cycle.cadence.nth(cycle.anchor, cycle.cadence.index(cycle.anchor, closed) - 2)
    kept = [item for item in pool if _lives(item, oldest, day_start(two_back, agreement.zone))]
    return tuple(sorted(kept, key=lambda item: item.key))


def _lives(allowance: Allowance, oldest: Mapping[str, datetime], two_back: datetime) -> bool:
    """Return whether an allowance is still of use; that of a cycle is, used up or not, for it was given out."""
    known = allowance.source in oldest
    if not allowance.left and (allowance.cycles or not known):
        return False
    if allowance.valid_until is None or (known and not allowance.closed):
        return True
    return allowance.valid_until >= oldest[allowance.source] if known else allowance.valid_until > two_back
