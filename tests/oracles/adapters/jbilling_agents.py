"""jBilling: what agents and their referrers earn, and when they are paid."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from tests.oracles.adapters.jbilling_cycles import JBILLING, USD
from tests.oracles.harness import Case, Facts, Unreadable, adapter
from tests.oracles.reading import day, figure, length, money, one_of

from billhook.core.commission import (
    AgentKind,
    CommissionedLine,
    CommissionRates,
    DatedPercent,
    EarnedOn,
    Earning,
    PayoutTerms,
    commission,
    payout,
    referral,
)
from billhook.core.money import Money, sum_money
from billhook.core.period import ONE_DAY

SOME_DAY = date(2001, 1, 1)
NOTHING = Decimal(0)
CASES = ("standard", "master", "exception", "payment-based", "invoice-based", "referral")


@adapter("commissions*", files=JBILLING)
def commissions(given: Facts, _: Case) -> Mapping[str, object]:
    """Return what an agent earns on lines, or its referrer on that; an exception holds, or is over."""
    case = one_of(str(given["case"]).partition(" ")[0], CASES)
    if case == "referral" and "referred_commission" in given:
        referred = money(given["referred_commission"])
        return {"commission": referral(figure(given["referral_percent"]), referred).result.amount}
    kind = AgentKind.MASTER if case == "master" else AgentKind.STANDARD
    percent = _rates(given, case).percent(kind, SOME_DAY)
    lines = [CommissionedLine(money(amount), percent) for amount in _amounts(given)]
    total = sum_money((line.amount for line in lines), USD)
    paid = total * figure(given.get("paid_ratio", 1))
    earned_on = EarnedOn.INVOICE if case == "invoice-based" else EarnedOn.PAYMENT
    earned = commission(lines, total=total, paid=paid, earned_on=earned_on).result
    if case == "referral":
        earned = referral(figure(given["referral_percent"]), earned).result
    return {"commission": earned.amount}


def _rates(given: Facts, case: str) -> CommissionRates:
    """Return the percentages that are given; the one that the case is about must be."""
    about = {"master": "master_percent", "exception": "exception_percent"}.get(case)
    if about is not None and about not in given:
        raise Unreadable(f"{about} is not given")
    over = "invoice_inside_dates" in given and not given["invoice_inside_dates"]
    if "standard_percent" not in given and (about is None or over):
        raise Unreadable("standard_percent is not given")
    exceptions: tuple[DatedPercent, ...] = ()
    if "exception_percent" in given:
        start = SOME_DAY.replace(year=SOME_DAY.year - 1)
        end = SOME_DAY if over else None
        exceptions = (DatedPercent(percent=figure(given["exception_percent"]), valid_from=start, valid_until=end),)
    master = figure(given["master_percent"]) if "master_percent" in given else None
    standard = figure(given.get("standard_percent", NOTHING))
    return CommissionRates(standard=standard, master=master, exceptions=exceptions)


def _amounts(given: Facts) -> Sequence[Any]:
    return given["lines"] if "lines" in given else [given["line"]]


@adapter("partners.*", files=JBILLING)
def partners(given: Facts, _: Case) -> Mapping[str, object]:
    """Return what a partner is paid on the day of a run for the payments given, and when it is paid next."""
    terms = PayoutTerms(cadence=length(given["period"]), first_on=day(given["next_payout"]))
    on = day(given["run"])
    found = payout(terms, [Earning(terms.first_on - ONE_DAY, _earned(given))], on)
    return {
        "payout": sum_money(found.paid, USD).amount,
        "next_payout": found.next_on,
        "balance": sum_money(found.waiting, USD).amount,
    }


def _earned(given: Facts) -> Money:
    """Return what is earned at one rate on payments less refunds."""
    payments = given["payments"] if isinstance(given["payments"], list) else [given["payments"]]
    paid = sum_money((money(amount) for amount in payments), USD) - money(given.get("refunds", NOTHING))
    line = CommissionedLine(paid, figure(given["rate"]))
    return commission([line], total=paid, paid=paid).result
