"""The versions of a line follow the steps of its changes; left out, what stood before stands again."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billhook.core.phases import WITHOUT_END
from billhook.orders.timeline import Do, Laid, Step, Stretch, Terms, fold, lay

START = date(2026, 3, 1)
ONE, TWO, THREE = (Terms(quantity=Decimal(number), own_price="p") for number in (1, 2, 3))


def day(number):
    return START + timedelta(days=number)


def laid(version, start, end, terms, *, until=WITHOUT_END):
    return Laid(version=version, start=start, end=end, until=until, terms=terms)


def to(number, on, **given):
    return Step(on=day(on), do=Do.SET, quantity=Decimal(number), **given)


BASE = [Stretch(START, WITHOUT_END, ONE)]


@pytest.mark.parametrize(
    ("steps", "held"),
    [
        ([], [(0, None, ONE)]),
        ([to(2, 10)], [(0, 10, ONE), (10, None, TWO)]),
        ([to(2, 10), to(3, 5)], [(0, 5, ONE), (5, 10, THREE), (10, None, TWO)]),
        ([to(2, 10), to(2, 5)], [(0, 5, ONE), (5, None, TWO)]),
        ([to(2, 10), to(3, 10)], [(0, 10, ONE), (10, None, THREE)]),
        ([Step(on=day(4), do=Do.END), to(2, 2)], [(0, 2, ONE), (2, 4, TWO)]),
        ([Step(on=day(4), do=Do.REST), Step(on=day(6), do=Do.RUN)], [(0, 4, ONE), (6, None, ONE)]),
        ([Step(on=day(4), do=Do.REST), Step(on=day(4), do=Do.RUN)], [(0, None, ONE)]),
        ([Step(on=START, do=Do.END)], []),
    ],
)
def test_the_days_have_the_terms_that_the_steps_up_to_them_leave(steps, held):
    expected = [Stretch(day(a), WITHOUT_END if b is None else day(b), terms) for a, b, terms in held]
    assert fold(BASE, steps) == expected


def test_a_quantity_and_a_price_are_set_apart_and_a_phase_keeps_its_own_price():
    base = [Stretch(START, day(9), ONE), Stretch(day(9), WITHOUT_END, Terms(quantity=Decimal(1), own_price="q"))]
    found = fold(base, [to(2, 3), Step(on=day(5), do=Do.SET, price_id=7)])
    two_at = [("p", None), ("", 7)]
    assert found == [
        Stretch(START, day(3), ONE),
        *(
            Stretch(a, b, Terms(quantity=Decimal(2), own_price=own, price_id=pk))
            for (own, pk), (a, b) in zip(two_at, [(day(3), day(5)), (day(5), WITHOUT_END)], strict=True)
        ),
    ]


def test_a_rest_may_cost_a_price_of_its_own():
    steps = [Step(on=day(4), do=Do.REST, own_price="parked"), Step(on=day(6), do=Do.RUN)]
    parked = Terms(quantity=Decimal(1), own_price="parked")
    assert fold(BASE, steps) == [
        Stretch(START, day(4), ONE),
        Stretch(day(4), day(6), parked),
        Stretch(day(6), WITHOUT_END, ONE),
    ]


def test_a_version_that_was_ended_runs_on_and_the_one_after_it_is_emptied():
    versions = [laid(1, START, day(10), ONE), laid(2, day(10), WITHOUT_END, TWO)]
    plan = lay(versions, BASE)
    assert (plan.ends, plan.opened) == ({1: WITHOUT_END, 2: day(10)}, ())


def test_days_that_were_given_back_are_not_billed_again_under_their_version():
    versions = [laid(1, START, day(10), ONE, until=day(10)), laid(2, day(10), WITHOUT_END, TWO)]
    plan = lay(versions, BASE)
    assert (plan.ends, plan.opened) == ({1: day(10), 2: day(10)}, (Stretch(day(10), WITHOUT_END, ONE),))


def test_an_emptied_version_stands_again_rather_than_that_another_is_opened():
    versions = [laid(1, START, WITHOUT_END, ONE), laid(2, day(10), day(10), TWO)]
    plan = lay(versions, [Stretch(START, day(10), ONE), Stretch(day(10), WITHOUT_END, TWO)])
    assert (plan.ends, plan.opened) == ({1: day(10), 2: WITHOUT_END}, ())


numbers = st.integers(min_value=0, max_value=20)
any_step = st.builds(
    Step,
    on=numbers.map(day),
    do=st.sampled_from(Do),
    quantity=st.integers(min_value=0, max_value=3).map(Decimal),
)


@given(st.lists(st.lists(any_step, max_size=5), max_size=4))
def test_however_often_the_steps_change_the_versions_are_exactly_what_is_wanted(rounds):
    versions = [laid(1, START, WITHOUT_END, ONE)]
    for steps in rounds:
        wanted = fold(BASE, steps)
        plan = lay(versions, wanted)
        versions = [laid(item.version, item.start, plan.ends[item.version], item.terms) for item in versions]
        opened = enumerate(plan.opened, start=len(versions) + 1)
        versions += [laid(number, stretch.start, stretch.end, stretch.terms) for number, stretch in opened]
        live = sorted((item for item in versions if item.end > item.start), key=lambda item: item.start)
        assert all(earlier.end <= later.start for earlier, later in pairwise(live))
        for number in range(25):
            terms = [item.terms for item in live if item.start <= day(number) < item.end]
            assert terms == [item.terms for item in wanted if item.start <= day(number) < item.end]
