"""Prices that look at single events, told step by step."""

from datetime import UTC, datetime
from decimal import Decimal

from tests.core.agreements import EUR

from billhook.core.derivation import AtMost, Fee, Step, Units
from billhook.core.price import Priced, PriceModel, price_usage
from billhook.core.price.capacity import Capacity, CapacityTier, Limit
from billhook.core.price.chain import Chain, Maximum
from billhook.core.price.filtered import Filtered, FilteredPrice, PropertyFilter
from billhook.core.price.per_unit import PerUnit
from billhook.core.usage import UsageEvent

D = Decimal


def unit(price: str) -> PerUnit:
    return PerUnit(unit_price=D(price), currency=EUR)


def event(key: str, quantity: str, **properties: Decimal | str) -> UsageEvent:
    return UsageEvent(key=key, at=datetime(2026, 3, 1, tzinfo=UTC), quantity=D(quantity), properties=properties)


def filtered(price: PriceModel) -> Filtered:
    """Return a price for peering and transit in the EU, and 1.00 a unit for all else."""
    european = PropertyFilter(name="region", values=("eu", "uk"))
    kind = PropertyFilter(name="kind", values=("peering",))
    return Filtered(default=unit("1"), prices=(FilteredPrice(filters=(european, kind), price=price),))


EVENTS = (event("a", "2"), event("b", "3", region="uk", kind="peering"))


def steps_of(price: Filtered) -> tuple[Step, ...]:
    return price_usage(price, EVENTS).steps


def test_prices_that_add_up_are_told_one_after_the_other() -> None:
    assert steps_of(filtered(unit("0.5"))) == (
        Units(quantity=D(3), unit_price=D("0.5")),
        Units(quantity=D(2), unit_price=D(1)),
    )


def test_a_price_that_would_change_those_before_it_is_told_as_one_sum_by_its_name() -> None:
    capped = Chain(first=unit("9"), links=(Maximum(amount=D(4)),))
    assert steps_of(filtered(capped)) == (*capped.price(D(3)).steps, Units(quantity=D(2), unit_price=D(1)))
    after_others = Filtered(default=capped, prices=filtered(unit("0.5")).prices)
    assert steps_of(after_others) == (
        Units(quantity=D(3), unit_price=D("0.5")),
        Fee(name="all else", amount=D(4)),
    )
    both = (*filtered(unit("0.5")).prices, *filtered(capped).prices)
    other = FilteredPrice(filters=(PropertyFilter(name="zone", values=("b", "c")),), price=both[1].price)
    found = price_usage(Filtered(default=unit("1"), prices=(both[0], other)), (*EVENTS, event("c", "1", zone="c")))
    assert found.steps[1] == Fee(name="zone b, c", amount=D(4))
    european = price_usage(
        Filtered(default=unit("1"), prices=(FilteredPrice(filters=other.filters, price=unit("2")), both[1])),
        (event("b", "3", region="uk", kind="peering"), event("c", "1", zone="c")),
    )
    assert european.steps == (
        Units(quantity=D(1), unit_price=D(2)),
        Fee(name="region eu, uk and kind peering", amount=D(4)),
    )
    assert isinstance(capped.price(D(3)).steps[-1], AtMost)


def test_a_quantity_without_properties_has_the_default_price() -> None:
    assert filtered(unit("0.5")).price(D(7)) == Priced(
        amount=D(7), steps=(Units(quantity=D(7), unit_price=D(1)),), unit_price=D(1)
    )


def test_the_peak_is_the_highest_of_all_events_not_the_last() -> None:
    def tier(up_to: str, amount: str) -> CapacityTier:
        return CapacityTier(limits=(Limit(meter="seats", up_to=D(up_to)),), amount=D(amount))

    price = Capacity(currency=EUR, tiers=(tier("10", "50"), tier("20", "80")))
    assert price_usage(price, [event("a", "1", seats=D(20)), event("b", "1", seats=D(5))]).amount == 80
