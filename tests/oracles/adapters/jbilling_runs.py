"""jBilling: when a run takes place, which gateway takes a payment, and what else is decided around invoices."""

import re
from collections.abc import Mapping

from tests.oracles.adapters.jbilling_cycles import JBILLING, USD
from tests.oracles.harness import Case, Facts, Unreadable, adapter
from tests.oracles.reading import day, figure, instant, money

from billhook.core.credit import permitted_by_rule
from billhook.core.money import Money, sum_money
from billhook.core.period import ONE_DAY, Period
from billhook.core.retry import DeclineClass, Schedule, next_attempt
from billhook.core.routing import CURRENCY, METHOD, Requirement, Route, RoutingError, choose
from billhook.core.settlement import Claim, Standing, settle
from billhook.core.states import BILLING_RUN
from billhook.core.write_off import WriteOffPolicy

ZERO = Money.zero(USD)
SOME_DAY = day("2001-01-01")
BELOW_A_CENT = WriteOffPolicy(limits=(money("0.01"),), after_days=0)
STATES = {
    "no review": "draft",
    "disapproved": "rejected",
    "approved": "approved",
    "pending": "review",
}
PLACES = {"inside window": True, "outside window": False, "before window": False, "after window": False}
FACTS = {"invoice_currency": CURRENCY, "payment_currency": CURRENCY, "payment_method": METHOD}
_STEP = re.compile(
    r"(?P<state>no review|review (?:dis)?approved|review pending(?: \(neutral\))?)(?:, trigger (?P<place>.+))"
)


@adapter("billing.retry", files=JBILLING)
def run_retry(given: Facts, _: Case) -> Mapping[str, object]:
    """Return how often a run whose payments keep failing took place by the day on which it is triggered."""
    schedule = Schedule((int(given["days_for_retry"]),) * int(given["retries"]))
    at, asked, made = instant(given["first_run"]), instant(given["trigger"]), 0
    while at <= asked:
        made += 1
        following = next_attempt(schedule, decline_class=DeclineClass.SOFT, attempts=made, declined_at=at)
        if following is None:
            break
        at = following
    return {"process_runs": made}


@adapter("billing.run", files=JBILLING)
def concurrent_run(given: Facts, _: Case) -> Mapping[str, object]:
    """Return whether a run that is triggered again begins to compute once more."""
    state = "computing" if given["concurrent_trigger"] else BILLING_RUN.initial
    return {"second_trigger_accepted": BILLING_RUN.may(state, "computing")}


@adapter("billing.review_semantics", files=JBILLING)
def review(given: Facts, _: Case) -> Mapping[str, object]:
    """Return what a trigger does about a run that is reviewed: issue it, or open another one where it is over."""
    match = _STEP.fullmatch(given["step"])
    if match is None or match["place"] not in PLACES:
        raise Unreadable(f"{given['step']!r} is no step of a review")
    state = next(state for word, state in STATES.items() if word in match["state"])
    is_over = state == BILLING_RUN.initial or BILLING_RUN.is_final(state)
    return {
        "new_review": PLACES[match["place"]] and is_over,
        "real_run": PLACES[match["place"]] and BILLING_RUN.may(state, "committing"),
    }


@adapter("payments.router*", files=JBILLING)
def router(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the gateway to which a map from one fact of a payment leads, if any; a fallback comes last."""
    names = [name for name in given if name not in {"map", "fallback"}]
    if not names:
        raise Unreadable("no fact of the payment is given")
    leads = given["map"].plain()
    facts = {FACTS.get(name, name): str(given[name]) for name in names}
    fact = next((name for name, value in facts.items() if value in leads), "")
    routes = [
        Route(gateway=gateway, requires=(Requirement(fact, frozenset([value])),)) for value, gateway in leads.items()
    ]
    if "fallback" in given:
        routes.append(Route(gateway=given["fallback"], rank=1))
    try:
        return {"processor": choose(routes, facts, reference="payment")}
    except RoutingError:
        return {"processor": None}


@adapter("balance.rule_limit", files=JBILLING)
def rule_limit(given: Facts, _: Case) -> Mapping[str, object]:
    """Return how many more units a rule permits beside those of the current order."""
    given.skip("item")
    quantity = permitted_by_rule(figure(given["max_units_rule"]), figure(given["current_order_qty"]))
    return {"quantity": quantity, "authorized": quantity >= 1}


@adapter("payments.rounding_to_zero", files=JBILLING)
def rounding_to_zero(given: Facts, _: Case) -> Mapping[str, object]:
    """Return what is open after a payment where a rest below a cent is written off at once."""
    claim = Claim(key="invoice", due_on=SOME_DAY, open=money(given["invoice_balance"]))
    settled = settle(money(given["payment"]), [claim])
    left = claim.open - sum_money((item.amount for item in settled.allocations), USD)
    given_up = BELOW_A_CENT.gives_up(left, due_on=SOME_DAY, on=SOME_DAY)
    return {"invoice_balance": (ZERO if given_up else left).amount, "payment_balance": settled.credit.amount}


@adapter("invoice.carry_over.doc", files=JBILLING)
def carry_over(given: Facts, _: Case) -> Mapping[str, object]:
    """Return what a statement of July shows: what is open of June, July's own invoice, and both together."""
    june, july = money(given["june"]), money(given["july"])
    earlier = Standing(charged=june, credited=ZERO, paid=ZERO if given["june_unpaid"] else june, refunded=ZERO)
    own = Standing(charged=july, credited=ZERO, paid=ZERO, refunded=ZERO)
    return {
        "july_balance": own.balance.amount,
        "july_carried": earlier.balance.amount,
        "july_total": (earlier.balance + own.balance).amount,
    }


@adapter("invoice.date_range", files=JBILLING)
def date_range(given: Facts, _: Case) -> Mapping[str, object]:
    """Return whether an invoice lies in a range of dates, both included."""
    first, last = (day(text) for text in given["query"])
    return {"found": day(given["invoice_date"]) in Period(first, last + ONE_DAY)}
