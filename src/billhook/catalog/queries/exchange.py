"""Reads of exchange rates."""

from datetime import date
from fractions import Fraction

from django.db.models import Q, QuerySet

from billhook.catalog.models import ExchangeRate
from billhook.core import money
from billhook.core.exchange import ExchangeError, ExchangeTable
from billhook.core.exchange import ExchangeRate as CoreRate
from billhook.foundation.scope import current_company


class NoExchangeRateError(ExchangeError):
    """Raised when no rate leads from a currency to another on a day."""

    def __init__(self, from_currency: str, to_currency: str, on: date) -> None:
        """Name both currencies and the day."""
        super().__init__(
            f"There is no exchange rate from {from_currency} to {to_currency} on {on}: set one from that day, or one "
            "of each to the company's currency."
        )


def rate_on(from_currency: str, to_currency: str, on: date) -> Fraction:
    """Return how many units of a currency one unit of another buys on a day, exactly.

    The newest rate of the two that has begun holds; else the newest of the opposite direction, turned round; else both
    through the company's currency.

    Raises:
        NoExchangeRateError: none of these is set.
    """
    if from_currency == to_currency:
        return Fraction(1)
    home = current_company().currency
    names = [from_currency, to_currency, home]
    in_force = ExchangeRate.objects.filter(valid_from__lte=on, from_currency__in=names, to_currency__in=names).order_by(
        "from_currency", "to_currency", "-valid_from"
    )
    rows = in_force.distinct("from_currency", "to_currency")
    known = {(row.from_currency, row.to_currency): Fraction(row.rate) for row in rows}
    direct = _direct(known, from_currency, to_currency)
    if direct is not None:
        return direct
    there, back = _direct(known, from_currency, home), _direct(known, home, to_currency)
    if there is None or back is None:
        raise NoExchangeRateError(from_currency, to_currency, on)
    return there * back


def _direct(known: dict[tuple[str, str], Fraction], from_currency: str, to_currency: str) -> Fraction | None:
    if (from_currency, to_currency) in known:
        return known[from_currency, to_currency]
    opposite = known.get((to_currency, from_currency))
    return None if opposite is None else 1 / opposite


def exchange_table() -> ExchangeTable:
    """Return the rates from the company's currency, for the core; one statement besides the company."""
    pivot = current_company().currency
    rows = ExchangeRate.objects.filter(from_currency=pivot).order_by("to_currency", "valid_from")
    rates = tuple(
        CoreRate(currency=money.currency(row.to_currency), per_pivot=row.rate, valid_from=row.valid_from)
        for row in rows
    )
    return ExchangeTable(pivot=money.currency(pivot), rates=rates)


def exchange_rates(currency: str = "") -> QuerySet[ExchangeRate]:
    """Return the rates from or to a currency, or all, newest first."""
    found = ExchangeRate.objects.order_by("-valid_from", "from_currency", "to_currency")
    return found.filter(Q(from_currency=currency) | Q(to_currency=currency)) if currency else found
