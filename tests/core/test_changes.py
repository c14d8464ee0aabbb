"""Changes: what is credited, how versions follow each other, suspensions, phases, fees for leaving."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billhook.core.agreement import AgreedLine, Agreement, AgreementError, Alignment, ChargeKind, Cycle, Timing
from billhook.core.billed import BilledPart, BilledPartError, CreditedPart, credits_for
from billhook.core.cadence import Cadence, CadenceError, CadenceUnit, first_on_day
from billhook.core.cancellation import (
    CancellationError,
    DecliningFee,
    FlatFee,
    PercentOfRest,
    PerRestingPeriod,
    Term,
    cancellation_fee,
    whole_periods,
)
from billhook.core.changes import (
    ChangeError,
    ChangePolicy,
    How,
    Settle,
    When,
    billing_on,
    change,
    effective_on,
    end,
    move_billing_day,
)
from billhook.core.derivation import recompute, sentence
from billhook.core.draft import InvoiceDraft, bill
from billhook.core.money import Money, currency, sum_money
from billhook.core.period import Period
from billhook.core.phases import Phase, PhaseError, from_day, lines_of, place
from billhook.core.price.flat import Flat
from billhook.core.price.per_unit import PerUnit
from billhook.core.proration import Basis
from billhook.core.suspension import (
    WITHOUT_END,
    SuspensionBilling,
    SuspensionError,
    SuspensionPolicy,
    resume,
    suspend,
    suspended_days,
)

EUR = currency("EUR")
MONTH = Cadence(CadenceUnit.MONTH)
FIRST = date(2026, 3, 1)
MARCH = Period(FIRST, date(2026, 4, 1))
AMOUNTS = st.decimals("0.01", 10**6, places=2).map(lambda amount: Money.of(amount, EUR))


def day(text: str) -> date:
    """Return a date of 2026 from month and day."""
    return date.fromisoformat(f"2026-{text}")


def line(key: str = "L", **changes: Any) -> AgreedLine:
    """Return a line of 31.00 a month in advance from 1 March, unless told otherwise."""
    usual: dict[str, Any] = {
        "description": key,
        "kind": ChargeKind.RECURRING,
        "active_from": FIRST,
        "cadence": MONTH,
        "price": Flat(currency=EUR, amount=Decimal("31.00")),
    }
    return AgreedLine(key=key, **(usual | changes))


def part(amount: str = "31.00", period: Period = MARCH, **changes: Any) -> BilledPart:
    """Return what was billed for March."""
    return BilledPart(period=period, amount=Money.of(amount, EUR), document="2026-1", **changes)


def billed(*lines: AgreedLine, on: date) -> InvoiceDraft | None:
    """Return the bill of lines on a day, for a customer billed on the 1st."""
    cycle = Cycle(cadence=MONTH, anchor=FIRST, next_bill=MONTH.after(FIRST, on))
    return bill(Agreement(customer="1001", currency=EUR, cycle=cycle, lines=lines), (), on)


def told(draft: InvoiceDraft | None) -> list[tuple[str, str, str]]:
    """Return both ends of the service period and the amount of each line."""
    lines = draft.lines if draft else ()
    return [(f"{item.period.start:%m-%d}", f"{item.period.end:%m-%d}", str(item.amount.amount)) for item in lines]


def test_the_unused_part_of_what_was_billed_is_credited_and_says_so() -> None:
    (credit,) = credits_for(part(), [Period(FIRST, day("03-15"))])
    assert (credit.amount, credit.period) == (Money.of("-17.00", EUR), Period(day("03-15"), day("04-01")))
    assert sentence(credit.derivation) == (
        "Credit of 31 billed, for 17 unused of 31 days, rounded to 2 decimals (half up): -17.00 EUR."
    )


def test_a_credit_is_counted_on_the_basis_of_the_price() -> None:
    used = [Period(FIRST, day("03-16"))]
    (thirty,) = credits_for(part("30.00"), used, basis=Basis.THIRTY)
    assert thirty.amount == Money.of("-15.00", EUR)
    assert credits_for(part(), used, basis=Basis.NONE) == ()
    (whole,) = credits_for(part(), [], basis=Basis.NONE)
    assert whole.amount == Money.of("-31.00", EUR)
    (seconds,) = credits_for(part(), [Period(FIRST, day("03-29"))], basis=Basis.SECONDS, zone="Europe/Amsterdam")
    assert seconds.amount == Money.of("-2.96", EUR), "29 March has 23 hours there"


def test_earlier_credits_are_neither_repeated_nor_exceeded() -> None:
    before = CreditedPart(period=Period(day("03-10"), day("03-20")), amount=Money.of("25.00", EUR))
    (credit,) = credits_for(part(credited=(before,)), [Period(FIRST, day("03-10"))])
    assert (credit.period.start, credit.amount) == (day("03-20"), Money.of("-6.00", EUR)), "6.00 of 31.00 are left"
    assert recompute(credit.derivation) == credit.amount
    assert "no more than the 6" in sentence(credit.derivation)
    with pytest.raises(BilledPartError, match="More was credited"):
        part(credited=(replace(before, amount=Money.of("31.01", EUR)),))
    with pytest.raises(BilledPartError, match="outside"):
        part(credited=(replace(before, period=Period(day("02-10"), day("03-02"))),))
    with pytest.raises(BilledPartError, match="not billed"):
        part("-1")


@given(AMOUNTS, st.lists(st.integers(0, 31), min_size=1, max_size=4), st.sampled_from(Basis))
def test_credits_for_a_billed_part_never_exceed_it(amount: Money, ends: list[int], basis: Basis) -> None:
    found = BilledPart(period=MARCH, amount=amount)
    given_back = Money.zero(EUR)
    for end_day in ends:
        for credit in credits_for(found, [Period(FIRST, FIRST + timedelta(days=end_day))], basis=basis):
            assert recompute(credit.derivation) == credit.amount
            given_back += -credit.amount
            credited = CreditedPart(period=credit.period, amount=-credit.amount)
            found = replace(found, credited=(*found.credited, credited))
    assert Money.zero(EUR) <= given_back <= amount
    assert found.left == amount - given_back


def test_a_change_in_mid_period_credits_the_unused_part_and_charges_the_new_one() -> None:
    before, after = change(
        line(billed_through=day("04-01")), day("03-15"), key="L/2", billed=(part(),), quantity=Decimal(2)
    )
    assert (before.active_until, after.active_from, after.order_line) == (day("03-15"), day("03-15"), "L")
    per_unit = replace(after, price=PerUnit(currency=EUR, unit_price=Decimal("31.00")))
    draft = billed(before, per_unit, on=day("03-15"))
    assert told(draft) == [("03-15", "04-01", "-17.00"), ("03-15", "04-01", "34.00")]
    assert draft is not None
    assert draft.lines[0].corrects == "2026-1"
    assert draft.lines[0].key == "L/credit/2026-03-15"
    assert told(billed(before, per_unit, on=FIRST)) == told(draft), "both in advance, or neither"
    arrears = [replace(version, timing=Timing.IN_ARREARS, billed_through=None) for version in (before, per_unit)]
    assert billed(*[replace(version, active_from=day("03-15")) for version in arrears[1:]], on=day("03-31")) is None


def test_a_change_reaches_back_over_every_billed_period() -> None:
    april = part(period=Period(day("04-01"), day("05-01")))
    later = line(billed_through=day("05-01"))
    before, after = change(
        later, day("03-25"), key="L/2", billed=(part(), april), price=Flat(currency=EUR, amount=Decimal(62))
    )
    assert told(billed(before, after, on=day("04-20"))) == [
        ("03-25", "04-01", "-7.00"),
        ("04-01", "05-01", "-31.00"),
        ("03-25", "04-01", "14.00"),
        ("04-01", "05-01", "62.00"),
    ]


def test_what_is_given_back_is_a_policy() -> None:
    running = line(billed_through=day("04-01"))
    none, after = change(running, day("03-15"), key="L/2", billed=(part(),), how=How.NONE)
    assert told(billed(none, after, on=day("04-01"))) == [("04-01", "05-01", "31.00")]
    full = end(running, day("03-15"), billed=(part(),), how=How.FULL)
    assert told(billed(full, on=day("03-15"))) == [("03-01", "04-01", "-31.00")]
    with pytest.raises(ChangeError, match="not in force"):
        end(running, day("02-15"))


def test_when_a_change_takes_effect_is_a_policy() -> None:
    asked = day("03-10")
    found = {when: effective_on(ChangePolicy(when=when), asked, billed=MARCH, dated=day("03-05")) for when in When}
    assert found == {
        When.NOW: asked,
        When.START_OF_PERIOD: FIRST,
        When.END_OF_PERIOD: day("04-01"),
        When.DATE: day("03-05"),
    }
    assert effective_on(ChangePolicy(when=When.END_OF_PERIOD), asked, billed=None) == asked
    assert effective_on(ChangePolicy(day_counts=True), asked, billed=MARCH) == day("03-11")
    with pytest.raises(ChangeError, match="none is given"):
        effective_on(ChangePolicy(when=When.DATE), asked, billed=MARCH)
    assert billing_on(Settle.NOW, asked, next_bill=day("04-01")) == asked
    assert billing_on(Settle.NEXT_INVOICE, asked, next_bill=day("04-01")) == day("04-01")


def test_a_new_billing_day_is_in_force_from_its_first_date_and_the_gap_is_prorated_over_the_old_cycle() -> None:
    cycle = Cycle(cadence=MONTH, anchor=date(2016, 6, 1), next_bill=date(2016, 6, 1))
    june = line(active_from=date(2016, 5, 1), billed_through=date(2016, 6, 1))
    before, after = move_billing_day(june, cycle, 15, date(2016, 5, 31), key="L/2")
    assert (before.active_until, after.active_from) == (date(2016, 6, 15), date(2016, 6, 15))
    draft = billed(before, on=date(2016, 6, 1))
    assert told(draft) == [("06-01", "06-15", "14.47")], "14 of 30 days"
    assert after.anchor == date(2016, 6, 15)
    billed_on, _ = move_billing_day(
        replace(june, billed_through=date(2016, 7, 1)), cycle, 15, date(2016, 6, 10), key="L/2"
    )
    assert billed_on.active_until == date(2016, 7, 15), "nothing that is billed is credited"
    assert first_on_day(31, day("02-10")) == day("02-28")
    with pytest.raises(CadenceError, match="No month"):
        first_on_day(32, FIRST)


def test_suspended_days_are_credited_and_later_ones_billed_at_the_old_anchor() -> None:
    (resting,) = suspend(line(billed_through=day("04-01")), Period(day("03-11"), WITHOUT_END))
    resting = replace(resting, billed=(part(),))
    assert told(billed(resting, on=day("03-11"))) == [("03-11", "04-01", "-21.00")]
    assert told(billed(replace(resting, billed=()), on=day("04-01"))) == []
    back = resume(resting, day("03-21"))
    assert told(billed(back, on=day("03-21"))) == [("03-11", "03-21", "-10.00")]
    assert suspended_days(back, MARCH) == 10
    once = replace(back, billed_through=None, billed=())
    assert told(billed(once, on=FIRST)) == [("03-01", "03-11", "10.00"), ("03-21", "04-01", "11.00")]


def test_a_suspension_may_be_billed_on_parked_or_extend_the_term() -> None:
    days = Period(day("03-11"), day("03-21"))
    term = line(active_until=day("06-01"))
    (same,) = suspend(term, days, SuspensionPolicy(billing=SuspensionBilling.BILL_ON, extends_term=True))
    assert (same.suspended, same.active_until) == ((), day("06-11"))
    parking = Flat(currency=EUR, amount=Decimal("3.10"))
    policy = SuspensionPolicy(billing=SuspensionBilling.PARKING, parking_price=parking)
    lines = suspend(term, days, policy)
    assert told(billed(*lines, on=FIRST)) == [
        ("03-01", "03-11", "10.00"),
        ("03-21", "04-01", "11.00"),
        ("03-11", "03-21", "1.00"),
    ]


def test_suspensions_that_make_no_sense_are_refused() -> None:
    with pytest.raises(SuspensionError, match="go together"):
        SuspensionPolicy(billing=SuspensionBilling.PARKING)
    with pytest.raises(SuspensionError, match="not in force"):
        suspend(line(), Period(day("02-01"), day("02-10")))
    (resting,) = suspend(line(), Period(day("03-11"), WITHOUT_END))
    with pytest.raises(SuspensionError, match="already"):
        suspend(resting, Period(day("03-20"), day("03-25")))
    with pytest.raises(SuspensionError, match="not suspended"):
        resume(line(), day("03-20"))
    assert resume(resting, day("03-11")).suspended == ()
    with pytest.raises(AgreementError, match="suspended twice"):
        line(suspended=(Period(FIRST, day("03-10")), Period(day("03-05"), day("03-12"))))


def test_phases_follow_each_other_and_a_change_of_plan_restarts_none() -> None:
    week = Cadence(CadenceUnit.DAY, 7)
    half = Flat(currency=EUR, amount=Decimal(10))
    full = Flat(currency=EUR, amount=Decimal(20))
    phases = (
        Phase(name="trial", length=week),
        Phase(name="discount", length=MONTH, price=half, cadence=MONTH),
        Phase(name="evergreen", price=full, cadence=MONTH),
    )
    placed = place(phases, FIRST)
    assert [str(item.period) for item in placed[:2]] == [
        "2026-03-01 to before 2026-03-08",
        "2026-03-08 to before 2026-04-08",
    ]
    lines = lines_of(placed, line(alignment=Alignment.OWN))
    assert [(item.key, item.active_from, item.active_until) for item in lines] == [
        ("L/discount", day("03-08"), day("04-08")),
        ("L/evergreen", day("04-08"), None),
    ]
    assert told(billed(*lines, on=day("04-08"))) == [("03-08", "04-08", "10.00"), ("04-08", "05-08", "20.00")]
    rest = from_day(placed, day("04-01"))
    assert [item.phase.name for item in rest] == ["discount", "evergreen"]
    with pytest.raises(PhaseError, match="no phases"):
        place((), FIRST)
    with pytest.raises(PhaseError, match="without end"):
        place((phases[2], phases[1]), FIRST)


def test_a_phase_that_is_billed_once_and_one_in_arrears() -> None:
    setup = Phase(name="setup", length=MONTH, price=Flat(currency=EUR, amount=Decimal(5)))
    arrears = Phase(name="use", price=Flat(currency=EUR, amount=Decimal(7)), cadence=MONTH, timing=Timing.IN_ARREARS)
    once, recurring = lines_of(place((setup, arrears), FIRST), line())
    assert (once.kind, recurring.timing) == (ChargeKind.ONE_TIME, Timing.IN_ARREARS)


TERM = Term(period=Period(FIRST, date(2027, 3, 1)), cadence=MONTH, price=Money.of(20, EUR), quantity=Decimal(3))


def test_leaving_a_term_costs_what_the_contract_says() -> None:
    on = day("09-15")
    fees = {
        "flat": FlatFee(amount=Money.of(50, EUR)),
        "percent": PercentOfRest(percent=Decimal(10)),
        "buy-out": PercentOfRest(percent=Decimal(100)),
        "per period": PerRestingPeriod(amount=Money.of(5, EUR)),
        "declining": DecliningFee(amount=Money.of(100, EUR), step=Decimal(15)),
    }
    found = {name: cancellation_fee(fee, TERM, on) for name, fee in fees.items()}
    assert {name: str(fee.result) for name, fee in found.items()} == {
        "flat": "50.00 EUR",
        "percent": "33.20 EUR",
        "buy-out": "332.00 EUR",
        "per period": "75.00 EUR",
        "declining": "10.00 EUR",
    }
    assert all(recompute(fee) == fee.result for fee in found.values())
    assert cancellation_fee(fees["buy-out"], TERM, on, cap=Money.of(300, EUR)).result == Money.of(300, EUR)
    assert not cancellation_fee(fees["flat"], TERM, TERM.period.end).result
    assert not cancellation_fee(fees["declining"], TERM, date(2027, 2, 1)).result
    assert whole_periods(MONTH, Period(day("01-31"), day("02-28"))) == 1
    with pytest.raises(CancellationError, match="withdraw"):
        cancellation_fee(fees["flat"], TERM, day("02-01"))
    with pytest.raises(CancellationError, match="below zero"):
        PercentOfRest(percent=Decimal(-1))


@given(st.integers(1, 30), AMOUNTS)
def test_a_change_that_changes_nothing_costs_nothing_but_a_cent_of_rounding(end_day: int, amount: Money) -> None:
    price = Flat(currency=EUR, amount=amount.amount)
    running = line(price=price, billed_through=day("04-01"))
    on = FIRST + timedelta(days=end_day)
    before, after = change(running, on, key="L/2", billed=(BilledPart(period=MARCH, amount=amount),))
    draft = billed(before, after, on=on)
    assert draft is not None
    assert draft.total == Money.zero(EUR)
    assert sum_money((item.amount for item in draft.lines), EUR) == draft.net
