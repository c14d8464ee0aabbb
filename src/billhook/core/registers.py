"""Registers and demand: what meters for power, gas and water show, and what is billed of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from billhook.core import exact
from billhook.core.errors import Refusal
from billhook.core.period import Period

QUARTER = timedelta(minutes=15)


class ReadingError(Refusal):
    """Readings out of order, above what the register can show, or below an earlier one without roll-over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """A counter: its multiplier, and the figures that it shows before it starts again at zero."""

    key: str
    multiplier: Decimal = exact.ONE
    digits: int | None = None

    def __post_init__(self) -> None:
        """Refuse floats, a multiplier that is none, and a register without digits."""
        if exact.require(self.multiplier, "multiplier") <= 0 or (self.digits is not None and self.digits < 1):
            raise ReadingError(f"{self.key} multiplies by {self.multiplier} over {self.digits} digits; mend it.")

    def between(self, earlier: Decimal, later: Decimal) -> Decimal:
        """Return what was used between two readings; one below the other has rolled over.

        Raises:
            ReadingError: the register does not roll over, or cannot show the figure.
        """
        turns = self._turns_at
        if turns is not None and max(earlier, later) >= turns:
            raise ReadingError(f"{self.key} reads {max(earlier, later)} but has {self.digits} digits; check the read.")
        used = exact.subtract(later, earlier)
        if used < 0 and turns is None:
            raise ReadingError(f"{self.key} reads {later} after {earlier}; name its digits, or report an exchange.")
        return exact.multiply(exact.add(used, turns) if used < 0 and turns else used, self.multiplier)

    @property
    def _turns_at(self) -> Decimal | None:
        return None if self.digits is None else Decimal(10) ** self.digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a register showed at the start of a day; an estimate is cancelled by an actual reading that disproves it."""

    register: Register
    day: date
    figure: Decimal
    estimated: bool = False

    def __post_init__(self) -> None:
        """Refuse floats and figures below zero."""
        if exact.require(self.figure, "reading") < 0:
            raise ReadingError(f"{self.register.key} reads {self.figure} on {self.day}, below zero; check the read.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumed:
    """What was used between two readings, and whether one of them is estimated."""

    period: Period
    quantity: Decimal
    estimated: bool

    def by_day(self, parts: Sequence[Period]) -> tuple[Fraction, ...]:
        """Return the quantity of parts of the period, spread evenly by day, for price versions that change in it."""
        return tuple(Fraction(self.quantity) * part.days / self.period.days for part in parts)


def consumption(readings: Iterable[Reading]) -> tuple[Consumed, ...]:
    """Return what was used between readings, in the order of time.

    Where a meter is exchanged, the old one has its last reading and the new one its first on the same day.
    An estimate counts until an actual reading of its day replaces it, or a later one shows that it was too high.

    Raises:
        ReadingError: a register shows less than before without rolling over, or two figures on one day.
    """
    by_register: dict[str, dict[date, Reading]] = {}
    for reading in readings:
        days = by_register.setdefault(reading.register.key, {})
        days[reading.day] = _actual(days.get(reading.day), reading)
    used = [
        Consumed(
            period=Period(earlier.day, later.day),
            quantity=later.register.between(earlier.figure, later.figure),
            estimated=earlier.estimated or later.estimated,
        )
        for days in by_register.values()
        for earlier, later in pairwise(_undisputed(sorted(days.values(), key=lambda item: item.day)))
    ]
    return tuple(sorted(used, key=lambda item: (item.period, item.quantity)))


def _actual(known: Reading | None, reading: Reading) -> Reading:
    """Return the reading of a day that counts: the actual one where there is one."""
    if known is None or (known.estimated and not reading.estimated):
        return reading
    if known.estimated == reading.estimated and known.figure != reading.figure:
        raise ReadingError(f"{reading.register.key} has two readings on {reading.day}; keep the right one.")
    return known


def _undisputed(in_time: Iterable[Reading]) -> list[Reading]:
    """Return the readings of a register without the estimates that lie above the next actual one."""
    kept: list[Reading] = []
    base = 0
    for reading in in_time:
        if kept and not reading.estimated:
            first, estimates = kept[base], kept[base + 1 :]
            most = reading.register.between(first.figure, reading.figure)
            below = [item for item in estimates if item.register.between(first.figure, item.figure) <= most]
            kept[base + 1 :] = below
            base = len(kept)
        kept.append(reading)
    return kept


def peak_demand(energy: Mapping[datetime, Decimal], *, interval: timedelta = QUARTER) -> Fraction:
    """Return the highest mean power of any interval, in the unit of energy an hour; zero of none.

    Args:
        energy: used in each interval, by its start.
        interval: length of each.
    """
    hours = Fraction(interval // timedelta(seconds=1), 3600)
    return max((Fraction(used) / hours for used in energy.values()), default=Fraction(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratchet:
    """A floor under the demand that is billed: a percentage of the highest demand of some months before."""

    percent: Decimal
    months: int

    def __post_init__(self) -> None:
        """Refuse floats, percentages out of range and no months."""
        if not 0 <= exact.require(self.percent, "ratchet") <= 100 or self.months < 1:  # noqa: PLR2004, a percentage
            raise ReadingError(f"A ratchet of {self.percent} % over {self.months} months is none; mend it.")

    def billed(self, demand: Fraction, earlier: Sequence[Fraction]) -> Fraction:
        """Return the demand that is billed.

        Args:
            demand: of the month.
            earlier: of the months before, the latest last.
        """
        highest = max(earlier[-self.months :], default=Fraction(0))
        return max(demand, highest * Fraction(self.percent) / 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Netted:
    """Energy taken less energy fed in: what is billed, and the surplus that is banked for later periods."""

    billed: Decimal
    banked: Decimal


def net_export(taken: Decimal, fed_in: Decimal, *, banked: Decimal = exact.ZERO) -> Netted:
    """Return taken energy netted with what was fed in and banked before."""
    net = exact.subtract(exact.subtract(taken, fed_in), banked)
    return Netted(billed=max(net, exact.ZERO), banked=max(net.copy_negate(), exact.ZERO))
