"""Lago: boundaries of billing periods, proration, trials, terminations, issuing dates."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.oracles.comparing import Series
from tests.oracles.harness import Case, Facts, Unreadable, adapter
from tests.oracles.reading import cadence, cents, day, figure, in_cents, instant

from billhook.core import calendar
from billhook.core.agreement import AgreedLine, Agreement, Alignment, ChargeKind, Cycle, Timing
from billhook.core.billed import BilledPart, credits_for
from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.changes import ChangePolicy, When, effective_on
from billhook.core.derivation import Prorated, run
from billhook.core.document import InvoiceDraft
from billhook.core.draft import bill
from billhook.core.invoice_date import InvoiceDateBase, InvoiceDating
from billhook.core.money import Money, currency
from billhook.core.period import ONE_DAY, Period
from billhook.core.phases import Phase, lines_of, place
from billhook.core.price.flat import Flat
from billhook.core.tax import Taxable, TaxPolicy, TaxRule, assess

LAGO = ("lago",)
EUR = currency("EUR")
SERIES = 24
DAY_COUNTS = ChangePolicy(day_counts=True)
_WORDED = re.compile(r"(?P<interval>\w+)(?: (?P<time>calendar|anniversary))?(?: (?P<anchor>\d{4}-\d\d-\d\d))?")


def anchor_of(found: Cadence, time: str, start: date) -> date:
    """Return the date from which periods count: the subscription's start, or Monday, the first, January."""
    if time == "anniversary":
        return start
    if time != "calendar":
        raise Unreadable(f"{time!r} is no billing time")
    if found.unit is CadenceUnit.WEEK:
        return start - timedelta(days=start.weekday())
    return start.replace(month=1, day=1) if found.unit in {CadenceUnit.MONTH, CadenceUnit.YEAR} else start


def worded(text: str, time: str = "calendar") -> tuple[Cadence, str, date | None]:
    """Return an interval such as `weekly calendar`, its billing time, and its anchor where one is given."""
    match = _WORDED.fullmatch(text)
    if match is None:
        raise Unreadable(f"{text!r} is no interval")
    return cadence(match["interval"]), match["time"] or time, day(match["anchor"]) if match["anchor"] else None


def started(text: str) -> date:
    """Return a date that may carry its weekday, such as `2022-06-22 (Wed)`."""
    return day(text.partition(" ")[0])


def subscription(price: Money, found: Cadence, anchor: date, start: date, **changes: Any) -> AgreedLine:
    """Return a subscription that is aligned to its anchor."""
    return AgreedLine(
        key="plan",
        description="plan",
        kind=ChargeKind.RECURRING,
        cadence=found,
        price=Flat(currency=EUR, amount=price.amount),
        active_from=start,
        alignment=Alignment.PLAN,
        anchor=anchor,
        **changes,
    )


def billed(*lines: AgreedLine, on: date, **options: Any) -> InvoiceDraft | None:
    """Return the bill of lines on a day, for a customer who is billed as due."""
    cycle = Cycle(cadence=Cadence(CadenceUnit.MONTH), anchor=on, next_bill=on, as_due=True)
    return bill(Agreement(customer="customer", currency=EUR, cycle=cycle, lines=lines, **options), (), on)


def _timing(given: Facts) -> Timing:
    return Timing.IN_ADVANCE if given["pay_in_advance"] else Timing.IN_ARREARS


