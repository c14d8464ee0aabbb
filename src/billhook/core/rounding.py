"""Rounding: the only place in the product where a figure loses digits, always by a named mode."""

import decimal
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from billhook.core.exact import EXACT

_WIDE = decimal.Context(prec=EXACT.prec)
_STEPS = tuple(Decimal(1).scaleb(-places) for places in range(16))


class Rounding(StrEnum):
    """How a figure that lies between two steps is decided."""

    HALF_UP = "half_up"
    """To the nearest, a half away from zero: the default for currency and for rated records."""
    HALF_EVEN = "half_even"
    HALF_DOWN = "half_down"
    UP = "up"
    """Away from zero."""
    DOWN = "down"
    """Towards zero."""
    CEILING = "ceiling"
    FLOOR = "floor"


_DECIMAL_MODE = {
    Rounding.HALF_UP: decimal.ROUND_HALF_UP,
    Rounding.HALF_EVEN: decimal.ROUND_HALF_EVEN,
    Rounding.HALF_DOWN: decimal.ROUND_HALF_DOWN,
    Rounding.UP: decimal.ROUND_UP,
    Rounding.DOWN: decimal.ROUND_DOWN,
    Rounding.CEILING: decimal.ROUND_CEILING,
    Rounding.FLOOR: decimal.ROUND_FLOOR,
}


def to_places(value: Decimal | Fraction, places: int, mode: Rounding = Rounding.HALF_UP) -> Decimal:
    """Round to a number of decimals, once.

    Args:
        value: an exact decimal or fraction.
        places: decimals to keep; the result carries exactly so many.
        mode: how a figure between two steps is decided.
    """
    exact = _between_steps(value, places) if isinstance(value, Fraction) else value
    step = _STEPS[places] if 0 <= places < len(_STEPS) else Decimal(1).scaleb(-places)
    rounded = exact.quantize(step, rounding=_DECIMAL_MODE[mode], context=_WIDE)
    return rounded or rounded.copy_abs()


def _between_steps(value: Fraction, places: int) -> Decimal:
    """Return a decimal that every mode rounds as it would round the fraction: one digit more, and a 1 for any rest."""
    digits, rest = divmod(abs(value.numerator) * 10 ** (places + 1), value.denominator)
    magnitude = Decimal(digits * 10 + bool(rest)).scaleb(-(places + 2), context=_WIDE)
    return magnitude.copy_negate() if value < 0 else magnitude
