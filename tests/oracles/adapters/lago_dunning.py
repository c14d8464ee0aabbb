"""Lago: requests for what is overdue, by attempts."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from tests.oracles.adapters.lago_periods import LAGO
from tests.oracles.comparing import Either
from tests.oracles.harness import Case, Facts, Unreadable, adapter
from tests.oracles.reading import cents, day, in_cents

from billhook.core.ageing import Receivable
from billhook.core.dunning import RequestPolicy, overdue, requests
from billhook.core.money import Currency, Money
from billhook.core.period import ONE_DAY

ATTEMPTS = {2: "second attempt", 3: "third attempt", 4: "fourth attempt"}


@adapter("dunning", files=LAGO)
def by_attempts(given: Facts, case: Case) -> Mapping[str, object]:
    """Return what is asked for on the days that the case names, where each day is looked at."""
    if len(given["threshold_cents"]) != 1:
        raise Unreadable("the currencies of the invoices are not given")
    (code,) = given["threshold_cents"]
    threshold = cents(given["threshold_cents"][code], code)
    policy = RequestPolicy(
        thresholds=(threshold,), days_between=int(given["days_between"]), most=int(given["max_attempts"])
    )
    term = timedelta(days=int(given["net_payment_term_days"]))
    issued = [(day(on), cents(amount, code)) for on, amount in given["invoices"]]
    days = [day(name) for name in case.asked]
    if not issued or not days:
        raise Unreadable("no invoices are given, or no days are asked about")
    found: dict[str, object] = {}
    made: dict[Currency, int] = {}
    last_on: date | None = None
    on = min(issued)[0]
    while on <= max(days):
        late = overdue([Receivable(start + term, amount) for start, amount in issued if start <= on], on)
        asked = requests(policy, late, on, made=made, last_on=last_on)
        for request in asked:
            made[request.amount.currency], last_on = request.number, on
            found[on.isoformat()] = _asked(in_cents(request.amount), request.number)
        if not asked:
            balance = next(iter(late.balances), Money.zero(code))
            found[on.isoformat()] = _nothing(policy, balance, threshold, made.get(threshold.currency, 0))
        on += ONE_DAY
    return found


def _asked(amount: Decimal, number: int) -> object:
    """Return a request as its amount or, from the second on, by its number."""
    shown = {"payment_request_cents": amount}
    return Either.of(shown, ATTEMPTS[number]) if number in ATTEMPTS else shown


def _nothing(policy: RequestPolicy, balance: Money, threshold: Money, made: int) -> str:
    """Return in Lago's words why nothing is asked for."""
    if not policy.reached(balance):
        return f"no request ({balance.amount} < {threshold.amount})"
    return "none (max reached)" if made >= policy.most else "none (too recent)"
