"""Formula price: an expression over the quantity and named figures, read as arithmetic and never run as code."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from billhook.core import exact
from billhook.core.derivation import Rounded, Step, run
from billhook.core.expression import Figure, FormulaError, check
from billhook.core.money import Currency
from billhook.core.price import Priced, require_currency, require_quantity
from billhook.core.rounding import Rounding
from billhook.core.usage_steps import Evaluated

QUANTITY = "units"
PRICE_DECIMALS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """An expression such as `min(units * 0.05, 10) + 2 * seats`, rounded once to 12 decimals.

    Args:
        currency: of the amount.
        expression: arithmetic over `units`, the quantity, and the figures named here.
        names: further figures, which are passed with each quantity, such as the quantity of another product.
    """

    tag: ClassVar[str] = "formula"
    currency: Currency
    expression: str
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a missing currency, and an expression that is more than arithmetic."""
        require_currency(self.currency)
        check(self.expression, (QUANTITY, *self.names))

    def price(self, quantity: Decimal) -> Priced:
        """Return what the formula makes of a quantity alone.

        Raises:
            FormulaError: it needs further figures.
        """
        return self.price_with(quantity, {})

    def price_with(self, quantity: Decimal, figures: Mapping[str, Decimal]) -> Priced:
        """Return what the formula makes of a quantity and further figures.

        Raises:
            FormulaError: a figure is missing, or the formula divides by zero.
        """
        missing = [name for name in self.names if name not in figures]
        if missing:
            raise FormulaError(f"The formula needs {' and '.join(missing)}; pass each figure by its name.")
        known = (Figure(QUANTITY, require_quantity(quantity)), *(Figure(name, figures[name]) for name in self.names))
        evaluated = Evaluated(expression=self.expression, figures=known)
        rounded = Rounded(places=PRICE_DECIMALS, mode=Rounding.HALF_UP)
        steps: tuple[Step, ...] = (evaluated, rounded)
        return Priced(amount=exact.from_fraction(run(steps)), steps=steps)
