"""Floats, and what is not finite or no number, are refused wherever money, taxes and prices ask for a figure."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from tests.core.agreements import event

from billhook.core.exact import NotExactError, number, require
from billhook.core.money import Money, currency
from billhook.core.price.capacity import CapacityTier, Limit
from billhook.core.price.chain import Maximum, Minimum, Multiplier, Surcharge
from billhook.core.price.flat import Flat
from billhook.core.price.graduated_percentage import PercentTier
from billhook.core.price.package import Package
from billhook.core.price.per_unit import PerUnit
from billhook.core.price.percentage import Percentage
from billhook.core.price.percentage_of import PercentageOf
from billhook.core.price.pooled import Pooled
from billhook.core.price.tiers import Tier
from billhook.core.tax_rules import TaxRule

EUR = currency("EUR")
D = Decimal
CENT = PerUnit(currency=EUR, unit_price=D("0.01"))


def rule(percent: object, fixed: object = None) -> TaxRule:
    """Return value-added tax of a percentage, or a fixed one."""
    return TaxRule(tax_category="standard", code="VAT", name="VAT", percent=percent, fixed=fixed)  # type: ignore[arg-type]


FIGURES: list[tuple[str, Callable[[object], object]]] = [
    ("figure", require),
    ("amount", lambda bad: Money(bad, EUR)),  # type: ignore[arg-type]
    ("flat price", lambda bad: Flat(currency=EUR, amount=bad)),  # type: ignore[arg-type]
    ("quantity", lambda bad: Flat(currency=EUR, amount=D(1)).price(bad)),  # type: ignore[arg-type]
    ("unit price", lambda bad: PerUnit(currency=EUR, unit_price=bad)),  # type: ignore[arg-type]
    ("quantity", CENT.price),
    ("block price", lambda bad: Package(currency=EUR, size=D(1), block_price=bad)),  # type: ignore[arg-type]
    ("block size", lambda bad: Package(currency=EUR, size=bad, block_price=D(1))),  # type: ignore[arg-type]
    ("free units", lambda bad: Package(currency=EUR, size=D(1), block_price=D(1), free=bad)),  # type: ignore[arg-type]
    ("tier's bound", lambda bad: Tier(up_to=bad)),  # type: ignore[arg-type]
    ("tier's unit price", lambda bad: Tier(up_to=None, unit_price=bad)),  # type: ignore[arg-type]
    ("tier's flat fee", lambda bad: Tier(up_to=None, flat_fee=bad)),  # type: ignore[arg-type]
    ("tier's block", lambda bad: Tier(up_to=None, block=bad)),  # type: ignore[arg-type]
    ("tier's percentage", lambda bad: PercentTier(up_to=None, percent=bad)),  # type: ignore[arg-type]
    ("limit of seats", lambda bad: Limit(meter="seats", up_to=bad)),  # type: ignore[arg-type]
    ("tier's amount", lambda bad: CapacityTier(limits=(), amount=bad)),  # type: ignore[arg-type]
    ("factor", lambda bad: Multiplier(factor=bad)),  # type: ignore[arg-type]
    ("minimum", lambda bad: Minimum(amount=bad)),  # type: ignore[arg-type]
    ("maximum", lambda bad: Maximum(amount=bad)),  # type: ignore[arg-type]
    ("surcharge", lambda bad: Surcharge(name="set-up", amount=bad)),  # type: ignore[arg-type]
    ("increment of a", lambda bad: event("a", "1", increment=bad)),  # type: ignore[arg-type]
    ("amount of a", lambda bad: event("a", "1", amount=bad)),  # type: ignore[arg-type]
    ("unit price", lambda bad: Pooled(currency=EUR, unit_price=bad, pool_product="a", factor=D(1))),  # type: ignore[arg-type]
    ("factor", lambda bad: Pooled(currency=EUR, unit_price=D(1), pool_product="a", factor=bad)),  # type: ignore[arg-type]
    ("percentage", lambda bad: PercentageOf(currency=EUR, percent=bad)),  # type: ignore[arg-type]
    ("base", lambda bad: PercentageOf(currency=EUR, percent=D(1)).price(bad)),  # type: ignore[arg-type]
    ("percentage", lambda bad: Percentage(currency=EUR, percent=bad)),  # type: ignore[arg-type]
    ("fee", lambda bad: Percentage(currency=EUR, percent=D(1), fee=bad)),  # type: ignore[arg-type]
    ("free volume", lambda bad: Percentage(currency=EUR, percent=D(1), free_volume=bad)),  # type: ignore[arg-type]
    ("minimum", lambda bad: Percentage(currency=EUR, percent=D(1), minimum=bad)),  # type: ignore[arg-type]
    ("maximum", lambda bad: Percentage(currency=EUR, percent=D(1), maximum=bad)),  # type: ignore[arg-type]
    ("rate of VAT", rule),
    ("amount of VAT", lambda bad: rule(D(0), bad)),
]


@pytest.mark.parametrize(("what", "build"), FIGURES, ids=[what for what, _ in FIGURES])
def test_a_float_is_refused_wherever_a_figure_is_asked_for(what: str, build: Callable[[object], object]) -> None:
    with pytest.raises(NotExactError) as refused:
        build(0.5)
    assert str(refused.value) == f"The {what} is 0.5; give it as an exact decimal, never as a float."


@pytest.mark.parametrize(("what", "build"), FIGURES[1:], ids=[what for what, _ in FIGURES[1:]])
def test_a_figure_that_is_not_finite_is_refused(what: str, build: Callable[[object], object]) -> None:
    with pytest.raises(NotExactError) as refused:
        build(D("Infinity"))
    assert str(refused.value) == f"The {what} is Infinity; give a finite decimal."


NUMBERS: list[tuple[object, str]] = [
    (0.5, "The amount is 0.5; give it as a decimal in text, such as '0.05'."),
    (True, "The amount is True; give it as a decimal in text, such as '0.05'."),
    ("0,05", "The amount '0,05' is not a number; write it such as '0.05'."),
    ("NaN", "The amount is NaN; give a finite decimal."),
    (D("-Infinity"), "The amount is -Infinity; give a finite decimal."),
]


@pytest.mark.parametrize(("value", "sentence"), NUMBERS)
def test_what_is_no_amount_is_refused(value: object, sentence: str) -> None:
    with pytest.raises(NotExactError) as refused:
        Money.of(value, EUR)  # type: ignore[arg-type]
    assert str(refused.value) == sentence
    with pytest.raises(NotExactError) as unnamed:
        number(value)  # type: ignore[arg-type]
    assert str(unnamed.value) == sentence.replace("amount", "figure")
    with pytest.raises(NotExactError) as factor:
        Money.of(1, EUR) * value  # type: ignore[operator]
    assert str(factor.value) == sentence.replace("amount", "factor")