@adapter("boundary", files=LAGO)
def boundary(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the first and last second of the period that is billed on a day."""
    zone = given.get("tz", "UTC")
    on = calendar.local_date(instant(given["billing_at"]), zone)
    found = cadence(given["interval"])
    start = calendar.local_date(instant(given["subscription_at"]), zone) if "subscription_at" in given else on
    anchor = anchor_of(found, given["billing_time"], start)
    period = found.containing(anchor, on)
    if _timing(given) is Timing.IN_ARREARS:
        period = found.containing(anchor, period.start - ONE_DAY)
    return {"from": _written(calendar.day_start(period.start, zone)), "to": _written(_last_second(period, zone))}


def _last_second(period: Period, zone: str) -> datetime:
    return calendar.day_start(period.end, zone) - timedelta(seconds=1)


def _written(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


@adapter("boundary.series", files=LAGO)
def series(given: Facts, _: Case) -> Mapping[str, object]:
    """Return period after period of a subscription, and the days on which they are billed."""
    at = instant(given["start"])
    start, found = calendar.local_date(at, given.get("tz", "UTC")), cadence(given["interval"])
    anchor = anchor_of(found, given["billing_time"], start)
    whole = [found.containing(anchor, start)]
    while len(whole) < SERIES:
        whole.append(found.containing(anchor, whole[-1].end))
    periods = [[max(period.start, start), period.last_day] for period in whole]
    in_advance = _timing(given) is Timing.IN_ADVANCE
    return {
        "billing_days": Series.of(period.start if in_advance else period.end for period in whole),
        "periods": Series.of(periods),
        "usage_from_first_period": _written(at),
        "invoice_at_start": periods[0],
        "next": Series.of(periods[1:]),
        "usage_in_arrears_on_each": Series.of(periods),
    }


@adapter("proration.timezone", files=LAGO)
def timezone(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the first invoice by the days of the customer's zone."""
    start = calendar.local_date(instant(given["subscribed_at"]), given["customer_tz"])
    found, time, _anchor = worded(given["interval"])
    line = subscription(cents(given["plan_cents"]), found, anchor_of(found, time, start), start, timing=_timing(given))
    draft = billed(line, on=start)
    return {"days": draft.lines[0].period.days, "first_invoice_cents": in_cents(draft.total)} if draft else {}


@adapter("proration.first_period", "proration.trial", "trial", files=LAGO)
def first_period(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the first fee, from the day after a trial where there is one."""
    given.skip("pay_in_advance")
    start = started(given["started"]) if "started" in given else instant(given["start"]).date()
    found, time, _anchor = worded(given["interval"])
    price = cents(given["plan_cents"])
    phases = (
        *(
            (Phase(name="trial", length=Cadence(CadenceUnit.DAY, int(given["trial_days"]))),)
            if given.get("trial_days")
            else ()
        ),
        Phase(name="evergreen", price=Flat(currency=EUR, amount=price.amount), cadence=found),
    )
    (line,) = lines_of(place(phases, start), subscription(price, found, anchor_of(found, time, start), start))
    draft = billed(line, on=line.active_from)
    if draft is None:
        return {}
    exactly = run(draft.lines[0].derivation.steps[:-1]) * 100
    amount = in_cents(draft.total)
    found_trial = instant(given["start"]) + timedelta(days=int(given["trial_days"])) if "start" in given else None
    before = billed(line, on=line.active_from - ONE_DAY)
    return {
        "amount_cents": amount,
        "precise": exactly,
        "fee_cents_after_trial": amount,
        "invoices_before": f"{found_trial:%Y-%m-%dT%H:%M} none" if found_trial and before is None else None,
    }


@adapter("downgrade.end_of_period", files=LAGO)
def downgrade(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the first fee of a plan to which a subscription goes down at the end of its period."""
    anchor, asked = day(given["anniversary"]), day(given["requested"])
    old, new = given["from"], given["to"]
    old.skip("cents")
    current = cadence(old["interval"]).containing(anchor, asked)
    on = effective_on(ChangePolicy(when=When.END_OF_PERIOD), asked, billed=current)
    draft = billed(subscription(cents(new["cents"]), cadence(new["interval"]), anchor, on), on=on)
    if draft is None:
        return {}
    line = draft.lines[0]
    part = next(step for step in line.derivation.steps if isinstance(step, Prorated))
    amount = int(in_cents(line.amount))
    return {
        "old_stays_active_until": on,
        "new_period": [line.period.start, line.period.last_day],
        "new_fee": f"round({new['cents']}/{part.whole}*{part.used})={amount}",
    }


@adapter("proration.termination", files=LAGO)
def termination(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the fee in arrears of a subscription that is terminated; its last day counts."""
    start, found = started(given["started"]), worded(given["interval"])
    ends = effective_on(DAY_COUNTS, started(given["terminated"]), billed=None)
    anchor = anchor_of(found[0], found[1], start)
    line = subscription(cents(given["plan_cents"]), found[0], anchor, start, timing=_timing(given), active_until=ends)
    draft = billed(line, on=ends)
    return {"fee_cents": in_cents(draft.total) if draft else Decimal(0)}


@adapter("terminate.*", "credit_note.rounding", files=LAGO)
def terminate(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the credit for a period that was billed in advance and is terminated, of which the last day counts."""
    given.skip("paid_total_cents", "pay_in_advance")
    interval = given["calendar"] if "calendar" in given else given.get("interval", "monthly")
    found, time, anchor = worded(interval)
    start = anchor or instant(given["started"] if "started" in given else given["start"]).date()
    ends = effective_on(DAY_COUNTS, _terminated(given["terminated"], start), billed=None)
    rules = TaxRule(tax_category="standard", code="vat", name="VAT", percent=figure(given.get("tax_percent", "0")))
    policy = TaxPolicy(rules=(rules,))
    line = subscription(cents(given["plan_cents"]), found, anchor_of(found, time, start), start)
    draft = billed(line, on=start, tax=policy)
    if draft is None:
        return {}
    part = BilledPart(period=draft.lines[0].period, amount=draft.lines[0].amount)
    credit = -credits_for(part, [Period(start, ends)])[0].amount
    tax = assess(policy, [Taxable(credit, "standard", start)], EUR).lines[0].amount
    note = {"subtotal": in_cents(credit), "tax": in_cents(tax), "total": in_cents(credit + tax)}
    return {
        "credit_note_cents": in_cents(credit + tax),
        "credit_note": note,
        "first_invoice_cents": in_cents(draft.total),
        "subtotal_cents": note["subtotal"],
        "tax_cents": note["tax"],
        "total_cents": note["total"],
    }


def _terminated(text: str, start: date) -> date:
    return start if text.startswith("same day") else instant(text).date()


@adapter("issuing_date", files=LAGO)
def issuing_date(given: Facts, _: Case) -> Mapping[str, object]:
    """Return how many days after the bill an invoice is dated."""
    on = date(2001, 2, 1)
    ended = Period(date(2001, 1, 1), on)
    by_end = given["anchor"] == "current_period_end"
    dating = InvoiceDating(
        base=InvoiceDateBase.LAST_DAY if by_end else InvoiceDateBase.BILL_DATE,
        grace_days=int(given["grace_days"]),
        keeps_base=given["adjustment"] == "keep_anchor",
    )
    dated = dating.date_of(on, [ended] if given["recurring"] else [])
    return {"days_added": (dated - on).days}
