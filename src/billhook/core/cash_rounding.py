"""Cash rounding: the amount due to the smallest coin; it touches neither lines nor tax (EN 16931, BT-114)."""

from decimal import Decimal
from fractions import Fraction

from billhook.core import exact
from billhook.core.errors import Refusal
from billhook.core.money import Money
from billhook.core.rounding import Rounding, to_places


class CashRoundingError(Refusal):
    """A smallest coin of no value."""


def cash_rounding(due: Money, coin: Decimal, mode: Rounding = Rounding.HALF_UP) -> Money:
    """Return what is added to an amount due so that coins can pay it, such as -0.02 to 10.02 CHF at 0.05.

    Args:
        due: what is to be paid.
        coin: the smallest one, in the currency.
        mode: how an amount between two coins is decided.

    Raises:
        CashRoundingError: the coin is not above zero.
    """
    if exact.require(coin, "smallest coin") <= 0:
        raise CashRoundingError(f"A smallest coin of {coin} pays nothing; give one such as 0.05.")
    coins = to_places(Fraction(due.amount) / Fraction(coin), 0, mode)
    return Money(exact.subtract(exact.multiply(coins, coin), due.amount), due.currency)
