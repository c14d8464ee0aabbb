"""Percentage price: a rate on the value of each event, with a fee, a free start, a minimum and a maximum."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar

from billhook.core import exact
from billhook.core.derivation import Percent, Step
from billhook.core.money import Currency
from billhook.core.price import Priced, PriceError, require_currency, require_quantity
from billhook.core.usage import UsageEvent, in_time
from billhook.core.usage_steps import Events

ONE_PERCENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentage:
    """A percentage of the value of every event plus a fee, both together within a minimum and a maximum per event.

    Events are free until the first of both limits is reached: their number or their volume. A wholly free event pays
    nothing at all; one that is partly free pays its rest, and the whole fee.

    Args:
        currency: of fee, minimum and maximum.
        percent: of the value, at least 0.
        fee: of each event that is not wholly free.
        free_events: the first ones, None for no such limit.
        free_volume: the first part of the value, None for no such limit.
        minimum: of an event, fee included.
        maximum: of an event, fee included.
    """

    tag: ClassVar[str] = "percentage"
    currency: Currency
    percent: Decimal
    fee: Decimal = exact.ZERO
    free_events: int | None = None
    free_volume: Decimal | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None

    def __post_init__(self) -> None:
        """Refuse a missing currency, floats, figures below zero and a minimum above the maximum."""
        require_currency(self.currency)
        figures = {
            "percentage": self.percent,
            "fee": self.fee,
            "free volume": self.free_volume,
            "minimum": self.minimum,
            "maximum": self.maximum,
        }
        for what, figure in figures.items():
            if figure is not None and exact.require(figure, what) < 0:
                raise PriceError(f"The {what} is {figure}; give at least 0.")
        if self.free_events is not None and self.free_events < 0:
            raise PriceError(f"{self.free_events} free events are below zero; give at least 0.")
        if self.minimum is not None and self.maximum is not None and self.maximum < self.minimum:
            raise PriceError(f"The minimum {self.minimum} lies above the maximum {self.maximum}; swap them.")

    def price(self, quantity: Decimal) -> Priced:
        """Return what one event of a value costs."""
        return self.price_values((quantity,))

    @property
    def needs_events(self) -> bool:
        """Return whether fee, free start or limits make a sum cost something else than its events."""
        limits = (self.free_events, self.free_volume, self.minimum, self.maximum)
        return bool(self.fee) or any(limit is not None for limit in limits)

    def price_usage(self, events: Sequence[UsageEvent]) -> Priced:
        """Return what the events of a period cost; the value of an event is its quantity."""
        return self.price_values([event.quantity for event in in_time(events)])

    def price_values(self, values: Sequence[Decimal]) -> Priced:
        """Return what events of some values cost.

        Args:
            values: in the order of their time; the first ones are the free ones.
        """
        paid = list(self.paid_parts(values))
        plain = [value for value in paid if self._clamp(value) is None]
        clamped = Counter(limit for value in paid if (limit := self._clamp(value)) is not None)
        steps = (*self._plain_steps(plain), *self._clamped_steps(clamped))
        amount = exact.add(
            exact.multiply(exact.total(plain), exact.multiply(self.percent, ONE_PERCENT)),
            exact.multiply(Decimal(len(plain)), self.fee),
        )
        limits = exact.total(exact.multiply(limit, Decimal(count)) for limit, count in clamped.items())
        return Priced(amount=exact.add(amount, limits), steps=steps)

    def paid_parts(self, values: Iterable[Decimal]) -> Iterator[Decimal]:
        """Yield the part of each event that is paid for; wholly free events are left out."""
        seen = exact.ZERO
        for number, value in enumerate(values):
            free = self._free_part(number, seen, require_quantity(value))
            seen = exact.add(seen, value)
            if free is None:
                yield value
            elif free < value:
                yield exact.subtract(value, free)

    def _free_part(self, number: int, seen: Decimal, value: Decimal) -> Decimal | None:
        """Return how much of an event is free, or None where the free start is over or there is none."""
        if self.free_events is None and self.free_volume is None:
            return None
        if self.free_events is not None and number >= self.free_events:
            return None
        if self.free_volume is None:
            return value
        left = exact.subtract(self.free_volume, seen)
        return min(left, value) if left > 0 or left == value == 0 else None

    def _clamp(self, value: Decimal) -> Decimal | None:
        """Return the limit to which an event is raised or lowered, or None where it lies between both."""
        amount = exact.add(exact.multiply(value, exact.multiply(self.percent, ONE_PERCENT)), self.fee)
        if self.minimum is not None and amount < self.minimum:
            return self.minimum
        return self.maximum if self.maximum is not None and amount > self.maximum else None

    def _plain_steps(self, values: Sequence[Decimal]) -> Iterator[Step]:
        if values:
            yield Percent(percent=self.percent, base=Fraction(exact.total(values)))
        if values and self.fee:
            yield Events(name="fees", count=len(values), each=self.fee)

    def _clamped_steps(self, clamped: Counter[Decimal]) -> Iterator[Step]:
        for limit, count in sorted(clamped.items()):
            what = "minimum" if limit == self.minimum else "maximum"
            yield Events(name=f"events at the {what}", count=count, each=limit)
