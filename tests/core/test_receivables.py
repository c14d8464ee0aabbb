"""Settlement, ageing, penalties, retries, states and the journal."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billhook.core import derivation, exact, journal, penalty, states
from billhook.core.ageing import (
    AgeingError,
    AgeingStep,
    Receivable,
    by_age,
    days_since_due,
    following_step,
    is_overdue,
    reached_on,
    step_reached,
)
from billhook.core.calendar import EVERY_WEEKDAY
from billhook.core.journal import Account, Entry, Posting, UnbalancedEntryError
from billhook.core.money import MixedCurrenciesError, Money, currency, sum_money
from billhook.core.penalty import FlatPenalty, InterestPenalty, Penalty, PenaltyError, PercentPenalty
from billhook.core.retry import DeclineClass, RetryError, Schedule, next_attempt, next_poll
from billhook.core.settlement import Claim, SettlementError, settle
from billhook.core.states import Lifecycle, TransitionError

EUR = currency("EUR")
D = Decimal
DUE = date(2026, 4, 15)
CENTS = st.integers(0, 10**7).map(lambda cents: Money(Decimal(cents).scaleb(-2), EUR))
LIFECYCLES = [value for value in vars(states).values() if isinstance(value, Lifecycle)]


def eur(amount: str | int) -> Money:
    """Return euros."""
    return Money.of(amount, EUR)


def claim(key: str, day: int, amount: str) -> Claim:
    """Return what is open on an invoice due on a day of April."""
    return Claim(key=key, due_on=date(2026, 4, day), open=eur(amount))


OPEN = (claim("C", 20, "30"), claim("A", 10, "10"), claim("B", 10, "20"))


def test_the_oldest_due_is_settled_first() -> None:
    result = settle(eur(25), OPEN)
    assert [(found.key, found.amount) for found in result.allocations] == [("A", eur(10)), ("B", eur(15))]
    assert result.credit == eur(0)


def test_the_chosen_one_is_settled_before_the_others_and_the_rest_is_credit() -> None:
    result = settle(eur(70), OPEN, first=["C"])
    assert [found.key for found in result.allocations] == ["C", "A", "B"]
    assert result.credit == eur(10)
    assert settle(eur(0), OPEN).allocations == ()


def test_what_cannot_be_settled_is_refused() -> None:
    with pytest.raises(SettlementError, match="refund"):
        settle(eur(-1), OPEN)
    with pytest.raises(SettlementError, match="twice"):
        settle(eur(1), (OPEN[0], OPEN[0]))
    with pytest.raises(SettlementError, match="credit note"):
        settle(eur(1), (claim("D", 1, "-5"),))
    with pytest.raises(SettlementError, match="X is not open"):
        settle(eur(1), OPEN, first=["X"])
    with pytest.raises(MixedCurrenciesError):
        settle(Money.of(1, "USD"), OPEN)


@given(CENTS, st.lists(st.tuples(st.integers(1, 30), CENTS), max_size=8), st.data())
def test_settlement_never_exceeds_either_side(
    amount: Money, rows: list[tuple[int, Money]], data: st.DataObject
) -> None:
    claims = [Claim(key=str(n), due_on=date(2026, 4, day), open=owed) for n, (day, owed) in enumerate(rows)]
    first = data.draw(st.permutations([found.key for found in claims]).map(lambda keys: keys[:2]))
    result = settle(amount, claims, first=first)
    opened = {found.key: found.open for found in claims}
    assert all(eur(0) < found.amount <= opened[found.key] for found in result.allocations)
    assert sum_money((found.amount for found in result.allocations), EUR) + result.credit == amount
    assert len({found.key for found in result.allocations}) == len(result.allocations)
    if result.credit:
        assert sum_money(opened.values(), EUR) + result.credit == amount
    assert result == settle(amount, claims[::-1], first=first)


def test_days_since_due() -> None:
    assert [days_since_due(DUE, DUE + timedelta(days=n)) for n in (-3, 0, 1, 10)] == [-3, 0, 1, 10]
    assert days_since_due(DUE, date(2026, 4, 20), EVERY_WEEKDAY) == 3
    assert [is_overdue(DUE, DUE + timedelta(days=n)) for n in (0, 1)] == [False, True]


STEPS = (AgeingStep(2, 7), AgeingStep(1, 1), AgeingStep(3, 21))


def test_one_step_at_a_time_each_once() -> None:
    assert step_reached(STEPS, done=0, days=0) is None
    assert step_reached(STEPS, done=0, days=30) == AgeingStep(1, 1)
    assert step_reached(STEPS, done=1, days=6) is None
    assert step_reached(STEPS, done=1, days=7) == AgeingStep(2, 7)
    assert step_reached(STEPS, done=3, days=99) is None
    assert following_step(STEPS, done=2) == AgeingStep(3, 21)
    with pytest.raises(AgeingError):
        AgeingStep(1, -1)


@given(st.integers(0, 60), st.booleans())
def test_a_step_is_reached_on_the_first_day_on_which_its_days_are(days: int, business: bool) -> None:
    calendar = EVERY_WEEKDAY if business else None
    on = reached_on(AgeingStep(1, days), DUE, calendar)
    assert days_since_due(DUE, on, calendar) >= days
    assert on == DUE or days_since_due(DUE, on - timedelta(days=1), calendar) < days


def test_receivables_by_age_for_each_currency() -> None:
    on = date(2026, 7, 31)
    rows = [(0, "1"), (1, "2"), (30, "4"), (31, "8"), (90, "16"), (91, "32")]
    items = [Receivable(on - timedelta(days=age), eur(amount)) for age, amount in rows]
    found = by_age([*items, Receivable(on, Money.of(5, "USD"))], on)
    assert [(bucket.label, str(bucket.open.amount)) for bucket in found["EUR"]] == [
        ("not due", "1.00"),
        ("1-30 days", "6.00"),
        ("31-60 days", "8.00"),
        ("61-90 days", "16.00"),
        ("over 90 days", "32.00"),
    ]
    assert found["USD"][0].open == Money.of(5, "USD")
    with pytest.raises(AgeingError):
        by_age(items, on, bounds=(30, 30))


def assessed(rule: Penalty, **given_: object) -> penalty.PenaltyCharge:
    """Return a penalty on 1,000.00, ten days late, nothing charged before, unless told otherwise."""
    usual = {"balance": eur(1000), "penalties": eur(0), "days": 10, "charged": eur(0)}
    return penalty.assess(rule, **(usual | given_))  # type: ignore[arg-type]


def test_penalties() -> None:
    interest = InterestPenalty(annual_percent=D("7.3"))
    assert assessed(FlatPenalty(amount=eur("7.50"))).amount == eur("7.50")
    assert assessed(PercentPenalty(percent=D("1.5"))).amount == eur(15)
    assert assessed(interest).amount == eur("2.00")
    assert assessed(interest, penalties=eur(500)).amount == eur("1.00")
    assert assessed(interest, days=20, charged=eur(2)).amount == eur("2.00")
    assert assessed(interest, cap=eur("1.50")).amount == eur("1.50")
    assert assessed(interest, cap=eur("1.50"), charged=eur("1.50")).amount == eur(0)
    assert assessed(FlatPenalty(amount=eur(5)), charged=eur(5)).amount == eur(5)
    assert assessed(FlatPenalty(amount=eur(5)), charged=eur(5), cap=eur(8)).amount == eur(3)
    assert assessed(interest, days=0).amount == eur(0)
    assert derivation.sentence(assessed(interest).derivation) == (
        "1000 at 7.3 % a year for 10 of 365 days, rounded to 2 decimals (half up): 2.00 EUR."
    )


def test_penalties_that_make_no_sense_are_refused() -> None:
    for build in (
        lambda: FlatPenalty(amount=eur(-1)),
        lambda: PercentPenalty(percent=D(-1)),
        lambda: InterestPenalty(annual_percent=D(-1)),
        lambda: assessed(FlatPenalty(amount=eur(1)), penalties=eur(1001)),
    ):
        with pytest.raises(PenaltyError):
            build()
    with pytest.raises(MixedCurrenciesError):
        assessed(FlatPenalty(amount=Money.of(1, "USD")))
    with pytest.raises(exact.NotExactError):
        PercentPenalty(percent=0.5)  # type: ignore[arg-type]


PENALTIES = (FlatPenalty(amount=eur(5)), PercentPenalty(percent=D(2)), InterestPenalty(annual_percent=D(8)))


@given(st.sampled_from(PENALTIES), CENTS, st.integers(-5, 2000), CENTS, st.none() | CENTS)
def test_a_penalty_is_never_below_zero_nor_above_its_cap(
    rule: Penalty, balance: Money, days: int, charged: Money, cap: Money | None
) -> None:
    found = penalty.assess(rule, balance=balance, penalties=eur(0), days=days, charged=charged, cap=cap)
    assert found.amount >= eur(0)
    assert cap is None or not found.amount or found.amount + charged <= cap
    assert derivation.recompute(found.derivation) == found.amount


DECLINED = datetime(2026, 4, 1, 8, tzinfo=UTC)


def test_soft_declines_are_tried_again_by_the_schedule_and_others_never() -> None:
    schedule = Schedule(days=(1, 3, 7))
    tried = [
        next_attempt(schedule, decline_class=DeclineClass.SOFT, attempts=attempts, declined_at=DECLINED)
        for attempts in (1, 2, 3, 4)
    ]
    assert tried == [*(DECLINED + timedelta(days=n) for n in (1, 3, 7)), None]
    for never in (DeclineClass.HARD, DeclineClass.AUTHENTICATION):
        assert next_attempt(schedule, decline_class=never, attempts=1, declined_at=DECLINED) is None
    with pytest.raises(RetryError):
        next_attempt(schedule, decline_class=DeclineClass.SOFT, attempts=0, declined_at=DECLINED)
    with pytest.raises(RetryError):
        Schedule(days=(1, 0))


def test_an_uncertain_charge_is_asked_about_seven_times() -> None:
    waits = [next_poll(polls=polls, at=DECLINED) for polls in range(8)]
    assert waits[:3] == [DECLINED + wait for wait in (timedelta(minutes=5), timedelta(hours=1), timedelta(days=1))]
    assert waits[6] == DECLINED + timedelta(days=1)
    assert waits[7] is None


@pytest.mark.parametrize("lifecycle", LIFECYCLES, ids=lambda found: found.name)
def test_every_state_is_reached_and_nothing_else_is_allowed(lifecycle: Lifecycle) -> None:
    assert lifecycle.reachable() == lifecycle.states
    for old in lifecycle.states:
        for new in lifecycle.states:
            if lifecycle.may(old, new):
                states.check(lifecycle, old, new)
            else:
                with pytest.raises(TransitionError, match=f"cannot become {new}"):
                    states.check(lifecycle, old, new)


def test_what_is_final_stays() -> None:
    assert states.BILLING_RUN.is_final("done")
    assert not states.ORDER.is_final("suspended")
    assert not states.PAYMENT_ATTEMPT.may("unknown", "submitted")
    assert all(states.PAYMENT_ATTEMPT.may(ended, "succeeded") for ended in ("declined", "failed"))
    with pytest.raises(TransitionError, match="from active may follow: cancelled, ended, suspended"):
        states.check(states.ORDER, "active", "pending")
    with pytest.raises(TransitionError):
        states.check(states.ORDER, "no such state", "active")


def test_an_issued_invoice_is_a_receivable_against_revenue_and_tax() -> None:
    entry = journal.invoice_issued(
        document="INV-1", total=eur("30.25"), revenue={"revenue": eur(20), "usage": eur(5)}, tax={"tax": eur("5.25")}
    )
    assert entry is not None
    assert {posting.account: posting.amount for posting in entry.postings} == {
        "receivable": eur("30.25"),
        "revenue": eur(-20),
        "usage": eur(-5),
        "tax": eur("-5.25"),
    }
    assert journal.invoice_issued(document="INV-2", total=eur(0), revenue={"revenue": eur(0)}, tax={}) is None


def test_a_payment_is_credit_until_it_is_allocated() -> None:
    happenings = [
        journal.payment_received(document="P-1", amount=eur(40)),
        journal.allocation(document="P-1", amount=eur(25)),
        journal.refund(document="R-1", amount=eur(10)),
        journal.write_off(document="INV-3", amount=eur(2)),
    ]
    sums: dict[str, Money] = {}
    for entry in happenings:
        assert entry is not None
        for posting in entry.postings:
            sums[posting.account] = sums.get(posting.account, eur(0)) + posting.amount
    assert sums == {
        Account.CASH: eur(30),
        Account.CUSTOMER_CREDIT: eur(-5),
        Account.RECEIVABLE: eur(-27),
        Account.BAD_DEBT: eur(2),
    }


def test_an_entry_that_does_not_balance_is_refused() -> None:
    one, other = Posting("cash", eur(5)), Posting("revenue", Money.of(-5, "USD"))
    with pytest.raises(UnbalancedEntryError, match=r"off by 5\.00 EUR"):
        Entry(kind="adjustment", document="X", postings=(one, other))
    with pytest.raises(UnbalancedEntryError, match="posts nothing"):
        Entry(kind="adjustment", document="X", postings=())
    with pytest.raises(UnbalancedEntryError):
        journal.invoice_issued(document="INV", total=eur(10), revenue={"revenue": eur(9)}, tax={})


@given(st.lists(CENTS, min_size=1, max_size=6), CENTS, st.booleans())
def test_entries_sum_to_zero(nets: list[Money], tax: Money, is_credit_note: bool) -> None:
    sign = -1 if is_credit_note else 1
    revenue = {f"revenue-{n}": net * sign for n, net in enumerate(nets)}
    total = sum_money([*revenue.values(), tax * sign], EUR)
    entry = journal.invoice_issued(document="INV", total=total, revenue=revenue, tax={"tax": tax * sign})
    if entry is not None:
        assert not any(journal.balances(entry.postings).values())
        assert all(posting.amount for posting in entry.postings)
