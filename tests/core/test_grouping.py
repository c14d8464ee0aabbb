"""Grouping of a customer's lines into invoices, and granted credit that reduces the taxable base."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.agreements import EUR, FIRST, MONTH, VAT, agreement, day, line, usage, usage_line

from billhook.core.agreement import AgreedLine, Agreement, ChargeKind
from billhook.core.commitment import Commitment
from billhook.core.credit import CreditError, CreditUse, Grant, GrantKind
from billhook.core.derivation import recompute
from billhook.core.discount import Discount
from billhook.core.draft import InvoiceDraft, bill, from_bytes, to_bytes
from billhook.core.grouping import GroupBy, GroupingError, References, bill_groups, partition
from billhook.core.money import Money, sum_money
from billhook.core.price.flat import Flat
from billhook.core.usage import UsageError

D = Decimal


def eur(amount: str | int) -> Money:
    """Return euros."""
    return Money.of(amount, EUR)


def once(key: str, amount: str, **changes: Any) -> AgreedLine:
    """Return a one-time charge."""
    usual: dict[str, Any] = {
        "kind": ChargeKind.ONE_TIME,
        "cadence": None,
        "price": Flat(currency=EUR, amount=D(amount)),
        "product": key,
    }
    return line(key, **(usual | changes))


def granted(left: str, key: str = "G", **changes: Any) -> Grant:
    """Return granted credit that reduces the taxable base."""
    usual: dict[str, Any] = {
        "granted_on": FIRST,
        "kind": GrantKind.GRANTED,
        "use": CreditUse.REDUCES_BASE,
    }
    return Grant(key=key, left=eur(left), **(usual | changes))


def drafted(whole: Agreement, on: date = FIRST) -> InvoiceDraft:
    """Return the bill of an agreement, which can be stored and computed again."""
    draft = bill(whole, (), on)
    assert draft is not None
    assert from_bytes(to_bytes(draft)) == draft
    assert all(recompute(item.derivation) == item.amount for item in draft.lines)
    return draft


def rows(draft: InvoiceDraft) -> list[tuple[str, str]]:
    """Return order line and amount of each line."""
    return [(item.line_key, str(item.amount.amount)) for item in draft.lines]


def test_granted_credit_reduces_the_base_and_paid_credit_pays_after_tax() -> None:
    both = agreement(
        once("A", "100.00"), tax=VAT, grants=(granted("30.00"), Grant(key="P", left=eur(10), granted_on=FIRST))
    )
    draft = drafted(both)
    assert rows(draft) == [("A", "100.00"), ("G", "-30.00")]
    assert (str(draft.net), str(draft.tax), str(draft.total), str(draft.due)) == (
        "70.00 EUR",
        "14.70 EUR",
        "84.70 EUR",
        "74.70 EUR",
    )
    assert [(item.key, str(item.amount)) for item in draft.granted] == [("G", "30.00 EUR")]
    assert [(item.key, str(item.amount)) for item in draft.prepaid] == [("P", "10.00 EUR")]
    after = drafted(replace(both, grants=(replace(both.grants[0], use=CreditUse.PAYS),)))
    assert (str(after.tax), str(after.due), after.granted) == ("21.00 EUR", "91.00 EUR", ())
    with pytest.raises(CreditError, match="paid for"):
        granted("1.00", kind=GrantKind.PAID)


def test_granted_credit_is_spread_over_rates_and_stops_at_what_is_left_after_discounts() -> None:
    lines = (once("A", "75.00"), once("B", "25.00", tax_category="reduced"))
    draft = drafted(agreement(*lines, tax=VAT, grants=(granted("10.00"),)))
    assert rows(draft)[2:] == [("G", "-7.50"), ("G", "-2.50")]
    half = Discount(key="D", description="", percent=D(50), products=("A",))
    rest = drafted(agreement(*lines, tax=VAT, discounts=(half,), grants=(granted("99.00", products=("A",)),)))
    assert rows(rest)[2:] == [("D", "-37.50"), ("G", "-37.50")]
    assert str(rest.total) == "27.25 EUR"
    assert str(rest.granted[0].amount) == "37.50 EUR"


def test_granted_credit_leaves_penalties_and_never_takes_more_than_the_bill() -> None:
    late = once("late", "5.00", kind=ChargeKind.PENALTY)
    draft = drafted(
        agreement(once("A", "10.00"), late, grants=(granted("99.00"), granted("1.00", "later", priority=9)))
    )
    assert rows(draft) == [("A", "10.00"), ("late", "5.00"), ("G", "-10.00")]
    assert [item.key for item in draft.granted] == ["G"]
    back = drafted(agreement(once("A", "10.00"), once("B", "-8.00"), grants=(granted("99.00"),)))
    assert str(back.total) == "0.00 EUR"
    below = drafted(agreement(once("A", "1.00"), once("B", "-8.00"), grants=(granted("99.00"),)))
    assert (str(below.total), below.granted) == ("-7.00 EUR", ())


CENTS = st.integers(0, 10**5).map(lambda cents: str(D(cents).scaleb(-2)))


@given(
    st.lists(st.tuples(CENTS, st.sampled_from(["standard", "reduced"])), min_size=1, max_size=6),
    st.lists(st.decimals("0.01", "100", places=2), max_size=3),
    CENTS,
)
def test_a_grant_that_is_large_enough_leaves_nothing_and_another_is_used_up(
    charged: list[tuple[str, str]], percents: list[Decimal], left: str
) -> None:
    lines = [once(str(place), price, tax_category=category) for place, (price, category) in enumerate(charged)]
    discounts = tuple(Discount(key=f"D{n}", description="", percent=percent) for n, percent in enumerate(percents))
    whole = agreement(*lines, tax=VAT, discounts=discounts)
    before = drafted(whole)
    draft = drafted(replace(whole, grants=(granted(left),)))
    taken = sum_money((item.amount for item in draft.granted), EUR)
    assert draft.net == before.net - taken
    assert taken == min(eur(left), before.net)
    assert all(
        line.base.amount >= 0 or line.base >= small.base for line, small in zip(draft.taxes, before.taxes, strict=True)
    )


PO = {
    "A": References(order="O-1", purchase_order="PO-9", due_terms="30"),
    "B": References(order="O-2", purchase_order="PO-9", due_terms="14"),
    "C": References(order="O-3", purchase_order="PO-8", due_terms="30"),
}


def test_lines_are_partitioned_by_what_they_have_in_common() -> None:
    whole = agreement(*(line(key) for key in "CBA"))
    found = {
        by: [(group.key.place, [item.key for item in group.agreement.lines]) for group in partition(whole, PO, [by])]
        for by in (GroupBy.PURCHASE_ORDER, GroupBy.DUE_TERMS)
    }
    assert found == {
        GroupBy.PURCHASE_ORDER: [(("", "PO-8", "", "", ""), ["C"]), (("", "PO-9", "", "", ""), ["B", "A"])],
        GroupBy.DUE_TERMS: [(("", "", "", "", "14"), ["B"]), (("", "", "", "", "30"), ["C", "A"])],
    }
    assert len(partition(whole, PO, [GroupBy.PURCHASE_ORDER, GroupBy.DUE_TERMS])) == 3
    assert [group.agreement for group in partition(whole, PO, [])] == [whole]
    with pytest.raises(GroupingError, match="C has no references"):
        partition(whole, {"A": PO["A"], "B": PO["B"]}, [GroupBy.ORDER])


def test_a_commitment_stands_with_its_lines_and_spans_no_two_invoices() -> None:
    mine = Commitment(
        key="K", description="", amount=eur(50), cadence=MONTH, anchor=FIRST, active_from=FIRST, order_lines=("B",)
    )
    whole = agreement(*(line(key) for key in "ABC"), commitments=(mine,))
    found = partition(whole, PO, [GroupBy.ORDER])
    assert [len(group.agreement.commitments) for group in found] == [0, 1, 0]
    gone = replace(whole, commitments=(replace(mine, order_lines=("ended",)),))
    assert [len(group.agreement.commitments) for group in partition(gone, PO, [GroupBy.ORDER])] == [1, 0, 0]
    wide = replace(whole, commitments=(replace(mine, order_lines=("A", "B")),))
    assert len(partition(wide, PO, [GroupBy.PURCHASE_ORDER])) == 2, "A and B share their purchase order"
    with pytest.raises(GroupingError, match="counts lines of 2 invoices"):
        partition(wide, PO, [GroupBy.ORDER])


def test_fixed_discounts_and_credit_go_from_one_invoice_to_the_next() -> None:
    coupon = Discount(key="D", description="", amount=eur(30))
    tenth = Discount(key="T", description="", percent=D(10))
    whole = agreement(
        *(line(key) for key in "ABC"),
        discounts=(tenth, coupon),
        grants=(granted("8.00"), Grant(key="P", left=eur(5), granted_on=FIRST)),
    )
    with pytest.raises(GroupingError, match="D is one sum for 3 invoices"):
        partition(whole, PO, [GroupBy.ORDER])
    found = bill_groups(whole, PO, [GroupBy.ORDER], (), FIRST)
    assert [(item.key.order, rows(item.draft), str(item.draft.due.amount)) for item in found] == [
        ("O-1", [("A", "20.00"), ("T", "-2.00"), ("D", "-18.00")], "0.00"),
        ("O-2", [("B", "20.00"), ("T", "-2.00"), ("D", "-12.00"), ("G", "-6.00")], "0.00"),
        ("O-3", [("C", "20.00"), ("T", "-2.00"), ("G", "-2.00")], "11.00"),
    ]
    (alone,) = bill_groups(whole, PO, [], (), FIRST)
    assert alone.draft == bill(whole, (), FIRST)


def test_usage_goes_to_the_invoice_of_its_line_and_an_empty_group_has_none() -> None:
    whole = agreement(line("A", billed_through=day("05-01")), usage_line("B"))
    found = bill_groups(whole, PO, [GroupBy.ORDER], (usage(line="B"),), day("04-01"))
    assert [(item.key.order, rows(item.draft)) for item in found] == [("O-2", [("B", "1.50")])]
    with pytest.raises(UsageError, match="guide it"):
        bill_groups(whole, PO, [GroupBy.ORDER], (usage(line="X"),), day("04-01"))


@given(st.lists(st.tuples(CENTS, st.sampled_from("123")), min_size=1, max_size=8), CENTS, CENTS)
def test_invoices_of_groups_come_to_the_invoice_of_all(charged: list[tuple[str, str]], fixed: str, credit: str) -> None:
    lines = [once(str(place), price) for place, (price, _) in enumerate(charged)]
    references = {str(place): References(cost_centre=centre) for place, (_, centre) in enumerate(charged)}
    discounts = (Discount(key="D", description="", amount=eur(fixed)),) if D(fixed) else ()
    whole = agreement(*lines, discounts=discounts, grants=(Grant(key="P", left=eur(credit), granted_on=FIRST),))
    found = bill_groups(whole, references, [GroupBy.COST_CENTRE], (), FIRST)
    one = drafted(whole)
    assert sum_money((item.draft.total for item in found), EUR) == one.total
    assert sum_money((item.draft.due for item in found), EUR) == one.due
    assert sorted(row.line_key for item in found for row in item.draft.lines if row.line_key.isdigit()) == sorted(
        str(place) for place in range(len(charged))
    )
