"""jBilling: ageing, penalties, payments, refunds, balances and retries."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from tests.oracles.adapters.jbilling_cycles import JBILLING, TIMINGS, USD
from tests.oracles.harness import Case, Facts, Unreadable, adapter
from tests.oracles.reading import day, figure, instant, money

from billhook.core.ageing import AgeingStep, step_reached
from billhook.core.agreement import AgreedLine, Agreement, ChargeKind, Cycle
from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.credit import Recharge, available, permitted_quantity
from billhook.core.draft import bill
from billhook.core.money import Money
from billhook.core.penalty import FlatPenalty, PercentPenalty
from billhook.core.penalty import assess as assess_penalty
from billhook.core.price.flat import Flat
from billhook.core.refund import refund
from billhook.core.retry import DeclineClass, Schedule, next_attempt
from billhook.core.rounding import to_places
from billhook.core.settlement import Allocation, Claim, settle

ZERO = Money.zero(USD)
SOME_DAY = date(2001, 1, 1)
_STEP = re.compile(r"(?P<name>\w+) (?P<days>\d+)d?")


def _last_step(steps: list[AgeingStep], days: int) -> AgeingStep | None:
    """Return the last step that a run on each day since the due date takes, one step a run."""
    taken: AgeingStep | None = None
    for on in range(days + 1):
        taken = step_reached(steps, done=taken.position if taken else 0, days=on) or taken
    return taken


def _days_after_due(text: str) -> int:
    match = re.fullmatch(r"due date \+ (\d+) days?", text)
    if match is None:
        raise Unreadable(f"{text!r} is no run")
    return int(match[1])


@adapter("ageing_3x", files=JBILLING)
def ageing_3x(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the status after runs: the first step follows the grace, each later one so many days on the one before."""
    given.skip("runs_before")
    first, *rest = str(given["steps"]).split(" -> ")
    words = [_STEP.fullmatch(part) for part in rest]
    if not first.startswith("active") or not all(words):
        raise Unreadable(f"{given['steps']!r} are no steps")
    named = [(match["name"], int(match["days"])) for match in words if match]
    steps, days = [], int(given["grace_days"]) + 1
    for position, (_name, wait) in enumerate(named, start=1):
        steps.append(AgeingStep(position, days))
        days += wait
    taken = _last_step(steps, _days_after_due(given["run"]))
    return {"status": named[taken.position - 1][0] if taken else "active"}


