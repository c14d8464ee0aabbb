"""What holds for any usage under any allowances: order and pieces change nothing, and no unit is there twice."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.core.agreements import FIRST, day
from tests.core.allowances import after, base_fee, drafted, metered_voice, plan, voice

from billhook.core import exact
from billhook.core.agreement import Agreement
from billhook.core.allowance import Counts, RollOver
from billhook.core.derivation import Records, Rounded, Spread, Units, recompute, run
from billhook.core.document import DraftLine, InvoiceDraft
from billhook.core.draft import from_bytes, inputs_fingerprint, to_bytes
from billhook.core.inclusion import Inclusion
from billhook.core.period import Period
from billhook.core.usage import UsageCharge, UsageEvent

D = Decimal
START = datetime(2026, 3, 1, tzinfo=UTC)
MONTHS = tuple(Period(day(f"{month:02}-01"), day(f"{month + 1:02}-01")) for month in (3, 4, 5))
BILL_DATES = tuple(month.end for month in MONTHS)
FIGURES = st.integers(0, 900).map(lambda tenths: D(tenths).scaleb(-1))
HOURS = st.integers(0, 61 * 24 - 1)
CALLS = st.lists(
    st.tuples(
        st.integers(0, 60 * 24), FIGURES, st.sampled_from(["0.05", "0.333"]), st.sampled_from("UM"), st.booleans()
    ),
    max_size=12,
).map(lambda found: [(item[3], made(str(number), item)) for number, item in enumerate(found)])
INCLUSIONS = st.lists(
    st.builds(
        Inclusion,
        key=st.uuids().map(str),
        amount=FIGURES,
        active_from=st.sampled_from([FIRST, day("03-12")]),
        counts=st.sampled_from(Counts),
        priority=st.integers(0, 1),
        shared=st.booleans(),
        increment=st.none() | st.sampled_from([D(1), D(7)]),
        products=st.sampled_from([frozenset(), frozenset({"voice"}), frozenset({"minutes"})]),
        roll_over=st.none() | st.builds(RollOver, cycles=st.integers(1, 3), cap=st.none() | FIGURES),
    ),
    max_size=3,
    unique_by=lambda item: item.key,
)


def made(key: str, told: tuple[Any, ...]) -> UsageEvent:
    hours, minutes, price, _, has_fee = told
    fee = D("0.07") if has_fee else D(0)
    return UsageEvent(
        key=key,
        at=START + timedelta(hours=hours),
        quantity=minutes,
        amount=exact.add(exact.multiply(minutes, D(price)), fee),
        fee=fee,
        unit_price=D(price),
    )


def agreed(inclusions: Sequence[Inclusion]) -> Agreement:
    return plan(base_fee(), voice(), metered_voice(key="M", product="minutes"), allowances=inclusions)


def as_usage(found: Sequence[tuple[str, UsageEvent]], pieces: Random | None = None) -> list[UsageCharge]:
    """Return events as usage, by line and month, in one piece or in several."""
    charges = []
    for line_key in "UM":
        for month in MONTHS:
            own = [
                event if line_key == "U" else replace(event, amount=None, fee=D(0))
                for key, event in found
                if key == line_key and event.at.date() in month
            ]
            cut = pieces.randint(0, len(own)) if pieces else 0
            parts = [part for part in (own[:cut], own[cut:]) if part]
            charges += [UsageCharge(line=line_key, period=month, events=tuple(part)) for part in parts]
    return charges


def usage_lines(draft: InvoiceDraft) -> list[DraftLine]:
    return [item for item in draft.lines if item.line_key in {"U", "M"}]


def charged_exactly(draft: InvoiceDraft) -> dict[tuple[str, date], Fraction]:
    """Return what each line costs in each period, before it is rounded."""
    return {
        (item.line_key, item.period.start): run(
            step for step in item.derivation.steps if not isinstance(step, Rounded | Spread)
        )
        for item in usage_lines(draft)
    }


def one_by_one(
    agreement: Agreement, usages: Sequence[Sequence[UsageCharge]], bill_dates: Sequence[date] = BILL_DATES
) -> list[InvoiceDraft]:
    """Return the bills of some dates, each starting from what the one before has left."""
    drafts = []
    for usage, as_of in zip(usages, bill_dates, strict=True):
        drafts.append(drafted(agreement, usage, as_of))
        agreement = after(agreement, drafts[-1])
    return drafts


@given(INCLUSIONS, CALLS, st.randoms(use_true_random=False))
def test_order_and_pieces_change_no_byte_and_every_line_explains_itself(
    inclusions: list[Inclusion], found: list[tuple[str, UsageEvent]], random: Random
) -> None:
    draft = drafted(agreed(inclusions), as_usage(found), BILL_DATES[-1])
    assert all(recompute(item.derivation) == item.amount for item in draft.lines)
    assert from_bytes(to_bytes(draft)) == draft
    turned, mixed = list(inclusions), list(found)
    random.shuffle(turned)
    random.shuffle(mixed)
    pieces = as_usage(mixed, random)
    random.shuffle(pieces)
    assert to_bytes(drafted(agreed(turned), pieces, BILL_DATES[-1])) == to_bytes(draft)
    whole = [
        inputs_fingerprint(agreed(item), as_usage(calls), FIRST)
        for item, calls in ((inclusions, found), (turned, mixed))
    ]
    assert whole[0] == whole[1]


@given(INCLUSIONS, CALLS)
def test_what_is_covered_and_what_is_charged_sum_to_what_is_used(
    inclusions: list[Inclusion], found: list[tuple[str, UsageEvent]]
) -> None:
    draft = drafted(agreed(inclusions), as_usage(found), BILL_DATES[-1])
    used = exact.total(event.quantity for _, event in found)
    assert exact.total(item.quantity for item in usage_lines(draft)) == used
    for item in usage_lines(draft):
        assert 0 <= item.covered <= item.quantity
        if item.line_key == "M":
            charged = exact.total(step.quantity for step in item.derivation.steps if isinstance(step, Units))
            assert exact.add(item.covered, charged) == item.quantity
        elif not item.covered:
            amounts = [e.amount for k, e in found if k == "U" and e.at.date() in item.period and e.amount is not None]
            records = [step.amount for step in item.derivation.steps if isinstance(step, Records)]
            assert records == [exact.total(amounts)]


@given(INCLUSIONS, CALLS)
def test_bills_month_by_month_come_to_what_one_bill_comes_to(
    inclusions: list[Inclusion], found: list[tuple[str, UsageEvent]]
) -> None:
    usage = as_usage(found)
    drafts = one_by_one(agreed(inclusions), [[item for item in usage if item.period == month] for month in MONTHS])
    together = drafted(agreed(inclusions), usage, BILL_DATES[-1])
    apart: dict[tuple[str, date], Fraction] = {}
    for draft in drafts:
        apart |= charged_exactly(draft)
    assert apart == charged_exactly(together)
    assert drafts[-1].allowances_left == together.allowances_left


@given(INCLUSIONS, CALLS, st.sets(st.integers(0, 11)))
def test_no_unit_is_there_twice_however_late_usage_comes(
    inclusions: list[Inclusion], found: list[tuple[str, UsageEvent]], late: set[int]
) -> None:
    units = [replace(item, counts=Counts.UNITS, increment=None, late_cycles=9) for item in inclusions]
    finely = [(key, replace(event, increment=D("0.1"))) for key, event in found]
    on_time = as_usage([item for number, item in enumerate(finely) if number not in late])
    delayed = as_usage([item for number, item in enumerate(finely) if number in late])
    taken = [
        [item for item in on_time if item.period == month]
        + [item for item in delayed if item.period.end == month.start]
        for month in MONTHS
    ]
    drafts = one_by_one(agreed(units), taken)
    covered = exact.total(line.covered for draft in drafts for line in usage_lines(draft))
    included = drafted(agreed(units), (), BILL_DATES[-1]).allowances_left
    assert exact.add(covered, total_left(drafts[-1])) == exact.total(item.left for item in included)


def total_left(draft: InvoiceDraft) -> Decimal:
    return exact.total(item.left for item in draft.allowances_left)
