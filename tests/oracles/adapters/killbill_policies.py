"""Kill Bill: cancellation policies, notices, transfers, dunning, credit and payments of its scenarios."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from tests.oracles.adapters.killbill_account import Account, numbered
from tests.oracles.adapters.killbill_dates import KILLBILL
from tests.oracles.adapters.killbill_plans import USD, read
from tests.oracles.adapters.killbill_scenarios import WHEN, ZERO, worded_bcd
from tests.oracles.comparing import Series
from tests.oracles.harness import Case, Facts, Unreadable, adapter
from tests.oracles.reading import day, figure, money

from billhook.core.ageing import Receivable
from billhook.core.changes import ChangePolicy, effective_on
from billhook.core.dunning import Condition, highest, overdue
from billhook.core.money import Money
from billhook.core.period import ONE_DAY
from billhook.core.phases import place
from billhook.core.settlement import Claim, Standing, settle


@adapter("scenario.cancel_policy", files=KILLBILL)
def cancel_policy(given: Facts, _: Case) -> Mapping[str, object]:
    """Return when entitlement and billing end, each by its policy."""
    given.skip("currency", "mode", "account_bcd")
    *before, last = given["timeline"]
    match = re.fullmatch(r"cancel entitlement (\w+), billing (\w+)", last["action"])
    if match is None:
        raise Unreadable(f"{last['action']!r} is no cancellation")
    asked, start = day(last["date"]), day(before[0]["date"])
    for event in before:
        _ = event["action"], event["date"]
    (plan,) = (read(name, given["plans"][name]) for name in given["plans"])
    current = next(item for item in place(plan.phases, start) if asked in item.period)
    found = current.phase.cadence
    billed = found.containing(current.period.start, asked) if found else current.period
    ends = [effective_on(ChangePolicy(when=WHEN[word]), asked, billed=billed) for word in match.groups()]
    return {"entitlement_end": ends[0], "billing_end": ends[1]}


@adapter("scenario.upcoming_invoice_notice", files=KILLBILL)
def notices(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the days of the next invoices, and those so many days before."""
    given.skip("currency", "mode", "account_bcd")
    (event,) = given["timeline"]
    match = re.fullmatch(r"subscribe; dryRunNotificationSchedule=(\d+)d", event["action"])
    if match is None:
        raise Unreadable(f"{event['action']!r} is no action")
    account = Account(bcd=None)
    (plan,) = (read(name, given["plans"][name]) for name in given["plans"])
    account.subscribe("base", plan, day(event["date"]))
    account.bill(day(event["date"]))
    bills = [on for on in account.upcoming(day(event["date"])) if account.bill(on)][:12]
    return {
        "invoices_on": Series.of(bills),
        "notifications_on": Series.of(on - ONE_DAY * int(match[1]) for on in bills),
    }


@adapter("scenario.transfer", files=KILLBILL)
def transfer(given: Facts, _: Case) -> Mapping[str, object]:
    """Return what the old account is credited and the new one billed when subscriptions move to it."""
    given.skip("currency", "mode")
    first, second = given["timeline"]
    if first["action"] != "base + telescopic" or not second["action"].endswith("transfer same day"):
        raise Unreadable("only a transfer on the day of a bill is read")
    start, moved = day(first["date"]), day(second["date"])
    plans = [read(name, given["plans"][name]) for name in given["plans"]]
    old, new = Account(bcd=worded_bcd(given["account_bcd"])), Account(bcd=worded_bcd(given["account_bcd"]))
    for plan in plans:
        old.subscribe(plan.name, plan, start)
        old.bill(start)
    for on in [on for on in old.upcoming(start) if on <= moved]:
        old.bill(on)
    for plan in plans:
        old.cancel(plan.name, moved)
        new.take_over(plan.name, plan, start, moved)
    old.bill(moved)
    new.bill(moved)
    return {
        f"source_invoice_{len(old.invoices)}": numbered(old)[str(len(old.invoices))],
        "new_account_invoice_1": numbered(new)["1"],
    }


