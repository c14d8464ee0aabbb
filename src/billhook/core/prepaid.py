"""Prepaid balances: what may be taken from one, and how much usage it permits."""

from decimal import Decimal
from fractions import Fraction
from math import floor

from billhook.core.allowance import Consumption
from billhook.core.errors import Refusal
from billhook.core.money import Money
from billhook.core.price import BeyondLastTierError, PriceModel


class InsufficientCreditError(Refusal):
    """A balance does not pay what was used."""


def debit(balance: Money, amount: Money, *, negative_allowed: bool = False) -> Money:
    """Return a balance after an amount is taken from it.

    Args:
        balance: before.
        amount: to be taken.
        negative_allowed: whether the customer pays later what the balance lacks.

    Raises:
        InsufficientCreditError: the balance does not pay it.
        MixedCurrenciesError: they are in two currencies.
    """
    after = balance - amount
    if after < min(balance, Money.zero(balance.currency)) and not negative_allowed:
        raise InsufficientCreditError(f"{balance} does not pay {amount}; top up {-after}.")
    return after


def require_covered(consumption: Consumption) -> None:
    """Refuse usage that allowances alone do not cover, where no price holds beyond them.

    Raises:
        InsufficientCreditError: something is left.
    """
    if consumption.rest:
        raise InsufficientCreditError(
            f"Allowances cover {consumption.covered} and leave {consumption.rest} without a price; top up, or set one."
        )


def permitted_quantity(price: PriceModel, available: Money, at_most: int) -> int:
    """Return the greatest whole quantity, up to a limit, that costs no more than is available.

    The price must not fall as the quantity rises. A quantity that the price refuses is not permitted.
    """
    low, high = 0, at_most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _pays(price, available, middle) else (low, middle - 1)
    return low


def permitted_units(available: Money, unit_price: Decimal) -> int | None:
    """Return the whole units that an available amount pays, None where they cost nothing."""
    if not unit_price:
        return None
    return max(floor(Fraction(available.amount) / Fraction(unit_price)), 0)


def _pays(price: PriceModel, available: Money, quantity: int) -> bool:
    try:
        return price.price(Decimal(quantity)).amount <= available.amount
    except BeyondLastTierError:
        return False
