"""What holds for any draft: it adds up, explains itself, is stored exactly, and leaves no gap."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.core.agreements import EUR, FIRST, VAT, agreement, line, usage, usage_line

from billhook.core import journal
from billhook.core.agreement import AgreedLine, Agreement, Alignment, Timing
from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.derivation import recompute
from billhook.core.discount import Discount
from billhook.core.draft import bill, from_bytes, inputs_fingerprint, to_bytes
from billhook.core.money import Money, sum_money
from billhook.core.period import Period
from billhook.core.price.per_unit import PerUnit
from billhook.core.proration import Basis
from billhook.core.tax import TaxRounding
from billhook.core.usage import UsageCharge

FIGURES = st.integers(1, 10**6).map(lambda cents: Decimal(cents).scaleb(-4))
STARTS = st.integers(0, 80).map(lambda n: FIRST + timedelta(days=n))
LINES = st.builds(
    line,
    st.uuids().map(str),
    active_from=STARTS,
    quantity=FIGURES,
    tax_category=st.sampled_from(["standard", "reduced", "?"]),
    timing=st.sampled_from(Timing),
    basis=st.sampled_from(Basis),
    product=st.sampled_from(["book", "voice"]),
    price=FIGURES.map(lambda price: PerUnit(currency=EUR, unit_price=price)),
    position=st.integers(0, 2),
    alignment=st.sampled_from([Alignment.CUSTOMER, Alignment.OWN]),
    revenue_account=st.sampled_from(["revenue", "books"]),
    cadence=st.builds(Cadence, st.sampled_from(CadenceUnit), st.integers(1, 3)),
)
USAGE = st.builds(
    usage,
    st.integers(0, 10**12).map(lambda n: str(Decimal(n).scaleb(-9))),
    on=st.integers(1, 31).map(lambda n: f"03-{n:02}"),
    quantity=FIGURES,
    records=st.integers(1, 9),
)
DISCOUNTS = st.lists(
    st.builds(Discount, key=st.uuids().map(str), description=st.just("off"), percent=st.integers(1, 100).map(Decimal))
    | st.builds(
        Discount,
        key=st.uuids().map(str),
        description=st.just("off"),
        products=st.just(()) | st.just(("book",)),
        amount=st.integers(1, 10**5).map(lambda cents: Money(Decimal(cents).scaleb(-2), EUR)),
    ),
    max_size=3,
)
AGREEMENTS = st.builds(
    lambda lines, discounts, rounding, inclusive: agreement(
        *lines,
        usage_line(),
        discounts=tuple(discounts),
        tax=replace(VAT, rounding=rounding),
        tax_inclusive=inclusive,
        zone="Europe/Amsterdam",
    ),
    st.lists(LINES, max_size=4, unique_by=lambda found: found.key),
    DISCOUNTS,
    st.sampled_from(TaxRounding),
    st.booleans(),
)
BILL_DATES = st.integers(0, 120).map(lambda n: FIRST + timedelta(days=n))


@given(AGREEMENTS, st.lists(USAGE, max_size=4), BILL_DATES, st.randoms())
def test_any_draft_adds_up_explains_itself_and_is_stored_exactly(
    agreed: Agreement, used: list[UsageCharge], as_of: date, random: Any
) -> None:
    draft = bill(agreed, used, as_of)
    if draft is None:
        return
    amounts = sum_money((item.amount for item in draft.lines), EUR)
    assert draft.net + draft.tax == draft.total
    assert draft.net == sum_money((item.net for item in draft.lines), EUR)
    assert amounts == (draft.total if agreed.tax_inclusive else draft.net)
    assert all(item.amount == item.amount.rounded() == recompute(item.derivation) for item in draft.lines)
    assert len({item.key for item in draft.lines}) == len(draft.lines)
    assert from_bytes(to_bytes(draft)) == draft
    entry = journal.invoice_issued(document="INV", total=draft.total, revenue=draft.revenue(), tax=draft.tax_accounts())
    assert entry is None or not any(journal.balances(entry.postings).values())
    lines, usage_again = list(agreed.lines), list(used)
    random.shuffle(lines)
    random.shuffle(usage_again)
    turned = replace(agreed, lines=tuple(lines))
    again = bill(turned, usage_again, as_of)
    assert again is not None
    assert to_bytes(again) == to_bytes(draft)
    assert inputs_fingerprint(turned, usage_again, as_of) == inputs_fingerprint(agreed, used, as_of)


@given(LINES, st.lists(BILL_DATES, min_size=1, max_size=6, unique=True).map(sorted))
def test_billing_often_or_once_bills_the_same_periods_without_gap_or_overlap(
    agreed: AgreedLine, bill_dates: list[date]
) -> None:
    once = bill(agreement(agreed), (), bill_dates[-1])
    claims: list[Period] = []
    for as_of in bill_dates:
        draft = bill(agreement(agreed), (), as_of)
        found = [claim.period for claim in draft.billed] if draft else []
        claims.extend(found)
        agreed = replace(agreed, billed_through=found[-1].end) if found else agreed
    assert claims == ([claim.period for claim in once.billed] if once else [])
    assert all(earlier.end == later.start for earlier, later in pairwise(claims))
