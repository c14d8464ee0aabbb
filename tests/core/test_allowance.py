"""Allowances, roll-over and prepaid balances."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billhook.core import exact
from billhook.core.allowance import (
    Allowance,
    AllowanceError,
    Counts,
    PartialCycle,
    RollOver,
    Use,
    consume,
    for_part,
    pooled,
    roll_over,
)
from billhook.core.money import MixedCurrenciesError, Money, currency
from billhook.core.prepaid import (
    InsufficientCreditError,
    debit,
    permitted_quantity,
    permitted_units,
    require_covered,
)
from billhook.core.price.graduated import Graduated
from billhook.core.price.tiers import Tier
from billhook.core.proration import Basis, Proportion

EUR = currency("EUR")
D = Decimal
MARCH = datetime(2026, 3, 1, tzinfo=UTC)


def use(quantity: str, *, minute: int = 0, key: str = "", **options: object) -> Use:
    at = MARCH + timedelta(minutes=minute)
    return Use(key=key or f"call {minute}", at=at, quantity=D(quantity), **options)


def allowance(key: str, left: str, **options: object) -> Allowance:
    return Allowance(key=key, left=D(left), **options)


def test_the_rest_of_what_is_included_is_charged() -> None:
    found = consume([allowance("plan", "77")], [use("123")])
    assert (found.covered, found.rest, found.of("plan").left) == (77, 46, 0)
    step = found.uses[0].taken[0].step()
    assert step.words() == "77 included in plan"
    assert step.apply(5) == 5


def test_the_own_increment_comes_before_that_of_the_price_and_a_rest_below_it_is_not_used() -> None:
    buckets = [allowance("coarse", "70", increment=D(60), priority=2), allowance("fine", "10", priority=1)]
    found = consume(buckets, [use("20")])
    assert (found.of("fine").left, found.of("coarse").left, found.rest) == (0, 10, 0)
    assert consume([allowance("coarse", "70", increment=D(60))], [use("80")]).covered == 60
    assert consume([allowance("plan", "70")], [use("80", increment=D(60))]).covered == 60
    assert consume([allowance("plan", "40", increment=D(20))], [use("5")]).of("plan").left == 20


@pytest.mark.parametrize(
    "ordered",
    [
        [{"priority": 1, "shared": True}, {"priority": 2}],
        [{}, {"shared": True, "valid_until": MARCH + timedelta(days=1)}],
        [{"valid_until": MARCH + timedelta(days=1)}, {"valid_until": MARCH + timedelta(days=2)}, {}],
        [{"cycles": 1}, {}],
        [{}, {"counts": Counts.MONEY}],
    ],
)
def test_the_order_in_which_allowances_are_consumed(ordered: list[dict[str, object]]) -> None:
    given_first = [allowance(str(-index), "10", **options) for index, options in enumerate(ordered)]
    found = consume(reversed(given_first), [use("5", unit_price=D(1))])
    assert [item.allowance for item in found.uses[0].taken] == ["0"]


def test_money_covers_units_at_their_price_and_units_come_first() -> None:
    found = consume(
        [allowance("money", "2.00", counts=Counts.MONEY), allowance("units", "10")], [use("240", unit_price=D("0.1"))]
    )
    assert (found.covered, found.rest, found.of("money").left) == (30, 210, 0)
    short = consume([allowance("money", "0.25", counts=Counts.MONEY)], [use("9", unit_price=D("0.1"))])
    assert (short.covered, short.of("money").left) == (2, D("0.05"))
    for price in (None, D(0)):
        assert consume([allowance("money", "1", counts=Counts.MONEY)], [use("9", unit_price=price)]).covered == 0


def test_only_usage_of_its_product_and_time_is_covered() -> None:
    limited = allowance(
        "sms", "9", products=frozenset({"sms"}), valid_from=MARCH, valid_until=MARCH + timedelta(minutes=1)
    )
    uses = [
        use("1", key=str(index), minute=minute, product=product)
        for index, (minute, product) in enumerate([(-1, "sms"), (0, "sms"), (1, "sms"), (0, "voice")])
    ]
    assert {found.use.key: found.units for found in consume([limited], uses).uses} == {"0": 0, "1": 1, "2": 0, "3": 0}


USES = st.lists(st.tuples(st.integers(0, 5), st.decimals(0, 100, places=1)), max_size=8)
ALLOWANCES = st.lists(
    st.builds(
        Allowance,
        key=st.uuids().map(str),
        left=st.decimals(0, 100, places=1),
        counts=st.sampled_from(Counts),
        priority=st.integers(0, 1),
        shared=st.booleans(),
        increment=st.none() | st.sampled_from([D(1), D(7)]),
    ),
    max_size=4,
)


@given(ALLOWANCES, USES, st.randoms())
def test_what_is_covered_does_not_depend_on_the_order_of_arrival(
    allowances: list[Allowance], found: list[tuple[int, Decimal]], random: object
) -> None:
    uses = [
        use(str(units), minute=minute, key=str(key), unit_price=D("0.3")) for key, (minute, units) in enumerate(found)
    ]
    one = consume(allowances, uses)
    random.shuffle(uses)  # type: ignore[attr-defined]
    random.shuffle(allowances)  # type: ignore[attr-defined]
    assert consume(allowances, uses) == one
    assert exact.add(one.covered, one.rest) == exact.total(item.quantity for item in uses)
    assert all(item.left >= 0 for item in one.left)
    taken = sum(item.given for covered in one.uses for item in covered.taken)
    assert one.covered <= taken


def test_a_part_of_a_cycle_includes_its_part() -> None:
    plan, part = allowance("plan", "100"), Proportion(10, 31, Basis.DAYS)
    assert for_part(plan, part).left == 32
    assert for_part(plan, part, places=2).left == D("32.26")
    assert for_part(allowance("plan", "100", increment=D(30)), part).left == 30
    assert for_part(plan, part, policy=PartialCycle.FULL) == plan
    assert for_part(plan, part, policy=PartialCycle.NOTHING).left == 0
    assert for_part(plan, Proportion(31, 31, Basis.DAYS)) == plan


def test_a_pool_of_holders() -> None:
    assert pooled(allowance("plan", "10"), 2) == allowance("plan", "20", shared=True)
    with pytest.raises(AllowanceError):
        pooled(allowance("plan", "10"), -1)


def test_what_is_left_rolls_over_up_to_its_cap_and_for_its_cycles() -> None:
    april, may = MARCH + timedelta(days=31), MARCH + timedelta(days=61)
    left = [allowance("old", "30", cycles=1, valid_until=april), allowance("plan", "80", valid_until=april)]
    (rolled,) = roll_over(left, RollOver(cycles=1, cap=D(50)), valid_until=may)
    assert (rolled.key, rolled.left, rolled.cycles, rolled.valid_from, rolled.valid_until) == (
        "plan+1",
        50,
        1,
        april,
        may,
    )
    both = roll_over(left, RollOver(cycles=2, cap=D(100)), valid_until=may)
    assert [(item.left, item.cycles) for item in both] == [(80, 1), (20, 2)]
    assert [item.left for item in roll_over(left, RollOver(cycles=3), valid_until=None)] == [80, 30]
    fresh = allowance("fresh", "80", valid_until=may)
    used = consume([fresh, rolled], [use("60", minute=45000)])
    assert (used.of("plan+1").left, used.of("fresh").left) == (0, 70)


def test_allowances_and_usage_that_make_no_sense_are_refused() -> None:
    for build in (
        lambda: allowance("plan", "-1"),
        lambda: allowance("plan", "1", increment=D(0)),
        lambda: allowance("plan", "1", valid_from=MARCH, valid_until=MARCH),
        lambda: use("-1"),
        lambda: use("1", increment=D(0)),
        lambda: use("1", unit_price=D(-1)),
        lambda: RollOver(cycles=0),
        lambda: RollOver(cap=D(-1)),
        lambda: consume([], [use("1"), use("1")]),
    ):
        with pytest.raises(AllowanceError):
            build()
    with pytest.raises(exact.NotExactError):
        Allowance(key="plan", left=0.5)  # type: ignore[arg-type]


def test_a_balance_pays_or_refuses() -> None:
    balance = Money.of("1.00", EUR)
    assert debit(balance, Money.of("0.30", EUR)) == Money.of("0.70", EUR)
    with pytest.raises(InsufficientCreditError, match=r"top up 1.50 EUR"):
        debit(balance, Money.of("2.50", EUR))
    assert debit(balance, Money.of("2.50", EUR), negative_allowed=True) == Money.of("-1.50", EUR)
    assert debit(Money.of(-1, EUR), Money.zero(EUR)) == Money.of(-1, EUR)
    with pytest.raises(MixedCurrenciesError):
        debit(balance, Money.of(1, "USD"))
    require_covered(consume([allowance("plan", "5")], [use("5")]))
    with pytest.raises(InsufficientCreditError, match="leave 1 without a price"):
        require_covered(consume([allowance("plan", "5")], [use("6")]))


def test_what_an_available_amount_permits() -> None:
    tiers = (Tier(up_to=D(60), unit_price=D(1), block=D(60)), Tier(up_to=D(999), unit_price=D("0.1"), block=D(60)))
    price = Graduated(currency=EUR, tiers=tiers)
    assert permitted_quantity(price, Money.of("1.15", EUR), 999) == 120
    assert permitted_quantity(price, Money.of(100000, EUR), 2000) == 999
    assert permitted_quantity(price, Money.of("0.5", EUR), 999) == 0
    assert permitted_units(Money.of("1.00", EUR), D("0.3")) == 3
    assert permitted_units(Money.of(1, EUR), D(0)) is None
    assert permitted_units(Money.of(-1, EUR), D(1)) == 0
