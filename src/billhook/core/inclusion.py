"""Inclusions: what a plan includes in each cycle, and the allowance that it makes of one of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billhook.core import exact
from billhook.core.allowance import Allowance, AllowanceError, Counts, PartialCycle, RollOver, for_part
from billhook.core.cadence import Cadence
from billhook.core.calendar import day_start
from billhook.core.period import Period
from billhook.core.proration import Basis, Proportion


@dataclass(frozen=True, slots=True, kw_only=True)
class Inclusion:
    """Units or money that are included in every cycle.

    A cycle of which usage was billed keeps what it was given, whatever ends or rests in it afterwards.

    Args:
        key: names it, once in an agreement.
        amount: units, or money in the currency of the agreement, of a whole cycle; at least 0.
        active_from: first day.
        active_until: day after the last, None without end.
        counts: units or money.
        priority: a lower figure is consumed first.
        shared: whether it belongs to a customer whose lines include those of others; own ones come first.
        increment: in which it is consumed; None: that of the usage.
        products: whose usage it covers; none named, all of them.
        cadence: of its cycles; None: the customer's billing cycle.
        anchor: from which its cycles count; None: the customer's, or its first day where the cadences do not match.
        partial: what a part of a cycle includes.
        roll_over: how what is left lives on; None: it expires with its cycle.
        late_cycles: closed cycles, at least 1, whose rest late usage still finds.
        line: the order line it belongs to, whose suspended days lessen a prorated cycle; empty for none.
    """

    key: str
    amount: Decimal
    active_from: date
    active_until: date | None = None
    counts: Counts = Counts.UNITS
    priority: int = 0
    shared: bool = False
    increment: Decimal | None = None
    products: frozenset[str] = frozenset()
    cadence: Cadence | None = None
    anchor: date | None = None
    partial: PartialCycle = PartialCycle.PRORATED
    roll_over: RollOver | None = None
    late_cycles: int = 2
    line: str = ""

    def __post_init__(self) -> None:
        """Refuse floats, less than nothing, dates out of order, and no closed cycle to remember."""
        if exact.require(self.amount, f"amount of {self.key}") < 0:
            raise AllowanceError(f"{self.key} includes {self.amount}, less than nothing; give at least 0.")
        if self.increment is not None and exact.require(self.increment, f"increment of {self.key}") <= 0:
            raise AllowanceError(f"{self.key} has an increment of {self.increment}; give one above 0.")
        if self.active_until is not None and self.active_until < self.active_from:
            raise AllowanceError(f"{self.key} ends on {self.active_until}, before {self.active_from}; swap the dates.")
        if self.late_cycles < 1:
            raise AllowanceError(f"{self.key} remembers {self.late_cycles} closed cycles; give at least 1.")

    def cycles(self, cadence: Cadence, anchor: date, *, start: date) -> Iterator[tuple[Period, Period]]:
        """Yield each cycle on or after a day, and the days of it on which it is active, in order.

        Args:
            cadence: of the customer's billing cycle.
            anchor: of the customer's billing cycle.
            start: first day; one inside a cycle cuts it there.
        """
        own = self.cadence or cadence
        counted_from = self.anchor or (anchor if own.same_family(cadence) else self.active_from)
        first = max(start, self.active_from)
        for whole in own.periods(counted_from, first, self.active_until or date.max):
            active = whole.clip(first, self.active_until)
            if active:
                yield whole, active

    def allowance(self, whole: Period, active: Period, suspended: Iterable[Period], *, zone: str) -> Allowance:
        """Return what is included in a cycle.

        Args:
            whole: the cycle.
            active: its days on which it is included.
            suspended: days on which the service rests; a prorated cycle is without them.
            zone: whose midnight begins a day.
        """
        allowance = Allowance(
            key=f"{self.key} {active.start}",
            left=self.amount,
            counts=self.counts,
            priority=self.priority,
            shared=self.shared,
            valid_from=day_start(active.start, zone),
            valid_until=day_start(active.end, zone),
            increment=self.increment,
            products=self.products,
            source=self.key,
        )
        resting = suspended if self.partial is PartialCycle.PRORATED else ()
        used = sum(days.days for days in active.subtract(resting))
        return for_part(allowance, Proportion(used, whole.days, Basis.DAYS), policy=self.partial, places=self._places)

    @property
    def _places(self) -> int:
        """Return the decimals of a prorated amount: whole units, or as many as the money that is included has."""
        exponent = self.amount.as_tuple().exponent
        return max(2, -exponent) if self.counts is Counts.MONEY and isinstance(exponent, int) else 0
