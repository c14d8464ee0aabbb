"""Kill Bill: what is billed and given back so that the invoices become what they should have been."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tests.oracles.adapters.killbill_dates import KILLBILL
from tests.oracles.adapters.killbill_plans import USD, read
from tests.oracles.comparing import AnyOrder
from tests.oracles.harness import Case, Facts, Unreadable, adapter
from tests.oracles.reading import day, money

from billhook.core.billed import BilledPart, CreditedPart, credits_for
from billhook.core.money import Money, round_together
from billhook.core.period import Period
from billhook.core.proration import Basis, prorate
from billhook.core.settlement import Claim, Standing, settle

RATES = ("monthly_rate", "annual_rate", "rate")


@dataclass(frozen=True, slots=True)
class Item:
    """A period that is billed, or should be, at a rate."""

    period: Period
    amount: Money
    rate: Any


@adapter("repair_tree.*", files=KILLBILL)
def repair_tree(given: Facts, _: Case) -> Mapping[str, object]:
    """Give back the days that should not be billed, and bill those that are not; equal days at one rate stay."""
    rate = next((given[name] for name in RATES if name in given), None)
    should = [_item(row, rate) for row in given["proposed"] if _kind(row) == "RECURRING"]
    repairs = [_item(row, rate) for row in given["existing"] if _kind(row) == "REPAIR_ADJ"]
    billed = [_item(row, rate) for row in given["existing"] if _kind(row) == "RECURRING"]
    return {"result": AnyOrder.of([*_given_back(billed, repairs, should), *_added(billed, repairs, should)])}


def _kind(row: Facts) -> str:
    if row["type"] not in {"RECURRING", "REPAIR_ADJ"}:
        raise Unreadable(f"{row['type']!r} is no item")
    return str(row["type"])


def _item(row: Facts, rate: Any) -> Item:
    return Item(Period(day(row["start"]), day(row["end"])), money(row["amount"]), row.get("rate", rate))


def _given_back(billed: Sequence[Item], repairs: Sequence[Item], should: Sequence[Item]) -> Iterator[Mapping[str, Any]]:
    for item in billed:
        credited = tuple(
            CreditedPart(period=found.period, amount=-found.amount)
            for found in repairs
            if item.period.covers(found.period)
        )
        part = BilledPart(period=item.period, amount=item.amount, credited=credited)
        for credit in credits_for(part, [found.period for found in should if found.rate == item.rate]):
            yield _shown("REPAIR_ADJ", credit.period, credit.amount)


def _added(billed: Sequence[Item], repairs: Sequence[Item], should: Sequence[Item]) -> Iterator[Mapping[str, Any]]:
    for item in should:
        kept = [
            left
            for found in billed
            if found.rate == item.rate
            for left in found.period.subtract(repair.period for repair in repairs)
        ]
        for days in item.period.subtract(kept):
            share = prorate(days, cycle=item.period, basis=Basis.DAYS).fraction
            (amount,) = round_together([share * Fraction(item.amount.amount)], USD)
            yield _shown("RECURRING", days, amount)


def _shown(kind: str, period: Period, amount: Money) -> Mapping[str, Any]:
    return {"type": kind, "amount": amount.amount, "start": period.start, "end": period.end}


@adapter("scenario.cancel_credit", files=KILLBILL)
def cancel_after_refund(given: Facts, _: Case) -> Mapping[str, object]:
    """Cancel what was paid, then refunded in full with a credit of a part: only what is left of it is given back."""
    given.skip("currency", "mode", "account_bcd")
    events = [(event["action"], event["date"]) for event in given["timeline"]]
    words = re.fullmatch(
        r"billed ([\d.]+) and paid; refund the full payment \1 with an item adjustment of only ([\d.]+);"
        r" cancel IMMEDIATE",
        "; ".join(action for action, _on in events),
    )
    plans = [read(name, given["plans"][name]) for name in given["plans"]]
    paid = plans[0].phases[-1].cadence
    if words is None or paid is None or len(plans) > 1:
        raise Unreadable("the actions are others")
    first, refunded, last = (day(on) for _action, on in events)
    fee, adjusted = money(words[1]), money(words[2])
    whole = paid.containing(first, first)
    part = BilledPart(
        period=whole,
        amount=fee,
        credited=(CreditedPart(period=Period(refunded, refunded), amount=adjusted),),
    )
    (credit,) = credits_for(part, [Period(whole.start, last)])
    claim = Claim(
        key="paid", due_on=whole.start, open=Standing(charged=fee, credited=adjusted, paid=fee, refunded=fee).balance
    )
    settled = settle(-credit.amount, [claim])
    used = -credit.amount - settled.credit
    on, number = Period(last, last), len(plans[0].phases)
    return {
        "account_balance": (claim.open - used - settled.credit).amount,
        "invoices": {
            f"{number}_after": AnyOrder.of(
                [
                    _shown("RECURRING", whole, fee),
                    _shown("ITEM_ADJ", Period(refunded, refunded), -adjusted),
                    _shown("CBA_ADJ", on, -used),
                ]
            ),
            str(number + 1): AnyOrder.of(
                [_shown("REPAIR_ADJ", credit.period, credit.amount), _shown("CBA_ADJ", on, -credit.amount)]
            ),
        },
    }
