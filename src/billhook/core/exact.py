"""Exact decimal arithmetic: nothing is ever rounded unseen.

The decimal module rounds each product to 28 digits; a price of 12 decimals times a quantity of 12 can need 48. All
sums and products of the core go through a context that is wide enough and raises rather than round.
"""

from collections.abc import Iterable, Sequence
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from fractions import Fraction
from functools import reduce

from billhook.core.errors import Refusal

Figure = Decimal | Fraction
"""An exact figure: a decimal as long as it has an end, a fraction where it has none."""

EXACT = Context(prec=200, traps=[DivisionByZero, Inexact, InvalidOperation, Overflow])
ZERO = Decimal(0)
ONE = Decimal(1)


class NotExactError(Refusal):
    """A figure is a binary fraction, not finite, or not a number."""


def number(value: Decimal | int | str, what: str = "figure") -> Decimal:
    """Return an exact decimal.

    Raises:
        NotExactError: the value is a float, not finite or not a number.
    """
    if isinstance(value, Decimal):
        return require(value, what)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise NotExactError(f"The {what} is {value!r}; give it as a decimal in text, such as '0.05'.")
    try:
        return require(Decimal(value), what)
    except InvalidOperation:
        raise NotExactError(f"The {what} {value!r} is not a number; write it such as '0.05'.") from None


def require(value: Decimal, what: str = "figure") -> Decimal:
    """Return a decimal as it is.

    Raises:
        NotExactError: it is not a finite decimal.
    """
    if not isinstance(value, Decimal):
        raise NotExactError(f"The {what} is {value!r}; give it as an exact decimal, never as a float.")
    if not value.is_finite():
        raise NotExactError(f"The {what} is {value}; give a finite decimal.")
    return value


# The methods themselves, since a bill adds and multiplies some hundred times.
add = EXACT.add
"""Return the exact sum of two decimals."""
subtract = EXACT.subtract
"""Return the exact difference of two decimals."""
multiply = EXACT.multiply
"""Return the exact product of two decimals."""


def total(values: Iterable[Decimal]) -> Decimal:
    """Return the exact sum of decimals, in any order."""
    return reduce(EXACT.add, values, ZERO)


def total_of(values: Sequence[Figure]) -> Figure:
    """Return the exact sum of decimals and fractions: a decimal where all are."""
    decimals = [value for value in values if isinstance(value, Decimal)]
    if len(decimals) == len(values):
        return reduce(EXACT.add, decimals, ZERO)
    return sum((Fraction(value) for value in values), Fraction(0))


def product(left: Figure, right: Figure) -> Figure:
    """Return the exact product of decimals or fractions: a decimal where both are."""
    if isinstance(left, Decimal) and isinstance(right, Decimal):
        return multiply(left, right)
    return Fraction(left) * Fraction(right)


def difference(left: Figure, right: Figure) -> Figure:
    """Return the exact difference of decimals or fractions: a decimal where both are."""
    if isinstance(left, Decimal) and isinstance(right, Decimal):
        return subtract(left, right)
    return Fraction(left) - Fraction(right)


def from_fraction(value: Fraction) -> Decimal:
    """Return a fraction as a decimal.

    Raises:
        NotExactError: no finite decimal is equal to it; round it first.
    """
    try:
        return EXACT.divide(Decimal(value.numerator), Decimal(value.denominator))
    except Inexact:
        raise NotExactError(f"{value} has no finite decimal; round it to a number of decimals first.") from None


def plain(value: Decimal, places: int = 0) -> str:
    """Return a decimal as text, one text for equal values: no exponent, no needless zeros beyond `places`."""
    text = format(value, "f")
    whole, _, decimals = text.partition(".")
    decimals = decimals.rstrip("0").ljust(places, "0")
    if whole == "-0" and not decimals.strip("0"):
        whole = "0"
    return f"{whole}.{decimals}" if decimals else whole