@adapter("scenario.overdue_count", files=KILLBILL)
def overdue_count(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the dunning state by the number of unpaid invoices."""
    given.skip("currency", "mode", "account_bcd", "plans")
    for event in given["timeline"]:
        _ = event["action"], event["date"]
    rules = given["overdue"]
    names = list(rules)
    conditions = [Condition(invoices=_count(rules[name])) for name in names]
    states = {}
    for number in range(1, 21):
        late = overdue([Receivable(date(2001, 1, 1), money("1"))] * number, date(2001, 2, 1))
        reached = highest(conditions, late)
        states[str(number)] = names[reached - 1] if reached else "CLEAR"
    return {"state_by_unpaid_count": states}


def _count(text: str) -> int:
    match = re.fullmatch(r">=(\d+)(?: unpaid)?", text)
    if match is None:
        raise Unreadable(f"{text!r} is no condition")
    return int(match[1])


@adapter("balance.formula", files=KILLBILL)
def balance(given: Facts, _: Case) -> Mapping[str, object]:
    """Return what an invoice charges and what is open after an adjustment or a refund with one."""
    charged = sum((figure(given["items"][name]) for name in given["items"]), Decimal(0))
    match = re.fullmatch(r"(?:item adjust|refund) ([\d.]+)(?P<adjusted> with item adjustment)?", given["then"])
    if match is None:
        raise Unreadable(f"{given['then']!r} is no happening")
    amount, is_refund = money(match[1]), match[0].startswith("refund")
    standing = Standing(
        charged=money(charged),
        credited=ZERO if is_refund and not match["adjusted"] else amount,
        paid=money(given["paid"]),
        refunded=amount if is_refund else ZERO,
    )
    return {"balance": standing.balance.amount, "charged": standing.claimed.amount, "cba": standing.credit.amount}


@adapter("scenario.credit", files=KILLBILL)
def account_credit(given: Facts, _: Case) -> Mapping[str, object]:
    """Return how a credit settles an unpaid invoice, and what is left for the next one to pay."""
    given.skip("currency", "mode", "account_bcd")
    events = [(event["action"], event["date"]) for event in given["timeline"]]
    amounts = [re.fullmatch(r"account credit ([\d.]+)", action) for action, _date in events]
    given_credit = next((money(found[1]) for found in amounts if found), None)
    (plan,) = (read(name, given["plans"][name]) for name in given["plans"])
    if given_credit is None or plan.phases[-1].price is None:
        raise Unreadable("no credit is given")
    fee = Money.of(plan.phases[-1].price.price(Decimal(1)).amount, USD)
    settled = settle(given_credit, [Claim(key="first", due_on=date(2001, 1, 1), open=fee)])
    open_first = fee - settled.allocations[0].amount
    second = settle(settled.credit, [Claim(key="second", due_on=date(2001, 2, 1), open=fee)])
    payment = fee - sum((item.amount for item in second.allocations), ZERO)
    return {
        "balance_after_credit": (open_first - settled.credit).amount,
        "first_invoice_balance": open_first.amount,
        "payment_amount": payment.amount,
        "final_balance": (fee - payment - second.allocations[0].amount).amount,
    }


@adapter("scenario.partial_payment", files=KILLBILL)
def partial_payment(given: Facts, _: Case) -> Mapping[str, object]:
    """Return what is open after a payment in part, a full one, and one by hand for the rest."""
    given.skip("currency", "mode", "account_bcd", "plans")
    events = [(event["action"], event["date"]) for event in given["timeline"]]
    match = next(
        (re.fullmatch(r"bill ([\d.]+); gateway processes only ([\d.]+)", text) for text, _ in events[1:2]), None
    )
    if match is None:
        raise Unreadable("no payment in part")
    fee, paid = money(match[1]), money(match[2])
    first = Standing(charged=fee, credited=ZERO, paid=paid, refunded=ZERO).balance
    second = Standing(charged=fee, credited=ZERO, paid=fee, refunded=ZERO).balance
    manual = settle(first, [Claim(key="2", due_on=date(2001, 1, 1), open=first)])
    return {
        "invoice_2_balance_after_partial": first.amount,
        "invoice_3_balance": second.amount,
        "account_balance": (first + second).amount,
        "manual_payment": manual.allocations[0].amount.amount,
        "final": (first - manual.allocations[0].amount).amount,
    }


@adapter("scenario.parent_child_credit", files=KILLBILL)
def child_credit(given: Facts, _: Case) -> Mapping[str, object]:
    """Return what a credit pays of a child's invoice, and what is left for its parent, who is not invoiced yet."""
    given.skip("currency", "mode", "account_bcd", "plans")
    actions = [event["action"] for event in given["timeline"] if event.get("date") is not None]
    match = re.fullmatch(
        r"child billed ([\d.]+); credit ([\d.]+) on child same day, parent still DRAFT; parent commits",
        "; ".join(actions),
    )
    if match is None:
        raise Unreadable("the actions are others")
    fee, credit = money(match[1]), money(match[2])
    settled = settle(credit, [Claim(key="child", due_on=date(2001, 1, 1), open=fee)])
    used = credit - settled.credit
    standing = Standing(charged=fee, credited=ZERO, paid=used, refunded=ZERO)
    return {
        "child_items": {"RECURRING": fee.amount, "CBA_ADJ": -used.amount},
        "parent_summary": standing.balance.amount,
        "parent_payment": standing.balance.amount,
    }
