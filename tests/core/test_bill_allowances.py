"""Allowances in a bill: what they cover, what is charged, and what they leave for the next one."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from tests.core.agreements import FIRST, agreement, billed, day, event, line, usage, usage_line
from tests.core.allowances import (
    PER_MINUTE,
    after,
    base_fee,
    call,
    calls,
    drafted,
    included,
    left,
    metered_voice,
    plan,
    voice,
)

from billhook.core.agreement import AgreementError, BilledUsage
from billhook.core.allowance import Allowance, AllowanceError, Counts, PartialCycle, RollOver
from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.canonical import from_bytes, to_bytes
from billhook.core.derivation import recompute, sentence
from billhook.core.document import InvoiceDraft
from billhook.core.draft import bill
from billhook.core.grouping import GroupBy, GroupingError, References, partition
from billhook.core.meters import Aggregation, Meter
from billhook.core.period import Period
from billhook.core.price.capacity import Capacity, CapacityTier, Limit
from billhook.core.price.percentage import Percentage
from billhook.core.rounding import Rounding
from billhook.core.usage import UsageError

D = Decimal
APRIL, MAY, JUNE = day("04-01"), day("05-01"), day("06-01")


def used_up() -> Allowance:
    return Allowance(
        key="plan 2026-03-01",
        source="plan",
        left=D(0),
        closed=True,
        valid_from=datetime(2026, 3, 1, tzinfo=UTC),
        valid_until=datetime(2026, 4, 1, tzinfo=UTC),
        products=frozenset({"voice"}),
    )


def amounts(draft: InvoiceDraft) -> list[str]:
    return [str(item.amount.amount) for item in draft.lines]


@pytest.mark.parametrize("minutes", [voice(), metered_voice()])
def test_twenty_a_month_and_thirty_minutes_beyond_the_hundred_included(minutes: object) -> None:
    agreed = plan(base_fee(billed_through=APRIL), minutes, allowances=[included()])
    draft = drafted(agreed, [calls(call("80"), call("50", on="03-20"))], APRIL)
    assert (sorted(amounts(draft)), str(draft.total)) == (["1.50", "20.00"], "21.50 EUR")
    used = next(item for item in draft.lines if item.line_key == "U")
    assert (used.quantity, used.covered) == (130, 100)
    assert sentence(used.derivation).startswith("100 included in plan 2026-03-01")
    assert recompute(used.derivation) == used.amount
    assert from_bytes(InvoiceDraft, to_bytes(draft)) == draft


@pytest.mark.parametrize(
    ("minutes", "amount", "fee", "charged"),
    [
        ("130", "6.62", "0.12", "1.62"),
        ("100", "5.12", "0.12", "0.00"),
        ("101", "5.17", "0.12", "0.17"),
        ("130", "6.50", "0", "1.50"),
        ("150", "1", "0", "0.333333"),
        ("150", "1.00", "1.00", "1.00"),
    ],
)
def test_the_fee_of_a_call_is_due_whole_as_soon_as_any_of_it_is_paid_for(
    minutes: str, amount: str, fee: str, charged: str
) -> None:
    used = [calls(call(minutes, amount=D(amount), fee=D(fee)))]
    draft = drafted(plan(voice(), allowances=[included()]), used, APRIL)
    records = draft.lines[0].derivation.steps[1]
    assert records.amount == D(charged)  # type: ignore[union-attr]


def test_an_untouched_call_costs_exactly_its_amount_and_a_partly_covered_one_is_rounded_once() -> None:
    exactly = call("7", on="03-20", amount=D("0.123456789"))
    third = call("150", amount=D(1))
    for decimals, mode, share in (
        (6, Rounding.HALF_UP, "0.333333"),
        (2, Rounding.UP, "0.34"),
        (9, Rounding.DOWN, "0.333333333"),
    ):
        minutes = voice(record_decimals=decimals, record_rounding=mode)
        draft = drafted(plan(minutes, allowances=[included()]), [calls(third, exactly)], APRIL)
        assert draft.lines[0].derivation.steps[1].amount == D(share) + D("0.123456789")  # type: ignore[union-attr]
    with pytest.raises(AgreementError, match="give 0 to 12"):
        voice(record_decimals=13)


def test_money_pays_minutes_at_their_price_on_rated_and_on_metered_lines() -> None:
    money = included("2.00", counts=Counts.MONEY)
    used = [calls(call("30", unit_price=None), call("50", on="03-20", unit_price=None))]
    assert amounts(drafted(plan(metered_voice(), allowances=[money]), used, APRIL)) == ["2.00"]
    rated = [calls(call("30"), call("50", on="03-20"))]
    draft = drafted(plan(voice(), allowances=[money]), rated, APRIL)
    assert (amounts(draft), left(draft)) == (["2.00"], {"plan 2026-03-01": "0"})
    assert amounts(drafted(plan(voice(), allowances=[money]), used, APRIL)) == ["4.00"]


def test_what_is_left_rolls_over_for_one_cycle_over_three_bills() -> None:
    agreed = plan(voice(), allowances=[included(roll_over=RollOver(cycles=1))])
    first = drafted(agreed, [calls(call("60"))], APRIL)
    assert (amounts(first), left(first)) == (["0.00"], {"plan 2026-03-01": "0", "plan 2026-03-01+1": "40"})
    agreed = after(agreed, first)
    second = drafted(agreed, [calls(call("120", on="04-10"))], MAY)
    assert (amounts(second), left(second)["plan 2026-04-01+1"]) == (["0.00"], "20")
    assert sentence(second.lines[0].derivation).startswith(
        "40 included in plan 2026-03-01+1, 80 included in plan 2026-04"
    )
    third = drafted(after(agreed, second), [calls(call("130", on="05-10"))], JUNE)
    assert (amounts(third), left(third)) == (["0.50"], {"plan 2026-04-01": "0", "plan 2026-05-01": "0"})


def test_a_month_without_usage_rolls_over_and_what_is_rolled_over_expires() -> None:
    agreed = plan(voice(), allowances=[included(roll_over=RollOver(cycles=1))])
    assert bill(agreed, (), APRIL) is None
    assert amounts(drafted(agreed, [calls(call("210", on="04-10"))], MAY)) == ["0.50"]
    assert amounts(drafted(agreed, [calls(call("310", on="05-10"))], JUNE)) == ["5.50"]


def test_a_cap_leaves_the_rest_to_late_usage_of_its_own_cycle() -> None:
    agreed = plan(base_fee(), voice(), allowances=[included(roll_over=RollOver(cycles=1, cap=D(30)))])
    first = drafted(agreed, (), APRIL)
    assert left(first) == {"plan 2026-03-01": "70", "plan 2026-03-01+1": "30"}
    late = drafted(after(agreed, first), [calls(call("110", key="late")), calls(call("100", on="04-10"))], MAY)
    assert [row for row in billed(late) if row[0] == "U"] == [
        ("U", "03-01", "04-01", "0.50"),
        ("U", "04-01", "05-01", "0.00"),
    ]


def test_late_usage_finds_what_its_cycle_has_left_and_older_cycles_have_nothing_again() -> None:
    agreed = plan(base_fee(), voice(), allowances=[included(late_cycles=1)])
    first = drafted(agreed, [calls(call("70"))], APRIL)
    late = calls(call("50", on="03-11", key="late"))
    second = drafted(after(agreed, first), [late], MAY)
    assert ("U", "03-01", "04-01", "1.00") in billed(second)
    assert left(second) == {"plan 2026-04-01": "100"}
    third = drafted(after(after(agreed, first), second), [late], JUNE)
    assert ("U", "03-01", "04-01", "2.50") in billed(third)


def test_usage_of_an_open_period_is_not_billed_and_consumes_nothing() -> None:
    agreed = plan(base_fee(), voice(), allowances=[included()])
    used = [calls(call("60")), calls(call("60", on="04-10"))]
    draft = drafted(agreed, used, day("04-15"))
    assert [row for row in billed(draft) if row[0] == "U"] == [("U", "03-01", "04-01", "0.00")]
    assert left(draft) == {"plan 2026-03-01": "40"}


def test_a_yearly_inclusion_lasts_over_monthly_bills() -> None:
    yearly = included("120", cadence=Cadence(CadenceUnit.YEAR), anchor=FIRST)
    agreed = plan(voice(), allowances=[yearly])
    first = drafted(agreed, [calls(call("100"))], APRIL)
    assert left(first) == {"plan 2026-03-01": "20"}
    assert amounts(drafted(after(agreed, first), [calls(call("30", on="04-10"))], MAY)) == ["0.50"]


@pytest.mark.parametrize(
    ("partial", "left_over"), [(PartialCycle.PRORATED, "48"), (PartialCycle.FULL, "100"), (PartialCycle.NOTHING, "0")]
)
def test_a_part_of_a_cycle_includes_its_part_by_policy(partial: PartialCycle, left_over: str) -> None:
    agreed = plan(base_fee(), allowances=[included(active_from=day("03-17"), partial=partial)])
    assert left(drafted(agreed, (), APRIL)) == {"plan 2026-03-17": left_over}


def test_suspended_days_of_its_line_lessen_a_prorated_cycle() -> None:
    resting = (Period(day("03-02"), day("03-17")),)
    for line_key, expected in (("base", "52"), ("", "100")):
        agreed = plan(base_fee(suspended=resting), allowances=[included(line=line_key)])
        assert left(drafted(agreed, (), APRIL)) == {"plan 2026-03-01": expected}
    with pytest.raises(AgreementError, match="order line gone"):
        plan(base_fee(), allowances=[included(line="gone")])


def test_an_inclusion_that_ends_rolls_nothing_over_and_covers_nothing_more() -> None:
    ending = included(active_until=APRIL, roll_over=RollOver())
    agreed = plan(voice(), allowances=[ending])
    first = drafted(agreed, [calls(call("40"))], APRIL)
    assert left(first) == {"plan 2026-03-01": "60"}
    assert amounts(drafted(after(agreed, first), [calls(call("40", on="04-10"))], MAY)) == ["2.00"]


def test_cycles_follow_the_midnight_of_the_customer_over_a_change_of_clocks() -> None:
    agreed = plan(voice(), allowances=[included()], zone="Europe/Amsterdam")
    last = replace(call("60", on="03-30"), at=datetime(2026, 3, 31, 21, 59, tzinfo=UTC))
    draft = drafted(agreed, [calls(last)], APRIL)
    assert left(draft) == {"plan 2026-03-01": "40"}
    assert draft.allowances_left[0].valid_until == datetime(2026, 3, 31, 22, tzinfo=UTC)
    assert draft.allowances_left[0].valid_from == datetime(2026, 2, 28, 23, tzinfo=UTC)


def test_an_allowance_given_by_itself_is_taken_by_priority_and_forgotten_when_long_expired() -> None:
    gift = Allowance(key="gift", left=D(50), valid_until=datetime(2026, 4, 1, tzinfo=UTC), priority=-1)
    agreed = plan(base_fee(), voice(), allowances=[included()], allowances_left=(gift,))
    draft = drafted(agreed, [calls(call("30"))], APRIL)
    assert left(draft) == {"gift": "20", "plan 2026-03-01": "100"}
    agreed = after(agreed, draft)
    for month in (MAY, JUNE):
        draft = drafted(agreed, (), month)
        agreed = after(agreed, draft)
        assert ("gift" in left(draft)) is (month == MAY)


def test_allowances_cover_usage_in_time_across_lines_and_shared_ones_come_last() -> None:
    both = included(products=frozenset())
    pool = included("10", shared=True)
    agreed = plan(voice(), voice("V", product="data"), allowances=[both, replace(pool, key="pool")])
    used = [calls(call("60", on="03-05"), line="V"), calls(call("60"))]
    draft = drafted(agreed, used, APRIL)
    assert {item.line_key: str(item.amount.amount) for item in draft.lines} == {"U": "0.50", "V": "0.00"}


def test_events_that_a_percentage_prices_are_paid_for_as_far_as_they_are_not_covered() -> None:
    price = Percentage(currency=PER_MINUTE.currency, percent=D(1), fee=D("0.30"))
    agreed = plan(usage_line(product="voice", price=price), allowances=[included()])
    draft = drafted(agreed, [calls(call("80"), call("120", on="03-20"))], APRIL)
    assert amounts(draft) == ["1.30"]


def test_usage_that_allowances_cannot_follow_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="as a sum, but plan 2026-03-01 covers it"):
        bill(plan(voice(), allowances=[included()]), [usage("1.50")], APRIL)
    assert bill(plan(usage_line(product="data"), allowances=[included()]), [usage("1.50")], APRIL)
    peaks = Capacity(
        currency=PER_MINUTE.currency, tiers=(CapacityTier(limits=(Limit(meter="seats", up_to=None),), amount=D(5)),)
    )
    highest = usage_line(
        product="voice", price=PER_MINUTE, meter=Meter(aggregation=Aggregation.MAX, measures="quantity")
    )
    for peaked in (usage_line(product="voice", price=peaks), highest):
        with pytest.raises(UsageError, match="does not add up"):
            bill(plan(peaked, allowances=[included()]), [calls(call("3"))], APRIL)
        for_all = included(products=frozenset())
        assert left(drafted(plan(peaked, allowances=[for_all]), [calls(call("3"))], APRIL)) == {
            "plan 2026-03-01": "100"
        }


def test_late_metered_usage_is_priced_on_top_of_what_was_charged_before() -> None:
    before = BilledUsage(period=Period(FIRST, APRIL), quantity=D(130), covered=D(100))
    late = metered_voice(billed_through=APRIL, billed_usage=(before,))
    agreed = plan(base_fee(), late, allowances=[included()], allowances_left=(used_up(),))
    assert ("U", "03-01", "04-01", "1.00") in billed(drafted(agreed, [calls(call("20", key="late"))], MAY))
    with pytest.raises(AgreementError, match="covered 9 of 3"):
        BilledUsage(period=Period(FIRST, APRIL), quantity=D(3), covered=D(9))


def test_an_agreement_has_each_allowance_once_and_invoices_do_not_share_one() -> None:
    with pytest.raises(AgreementError, match="allowance twice"):
        plan(voice(), allowances=[included(), included("5")])
    gift = Allowance(key="gift", left=D(5))
    with pytest.raises(AgreementError, match="allowance twice"):
        plan(voice(), allowances_left=(gift, gift))
    agreed = plan(base_fee(), voice(), allowances=[included()])
    orders = {"base": References(order="1"), "U": References(order="2")}
    with pytest.raises(GroupingError, match="plan is consumed over all usage, but there are 2 invoices"):
        partition(agreed, orders, [GroupBy.ORDER])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"amount": "-1"}, "less than nothing"),
        ({"increment": D(0)}, "give one above 0"),
        ({"active_until": day("02-01")}, "swap the dates"),
        ({"late_cycles": 0}, "give at least 1"),
    ],
)
def test_an_inclusion_that_includes_nothing_sensible_is_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(AllowanceError, match=words):
        included(**changes)  # type: ignore[arg-type]


def test_a_line_without_allowance_is_billed_as_ever() -> None:
    draft = drafted(agreement(line("L"), usage_line()), [calls(event("a", "3", amount=D("1.50")))], APRIL)
    assert draft.allowances_left == ()
    assert ("U", "03-01", "04-01", "1.50") in billed(draft)


def test_a_late_sum_is_billed_where_its_cycle_has_nothing_left_to_cover_it() -> None:
    agreed = plan(base_fee(), voice(billed_through=APRIL), allowances=[included()], allowances_left=(used_up(),))
    assert ("U", "03-01", "04-01", "1.50") in billed(drafted(agreed, [usage("1.50")], MAY))


def test_a_part_that_is_rounded_below_its_fee_is_still_billed() -> None:
    tiny = call("150", amount=D("0.0000004"), fee=D("0.0000004"))
    assert amounts(drafted(plan(voice(), allowances=[included()]), [calls(tiny)], APRIL)) == ["0.00"]


def test_an_allowance_covers_what_a_meter_counts_and_late_usage_knows_how_much() -> None:
    meter = Meter(aggregation=Aggregation.COUNT, group_by=("region",))
    line_of = {"price": PER_MINUTE, "meter": meter, "product": "voice"}
    events = [call("1", key=str(n), on=f"03-{n + 10}", properties={"region": "eu"}) for n in range(5)]
    draft = drafted(plan(usage_line(**line_of), allowances=[included("3")]), [calls(*events)], APRIL)
    assert (amounts(draft), draft.lines[0].covered, draft.lines[0].quantity) == (["0.10"], 3, 5)
    before = BilledUsage(period=Period(FIRST, APRIL), quantity=D(5), covered=D(3), group=("eu",))
    late = usage_line(billed_through=APRIL, billed_usage=(before,), **line_of)
    agreed = plan(base_fee(), late, allowances=[included("3")], allowances_left=draft.allowances_left)
    more = drafted(agreed, [calls(call("1", key="late", properties={"region": "eu"}))], MAY)
    told = next(item for item in more.lines if item.line_key == "U")
    assert (str(told.amount.amount), told.quantity) == ("0.05", 1)
    assert "3 at" in sentence(told.derivation)


def test_a_cycle_stays_open_while_a_line_has_older_periods_to_bill() -> None:
    behind, ahead = voice(), voice("V", billed_through=APRIL)
    agreed = plan(base_fee(), behind, ahead, allowances=[included()], max_periods=1)
    first = drafted(agreed, [calls(call("40", on="04-10"), line="V")], MAY)
    assert left(first) == {"plan 2026-03-01": "100", "plan 2026-04-01": "60"}
    assert [item.closed for item in first.allowances_left] == [True, False]
    second = drafted(after(agreed, first), [calls(call("70", on="04-10"))], MAY)
    assert ("U", "04-01", "05-01", "0.50") in billed(second)
