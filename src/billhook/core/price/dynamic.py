"""Dynamic price: every event carries its own amount."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from billhook.core import exact
from billhook.core.derivation import Records
from billhook.core.money import Currency
from billhook.core.price import Priced, PriceError, require_currency, require_quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedEvent:
    """An event that says itself what it costs."""

    quantity: Decimal
    amount: Decimal

    def __post_init__(self) -> None:
        """Refuse floats."""
        exact.require(self.quantity, "quantity of the event")
        exact.require(self.amount, "amount of the event")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dynamic:
    """The sum of what the events say they cost, exactly."""

    tag: ClassVar[str] = "dynamic"
    currency: Currency
    unit: str = ""

    def __post_init__(self) -> None:
        """Refuse a missing currency."""
        require_currency(self.currency)

    def price(self, quantity: Decimal) -> Priced:
        """Return nothing for nothing.

        Raises:
            PriceError: a quantity alone has no price, for the price stands on the events.
        """
        if require_quantity(quantity):
            raise PriceError(f"A quantity of {quantity} has no price of its own; pass the events with their amounts.")
        return self.price_events(())

    def price_events(self, events: Sequence[PricedEvent]) -> Priced:
        """Return the sum of the events."""
        amount = exact.total(event.amount for event in events)
        quantity = exact.total(event.quantity for event in events)
        step = Records(records=len(events), quantity=quantity, unit=self.unit, amount=amount)
        return Priced(amount=amount, steps=(step,) if events else ())
