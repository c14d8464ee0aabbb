"""Dynamic price: every event carries its own amount."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from billhook.core import exact
from billhook.core.derivation import Records
from billhook.core.money import Currency
from billhook.core.price import Priced, PriceError, require_currency, require_quantity
from billhook.core.usage import UsageEvent


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
        return self.price_usage(())

    @property
    def needs_events(self) -> bool:
        """Return that only events have a price."""
        return True

    def price_usage(self, events: Sequence[UsageEvent]) -> Priced:
        """Return the sum of what the events say.

        Raises:
            PriceError: an event does not say what it costs.
        """
        amount = exact.total(_own_amount(event) for event in events)
        quantity = exact.total(event.quantity for event in events)
        step = Records(records=len(events), quantity=quantity, unit=self.unit, amount=amount)
        return Priced(amount=amount, steps=(step,) if events else ())


def _own_amount(event: UsageEvent) -> Decimal:
    if event.amount is None:
        raise PriceError(f"The event {event.key} does not say what it costs; add its amount.")
    return event.amount
