"""Wording: figures as the sentences of a derivation show them."""

from decimal import Decimal
from fractions import Fraction

from billhook.core import exact
from billhook.core.rounding import to_places

_SHOWN_DECIMALS = 6


def show(value: Decimal | Fraction | int) -> str:
    """Return a figure as text; one without finite decimals to six of them."""
    if isinstance(value, Fraction):
        return exact.plain(to_places(value, _SHOWN_DECIMALS))
    return exact.plain(Decimal(value))


def bounds(above: Decimal | None, up_to: Decimal | None) -> str:
    """Return the bounds of a tier in words, or nothing where there are none."""
    if above is None and up_to is None:
        return ""
    low = f"above {show(above)}" if above else "from the first"
    return f" ({low} up to {show(up_to)})" if up_to is not None else f" ({low})"