@adapter("ageing_ce4", files=JBILLING)
def ageing_ce4(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the step after runs, where steps are days since the due date."""
    steps = [AgeingStep(place, int(days)) for place, days in enumerate(given["step_days_after_due"], start=1)]
    taken = _last_step(steps, _days_after_due(given["run"]))
    return {"step": f"Day {taken.days}" if taken else None}


@adapter("penalty.ageing_step", files=JBILLING)
def penalty_step(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the order for a penalty: a one-time charge that the next run bills in advance."""
    reached = given["new_status"] == given["trigger_status"]
    penalty = FlatPenalty(amount=money(given["fee"]))
    charge = assess_penalty(penalty, balance=money("100"), penalties=ZERO, days=1, charged=ZERO)
    price = Flat(currency=USD, amount=charge.amount.amount)
    line = AgreedLine(key="late", description="late", kind=ChargeKind.PENALTY, price=price, active_from=SOME_DAY)
    return {
        "order_created": reached,
        "amount": charge.amount.amount,
        "billing": next(name for name, found in TIMINGS.items() if found is line.timing),
        "period": "monthly" if line.kind.recurs else "one-time",
    }


@adapter("penalty.payment_term", files=JBILLING)
def penalty_term(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the penalty on an invoice so many days after it was due."""
    days = int(given["days_overdue"]) if "days_overdue" in given else 0
    given.skip("due", "penalty_after_days")
    penalty = PercentPenalty(percent=figure(given["percent"]))
    charge = assess_penalty(penalty, balance=money(given["invoice"]), penalties=ZERO, days=days, charged=ZERO)
    return {"penalty_line": charge.amount.amount}


@adapter("payments.allocation", files=JBILLING)
def allocation(given: Facts, _: Case) -> Mapping[str, object]:
    """Settle invoices with a payment, oldest first."""
    if given["result"] != "ok":
        return {"invoice_balances": [figure(amount) for amount in given["invoices"]], "payment_balance": Decimal(0)}
    claims = [
        Claim(key=str(place), due_on=SOME_DAY, open=money(amount)) for place, amount in enumerate(given["invoices"])
    ]
    settled = settle(money(given["payment"]), claims)
    return {"invoice_balances": _left(claims, settled.allocations), "payment_balance": settled.credit.amount}


def _left(claims: list[Claim], allocations: tuple[Allocation, ...]) -> list[Decimal]:
    paid = {item.key: item.amount for item in allocations}
    return [(claim.open - paid.get(claim.key, ZERO)).amount for claim in claims]


@adapter("payments.balance.doc", files=JBILLING)
def balance_doc(given: Facts, _: Case) -> Mapping[str, object]:
    """Return what is left of an invoice and a payment, linked or not."""
    claims = [Claim(key="invoice", due_on=SOME_DAY, open=money(given["invoice"]))]
    settled = settle(money(given["payment"]), claims if given["linked"] else ())
    return {"invoice_balance": _left(claims, settled.allocations)[0], "payment_balance": settled.credit.amount}


@adapter("payments.links.doc", files=JBILLING)
def links(given: Facts, _: Case) -> Mapping[str, object]:
    """Link payments to invoices as they come: each payment to the oldest invoice, each invoice to the oldest credit."""
    invoices = [_dated(text) for text in given["invoices"]]
    payments = [_dated(text) for text in given["payments"]]
    happened = sorted(
        [(on, 0, place, amount) for place, (amount, on) in enumerate(invoices)]
        + [(on, 1, place, amount) for place, (amount, on) in enumerate(payments)],
        key=lambda item: item[:3],
    )
    made: dict[str, list[str]] = {f"inv{place}": [] for place in range(1, len(invoices) + 1)}
    opened: dict[str, Claim] = {}
    credit: dict[int, Money] = {}
    for on, what, place, amount in happened:
        if what:
            credit[place + 1] = amount
        else:
            opened[f"inv{place + 1}"] = Claim(key=f"inv{place + 1}", due_on=on, open=amount)
        _link(opened, credit, made)
    return {"links": made}


def _link(opened: dict[str, Claim], credit: dict[int, Money], made: dict[str, list[str]]) -> None:
    for payment in list(credit):
        settled = settle(credit[payment], list(opened.values()))
        for item in settled.allocations:
            claim = opened[item.key]
            opened[item.key] = Claim(key=claim.key, due_on=claim.due_on, open=claim.open - item.amount)
            made[item.key].append(f"{item.amount.amount.normalize():f} from p{payment}")
        credit[payment] = settled.credit


def _dated(text: str) -> tuple[Money, date]:
    match = re.fullmatch(r"([\d.]+) \((\w+ \d+)\)", text)
    if match is None:
        raise Unreadable(f"{text!r} is no dated amount")
    return money(match[1]), day(match[2])


@adapter("refunds", files=JBILLING)
def refunds(given: Facts, _: Case) -> Mapping[str, object]:
    """Refund a payment, and return what is open again."""
    match = re.fullmatch(r"([\d.]+)(?: linked| \(([\d.]+) linked, ([\d.]+) balance\))?", given["payment"])
    if match is None or "then" in given:
        raise Unreadable(f"{given['payment']!r} is no payment")
    paid, invoice = money(match[1]), money(given["invoice"])
    linked = money(match[2] or match[1])
    found = refund(money(given["refund"]), paid=paid, allocations=[Allocation("invoice", linked)])
    undone = sum((item.amount.amount for item in found.undone), Decimal(0))
    rest = paid - linked - found.unallocated
    return {"invoice_balance": (invoice - linked).amount + undone, "payment_balance": rest.amount}


@adapter("balance.prepaid", files=JBILLING)
def prepaid(given: Facts, _: Case) -> Mapping[str, object]:
    """Return what may be spent after a payment, or after an order was taken back."""
    added = money(given["payment"] if "payment" in given else given["delete_one_time_order"])
    balance = available(limit=ZERO, credit=money(given["balance"]) + added, owed=ZERO, unbilled=ZERO)
    return {"balance": balance.amount}


@adapter("balance.prepaid_recurring", files=JBILLING)
def prepaid_recurring(given: Facts, _: Case) -> Mapping[str, object]:
    """Return what may be spent after a part of a month was invoiced."""
    match = re.fullmatch(r"([\d.]+) x (\d+)/(\d+) days", given["recurring_order_invoiced"])
    if match is None or int(match[3]) != 31:
        raise Unreadable("only parts of a month of 31 days are read")
    month = Cadence(CadenceUnit.MONTH)
    line = AgreedLine(
        key="order",
        description="order",
        kind=ChargeKind.RECURRING,
        cadence=month,
        price=Flat(currency=USD, amount=figure(match[1])),
        active_from=SOME_DAY + timedelta(days=31 - int(match[2])),
    )
    cycle = Cycle(cadence=month, anchor=SOME_DAY, next_bill=month.nth(SOME_DAY, 1))
    draft = bill(Agreement(customer="customer", currency=USD, cycle=cycle, lines=(line,)), (), line.active_from)
    owed = draft.total if draft else ZERO
    return {"balance": available(limit=ZERO, credit=money(given["balance"]), owed=owed, unbilled=ZERO).amount}


@adapter("balance.credit_limit", "balance.hierarchy", "balance.multi_purchase", files=JBILLING)
def credit_limit(given: Facts, _: Case) -> Mapping[str, object]:
    """Return how many units the rest of a credit limit permits, the parent's for a child that is rolled up."""
    limit = money(given["limit"] if "limit" in given else given["parent_limit"])
    owed = money(given["balance"] if "balance" in given else given.get("child_order", "0"))
    spendable = available(limit=limit, credit=ZERO, owed=owed, unbilled=ZERO)
    prices = given["prices"] if "prices" in given else [given["item_price"]]
    quantity = permitted_quantity(spendable, sum((figure(price) for price in prices), Decimal(0)))
    return {
        "quantity": to_places(quantity, 4) if quantity.denominator != 1 else Decimal(int(quantity)),
        "authorized": quantity >= 1,
        "parent_balance": owed.amount,
    }


@adapter("balance.auto_recharge", files=JBILLING)
def auto_recharge(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the balance after an order that makes it fall below its threshold."""
    given.skip("type")
    balance = money(given["balance"]) - money(given["one_time_order"])
    rule = Recharge(threshold=money(given["threshold"]), amount=money(given["recharge"]))
    return {"balance": (balance + (rule.due(balance, recharged=ZERO) or ZERO)).amount}


@adapter("balance.order_change_ce4", files=JBILLING)
def order_change(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the balance after each total that an unbilled order comes to, and without it."""
    given.skip("type")
    balances = [
        available(limit=ZERO, credit=ZERO, owed=ZERO, unbilled=money(total)).amount
        for total in given["order_total_sequence"]
    ]
    return {
        "balance_after_each": balances,
        "after_delete": available(limit=ZERO, credit=ZERO, owed=ZERO, unbilled=ZERO).amount,
    }


@adapter("payments.retry.doc", files=JBILLING)
def retry_doc(given: Facts, _: Case) -> Mapping[str, object]:
    """Return on which days a payment that keeps declining is tried."""
    schedule = Schedule((int(given["days_between"]),) * int(given["retries"]))
    at = instant("2001-01-01") + timedelta(days=int(given["run_day"]))
    days, tried = [int(given["run_day"])], 1
    while (
        following := next_attempt(schedule, decline_class=DeclineClass.SOFT, attempts=tried, declined_at=at)
    ) is not None:
        days.append(days[-1] + (following - at).days)
        at, tried = following, tried + 1
    return {"attempts_on_days": days, "total_attempts": tried}
