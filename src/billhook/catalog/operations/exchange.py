"""An exchange rate is set."""

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from billhook.catalog.events import ExchangeRateSet
from billhook.catalog.models import ExchangeRate
from billhook.catalog.refusals import require_decimals
from billhook.core import exact, money
from billhook.core.exchange import ExchangeError
from billhook.foundation.constraints import refusing
from billhook.foundation.events import Actor, emit


class ExchangeRateTakenError(ExchangeError):
    """Raised when a rate of two currencies begins on a day already."""

    def __init__(self, pair: str, valid_from: date) -> None:
        """Name the currencies and the day."""
        super().__init__(
            f"A rate of {pair} begins on {valid_from} already, and never changes: set one from another day."
        )


@transaction.atomic
def set_exchange_rate(
    *,
    from_currency: str,
    to_currency: str,
    rate: Decimal,
    valid_from: date,
    actor: Actor,
    at: datetime,
    source: str = "",
) -> ExchangeRate:
    """Set what one unit of a currency buys of another, from a day until the next rate of the two.

    Args:
        from_currency: of which one unit is given.
        to_currency: of which so many are had.
        rate: above zero, with up to 12 decimals.
        valid_from: first day.
        actor: who sets it.
        at: when.
        source: who published it, such as `ECB`.

    Raises:
        UnknownCurrencyError: one of them is no currency.
        ExchangeError: the rate buys nothing, or a currency is to be exchanged for itself.
        TooFineError: it has more than 12 decimals.
        ExchangeRateTakenError: another rate of the two begins on the day.
    """
    pair = f"{money.currency(from_currency)}/{money.currency(to_currency)}"
    if from_currency == to_currency:
        raise ExchangeError(f"{from_currency} needs no rate to itself: name another currency.")
    if require_decimals(rate, f"rate of {pair}") <= 0:
        raise ExchangeError(f"A rate of {rate} for {pair} buys nothing: give one above zero.")
    with refusing(exchange_rate_once=ExchangeRateTakenError(pair, valid_from)):
        row = ExchangeRate.objects.create(
            from_currency=from_currency, to_currency=to_currency, rate=rate, source=source, valid_from=valid_from
        )
    emit(ExchangeRateSet(pair=pair, rate=exact.plain(rate), valid_from=valid_from), actor=actor, at=at)
    return row
