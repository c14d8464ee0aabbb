"""Customers stand under each other in a forest, whatever is asked for in which order."""

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.builders import make_company
from tests.customers.joining import BY, chain, events, join, open_company, put, statements

from billhook.core.errors import Refusal
from billhook.customers.hierarchy import (
    DEEPEST,
    ancestors,
    children_rolled_up,
    descendants,
    invoiced_ancestor,
    invoiced_ancestors,
    levels_below,
)
from billhook.customers.models import Customer
from billhook.customers.operations.close import close_customer
from billhook.customers.operations.merge import merge_customers
from billhook.customers.operations.parent import (
    OwnParentError,
    ParentCycleError,
    ParentNotOpenError,
    ParentOfAnotherCompanyError,
    TooDeepError,
)
from billhook.customers.queries import UnknownCustomerError, by_number
from billhook.customers.refusals import CustomerClosedError
from billhook.foundation.scope import company_scope

pytestmark = pytest.mark.usefixtures("company")


def numbers(customers):
    return [customer.number for customer in customers]


def test_a_parent_is_set_changed_and_taken_away():
    top, other, child = join("1"), join("2"), join("3")
    for parent in (top, top, other, None):
        put(child, parent)
    assert by_number("3").parent is None
    assert [(told["earlier"], told["parent"]) for told in events("customer.parent_set")] == [
        ("nobody", "1"), ("1", "2"), ("2", "nobody"),
    ]  # fmt: skip


def test_nobody_stands_under_itself():
    customer = join()
    with pytest.raises(OwnParentError, match="Customer 1001 cannot stand under itself"):
        put(customer, customer)
    with pytest.raises(IntegrityError, match="customer_not_its_own_parent"), transaction.atomic():
        Customer.objects.filter(pk=customer.pk).update(parent=customer)


def test_nobody_stands_under_one_who_stands_under_it():
    top, _, bottom = chain("1", "2", "3")
    with pytest.raises(ParentCycleError, match="Customer 3 stands under 1 already: put 3 elsewhere first"):
        put(top, bottom)
    assert by_number("1").parent is None


def test_a_parent_is_of_the_same_company_even_where_the_tree_is_read(company):
    child_company = make_company("below", parent=company)
    with company_scope(child_company):
        open_for = open_company("elsewhere")
    with company_scope(open_for):
        stranger = join("77")
    mine = join("1")
    with pytest.raises(ParentOfAnotherCompanyError, match="Customer 77 belongs to another company"):
        put(mine, stranger)


@pytest.mark.parametrize("ending", ["closed", "merged"])
def test_nobody_is_put_under_one_who_is_gone(ending):
    gone, child = join("1"), join("2")
    if ending == "closed":
        close_customer(customer=gone, **BY)
    else:
        merge_customers(kept=join("9"), gone=gone, **BY)
    with pytest.raises(ParentNotOpenError, match=f"Customer 1 is {ending}: nobody can be put under it"):
        put(child, gone)
    with pytest.raises(ParentNotOpenError):
        join("3", parent="1")


def test_one_who_is_closed_is_not_put_elsewhere():
    gone, top = close_customer(customer=join("1"), **BY), join("2")
    with pytest.raises(CustomerClosedError):
        put(gone, top)


def test_a_tree_has_twenty_levels_at_most():
    made = chain(*(str(place) for place in range(DEEPEST)))
    with pytest.raises(TooDeepError, match="21 customers would stand one under the other, but at most 20 may"):
        join("x", parent=made[-1].number)
    pair = chain("a", "b")
    with pytest.raises(TooDeepError, match="21 customers"):
        put(pair[0], made[-2])
    put(pair[0], made[-3])
    assert levels_below(made[0]) == DEEPEST - 1


def test_a_new_customer_may_begin_under_another():
    join("1")
    assert join("2", parent="1").parent.number == "1"
    with pytest.raises(UnknownCustomerError, match="4711"):
        join("3", parent="4711")
    assert not Customer.objects.filter(number="3").exists()


def make_group():
    """Return a group: 1 over 2 (rolled up) over 3 (separate) over 4 (rolled up), and 5 under 1, rolled up."""
    one, two = join("1"), join("2", parent="1", invoiced_separately=False)
    three = join("3", parent="2")
    return (
        one,
        two,
        three,
        join("4", parent="3", invoiced_separately=False),
        join("5", parent="1", invoiced_separately=False),
    )


def test_the_tree_is_read_upwards_and_downwards():
    one, two, three, four, _ = make_group()
    assert numbers(ancestors(four)) == ["3", "2", "1"]
    assert numbers(descendants(one)) == ["2", "5", "3", "4"]
    assert ancestors(one) == descendants(four) == []
    assert (levels_below(one), levels_below(two), levels_below(three)) == (3, 2, 1)


def test_each_is_billed_on_the_invoice_of_the_nearest_one_who_is_invoiced():
    group = make_group()
    found = invoiced_ancestors(group)
    assert [found[one.pk].number for one in group] == ["1", "1", "3", "3", "1"]
    assert invoiced_ancestor(group[3]).number == "3"


def test_one_at_the_top_is_invoiced_whatever_is_said():
    assert invoiced_ancestor(join("1", invoiced_separately=False)).number == "1"


def test_an_invoice_takes_in_those_who_are_rolled_up():
    group = make_group()
    found = children_rolled_up(group)
    assert {number: numbers(found[one.pk]) for number, one in zip("12345", group, strict=True)} == {
        "1": ["2", "5"], "2": [], "3": ["4"], "4": [], "5": [],
    }  # fmt: skip


def test_the_two_readings_agree():
    group = make_group()
    upwards = invoiced_ancestors(group)
    for payer, members in children_rolled_up(group).items():
        assert {one.pk for one in members} == {
            one.pk for one in group if upwards[one.pk].pk == payer and one.pk != payer
        }


@pytest.mark.parametrize("read", [invoiced_ancestors, children_rolled_up])
def test_the_number_of_statements_does_not_depend_on_how_many_customers(read):
    small = [*chain("1", "2"), join("3", parent="2", invoiced_separately=False)]
    first = statements(lambda: read(small))
    many = [join(str(place), parent="2", invoiced_separately=place % 2 == 0) for place in range(100, 130)]
    assert statements(lambda: read([*small, *many])) == first == 2


MOVES = st.lists(st.tuples(st.integers(0, 5), st.one_of(st.none(), st.integers(0, 5))), max_size=12)


@settings(max_examples=25, deadline=None)
@given(moves=MOVES)
def test_whatever_is_moved_it_stays_a_forest(moves):
    with transaction.atomic():
        customers = [join(f"f{place}") for place in range(6)]
        parents = dict.fromkeys(range(6))
        for child, parent in moves:
            above, at = set(), parent
            while at is not None:
                above.add(at)
                at = parents[at]
            allowed = child not in above
            try:
                put(customers[child], None if parent is None else customers[parent])
                assert allowed
                parents[child] = parent
            except Refusal:
                assert not allowed
        for place, customer in enumerate(customers):
            customer.refresh_from_db()
            assert (customer.parent and customer.parent.number) == (
                None if parents[place] is None else f"f{parents[place]}"
            )
            assert len(ancestors(customer)) < 6
        transaction.set_rollback(True)
