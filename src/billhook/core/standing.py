"""Standing: prices that stand on other lines of the agreement, by their quantity or by what they come to."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from graphlib import CycleError, TopologicalSorter

from billhook.core.agreement import AgreedLine, Agreement, AgreementError, ChargeKind
from billhook.core.meters import QUANTITY_DECIMALS
from billhook.core.period import Period
from billhook.core.price import Priced, PriceModel
from billhook.core.price.chain import Chain
from billhook.core.price.percentage_of import BaseLine, PercentageOf
from billhook.core.price.pooled import Pooled
from billhook.core.rounding import to_places


def pool_of(price: PriceModel | None) -> str | None:
    """Return the product whose quantity includes units of a price, or None where there is none."""
    if isinstance(price, Pooled):
        return price.pool_product
    return pool_of(price.first) if isinstance(price, Chain) else None


def pooled(price: PriceModel, agreement: Agreement, period: Period) -> PriceModel:
    """Return a price with the pool that it has in a period; any other as it is.

    The pool is filled by the recurring lines of its product: each by its quantity, for the part of the days on which
    it is active.
    """
    if isinstance(price, Pooled):
        return price.with_pool(to_places(_quantity(agreement, price.pool_product, period), QUANTITY_DECIMALS))
    if isinstance(price, Chain):
        return replace(price, first=pooled(price.first, agreement, period))
    return price


def _quantity(agreement: Agreement, product: str, period: Period) -> Fraction:
    """Return the quantity of a product over the days of a period, on average."""
    lines = [line for line in agreement.lines if line.kind is ChargeKind.RECURRING and line.product == product]
    days = sum(
        (
            Fraction(line.quantity) * found.days
            for line in lines
            for part in line.active
            if (found := part.intersect(period))
        ),
        Fraction(0),
    )
    return days / period.days


def percentage_of(price: PriceModel | None) -> PercentageOf | None:
    """Return the percentage of other lines that a price is, through links or not, or None."""
    if isinstance(price, PercentageOf):
        return price
    return percentage_of(price.first) if isinstance(price, Chain) else None


def priced_on(price: PriceModel, lines: Iterable[BaseLine]) -> Priced:
    """Return what a price comes to that is a percentage of lines."""
    if isinstance(price, Chain):
        return price.through(priced_on(price.first, lines))
    if isinstance(price, PercentageOf):
        return price.price_lines(lines)
    raise AgreementError("This price is no percentage of other lines; price its quantity.")


def stands_on(line: AgreedLine, other: AgreedLine) -> bool:
    """Return whether the price of a line is a percentage of another line; never of itself, in no version of it."""
    price = percentage_of(line.price)
    return price is not None and line.group != other.group and price.stands_on(other.product)


def in_order(lines: Sequence[AgreedLine]) -> list[AgreedLine]:
    """Return lines that are percentages of others so that each follows those on which it stands.

    Raises:
        AgreementError: lines stand on each other.
    """
    by_key = {line.key: line for line in sorted(lines, key=lambda line: line.key)}
    order = TopologicalSorter(
        {key: [other.key for other in by_key.values() if stands_on(line, other)] for key, line in by_key.items()}
    )
    try:
        return [by_key[key] for key in order.static_order()]
    except CycleError as error:
        circle = " and ".join(sorted(set(error.args[1])))
        raise AgreementError(f"{circle} are percentages of each other; exclude the product of one.") from None
