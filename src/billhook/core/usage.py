"""Usage as a bill takes it: sums of what was used on a line in some days, or the single events behind them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from billhook.core import exact
from billhook.core.errors import Refusal
from billhook.core.period import Period

FROM_EVENTS = Decimal()
"""Stands for a quantity that follows from the events; no usage that was built has it."""


class UsageError(Refusal):
    """Usage that contradicts itself, that no line or service period takes, or that is passed twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageEvent:
    """One use of a service.

    Args:
        key: names it, once among the usage of a line.
        at: the instant at which it started.
        quantity: in the unit of the line, as it is billed; at least 0.
        amount: what it costs, exact, as it was rated or as the event itself says; None where the bill prices it.
        fee: the part of the amount that is due whole as soon as anything of the event is paid for.
        unit_price: of a unit, for allowances that count money; None where it has none.
        increment: in which the quantity is counted, above 0.
        properties: what prices and meters look at.
    """

    key: str
    at: datetime
    quantity: Decimal
    amount: Decimal | None = None
    fee: Decimal = exact.ZERO
    unit_price: Decimal | None = None
    increment: Decimal = exact.ONE
    properties: Mapping[str, Decimal | str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse floats, an instant without zone, figures below zero, and a fee above the amount."""
        if self.at.tzinfo is None:
            raise UsageError(f"The event {self.key} at {self.at} names no time zone; give its instant in UTC.")
        for what, figure in (("quantity", self.quantity), ("fee", self.fee), ("unit price", self.unit_price)):
            if figure is not None and exact.require(figure, f"{what} of {self.key}") < 0:
                raise UsageError(f"The event {self.key} has a {what} of {figure}, below zero; correct the record.")
        if exact.require(self.increment, f"increment of {self.key}") <= 0:
            raise UsageError(f"The event {self.key} has an increment of {self.increment}; give one above 0.")
        if self.amount is not None:
            exact.require(self.amount, f"amount of {self.key}")
        if self.fee and self.fee > (self.amount or 0):
            raise UsageError(
                f"The event {self.key} has a fee of {self.fee} above its amount of {self.amount or 0}; the amount "
                f"contains the fee."
            )
        for name, value in self.properties.items():
            if not isinstance(value, str):
                exact.require(value, f"{name} of {self.key}")

    @property
    def place(self) -> tuple[datetime, str]:
        """Return where it stands among others: in time, and by its key at the same instant."""
        return self.at, self.key


def in_time(events: Iterable[UsageEvent]) -> list[UsageEvent]:
    """Return events in the order of time, whatever the order in which they arrived."""
    return sorted(events, key=lambda event: event.place)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageCharge:
    """What was used on an order line version in some days of one of its service periods.

    Args:
        line: key of the version.
        period: the days, within one service period.
        quantity: how much, in `unit`; follows from the events where there are any.
        amount: exact sum of the rated records, to at most 12 decimals; None where the bill prices the quantity.
        records: how many usage records; follows from the events where there are any.
        charges: references to what is billed, each once for the same days.
        events: the single records, where allowances, meters or the price need them; in any order.
    """

    line: str
    period: Period
    quantity: Decimal = FROM_EVENTS
    unit: str = ""
    amount: Decimal | None = None
    records: int = 0
    charges: tuple[str, ...] = ()
    events: tuple[UsageEvent, ...] = ()

    def __post_init__(self) -> None:
        """Refuse floats, usage without quantity or events, and sums that are not those of the events."""
        if self.events:
            self._follow_events()
        elif self.quantity is FROM_EVENTS:
            raise UsageError(f"The usage of {self.period} on {self.line} has no quantity; give it, or the events.")
        exact.require(self.quantity, f"quantity used on {self.line}")
        if self.amount is not None:
            exact.require(self.amount, f"amount used on {self.line}")

    @property
    def rated(self) -> Decimal | None:
        """Return what its records cost where all of them are rated, or None."""
        if not self.events:
            return self.amount
        amounts = [event.amount for event in self.events if event.amount is not None]
        return exact.total(amounts) if len(amounts) == len(self.events) else None

    def _follow_events(self) -> None:
        """Put the events in the order of time and take quantity and records from them."""
        if len({event.key for event in self.events}) < len(self.events):
            raise UsageError(f"{self.line}: an event of {self.period} is passed twice; pass each event once.")
        quantity, records = exact.total(event.quantity for event in self.events), len(self.events)
        self._refuse_other("quantity", None if self.quantity is FROM_EVENTS else self.quantity, quantity)
        self._refuse_other("amount", self.amount, self.rated)
        self._refuse_other("number of records", self.records or None, records)
        object.__setattr__(self, "events", tuple(in_time(self.events)))
        object.__setattr__(self, "quantity", quantity)
        object.__setattr__(self, "records", records)

    def _refuse_other(self, what: str, told: Decimal | int | None, found: Decimal | int | None) -> None:
        if told is not None and told != found:
            raise UsageError(
                f"{self.line}: the {what} of {self.period} is {told}, but that of its events is {found}; pass the "
                f"events alone."
            )
