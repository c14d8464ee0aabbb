"""jBilling: what a run bills of an order, invoice and due dates, line by line."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.oracles.adapters.jbilling_cycles import JBILLING, USD, timing
from tests.oracles.harness import Case, Facts, Unreadable, adapter
from tests.oracles.reading import cadence, day, day_or_none, figure, length, money

from billhook.core.agreement import AgreedLine, Agreement, Alignment, BeforeStart, ChargeKind, Cycle, Timing
from billhook.core.cadence import Cadence, CadenceUnit, anchor_on
from billhook.core.calendar import BusinessCalendar, Terms, due_date
from billhook.core.document import InvoiceDraft
from billhook.core.draft import bill
from billhook.core.exchange import ExchangeRate, ExchangeTable
from billhook.core.invoice_date import InvoiceDateBase, InvoiceDating
from billhook.core.money import currency
from billhook.core.period import Period
from billhook.core.price.flat import Flat

MONTHLY = Cadence(CadenceUnit.MONTH)
TODAY = date(2001, 1, 1)
_ORDER = re.compile(
    r"(?P<period>\w+) (?P<type>pre-paid|post-paid)(?: (?P<price>[\d.]+))?(?:,? since (?P<since>\w+ \d+))?"
    r"(?:, created (?P<created>\w+ \d+))?"
)


def short(on: date) -> str:
    """Return a date such as `Jan 15`."""
    return f"{on:%b} {on.day}"


def order_line(**changes: Any) -> AgreedLine:
    """Return an order line of 1 a month, unless told otherwise."""
    usual: dict[str, Any] = {
        "key": "order",
        "kind": ChargeKind.RECURRING,
        "price": Flat(currency=USD, amount=Decimal(1)),
    }
    found = usual | changes
    return AgreedLine(description=found["key"], **found)


def billed(lines: list[AgreedLine], cycle: Cycle, on: date, **options: Any) -> InvoiceDraft | None:
    """Return the bill of a customer in jBilling, who is billed in advance for all that starts before the next bill."""
    options = {"before_start": BeforeStart.UNTIL_NEXT_BILL} | options
    return bill(Agreement(customer="customer", currency=USD, cycle=cycle, lines=tuple(lines), **options), (), on)


def _in_words(text: str) -> dict[str, Any]:
    """Return an order that is written as `monthly pre-paid 100, since Jan 1`."""
    match = _ORDER.fullmatch(text)
    if match is None:
        raise Unreadable(f"{text!r} is no order")
    return match.groupdict()


@adapter("currency.convert", files=JBILLING)
def convert(given: Facts, _: Case) -> Mapping[str, object]:
    """Convert an amount by two rates per pivot."""
    old, new = currency("EUR"), currency("AUD")
    rates = ExchangeTable(
        pivot=USD,
        rates=(
            ExchangeRate(currency=old, per_pivot=figure(given["from_rate_per_pivot"])),
            ExchangeRate(currency=new, per_pivot=figure(given["to_rate_per_pivot"])),
        ),
    )
    return {"amount": rates.convert(money(given["amount"], "EUR"), new, TODAY).amount}


@adapter("dates.days_in_period", files=JBILLING)
def days_in_period(given: Facts, _: Case) -> Mapping[str, object]:
    """Count the days of a period."""
    return {"days": Period(day(given["start"]), day(given["end"])).days}


@adapter("dates.business_days", files=JBILLING)
def business_days(given: Facts, _: Case) -> Mapping[str, object]:
    """Add business days to a date."""
    worked = BusinessCalendar(holidays=frozenset(day(on) for on in given["holidays"]))
    return {"date": worked.add(day(given["start"]), int(given["add"]))}


@adapter("dates.nearest_cycle_date", files=JBILLING)
def nearest_cycle_date(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the date of a cycle next to a day."""
    found = Cadence(CadenceUnit.MONTH, int(given["period_months"]))
    anchor = anchor_on(int(given["invoice_day_of_month"]), start=day(given["anchor"]), cadence=found)
    around = found.containing(anchor, day(given["target"]))
    ahead = around.end if around.start < day(given["target"]) else around.start
    return {"date": {"past": around.start, "future": ahead}[given["direction"]]}


@adapter("invoice.line_description", files=JBILLING)
def line_description(given: Facts, _: Case) -> Mapping[str, object]:
    """Describe a line with its first and last day."""
    form = given["date_format"].replace("MM", "%m").replace("dd", "%d").replace("yyyy", "%Y")
    period = Period(day(given["period_start"]), day(given["period_end_exclusive"]))
    return {"text": f"{given['description']} Period from {period.start:{form}} to {period.last_day:{form}}"}


def _window(given: Facts) -> Cycle:
    """Return the cycle of a run that takes what starts within one billing period from it."""
    on = day(given["run_date"])
    found = length(given["billing_period"])
    return Cycle(cadence=found, anchor=on, next_bill=found.nth(on, 1))


def _order(order: Facts) -> AgreedLine:
    order.skip("ref")
    start = day(order["active_since"])
    return order_line(
        timing=timing(order["type"]),
        cadence=cadence(order["period"]),
        price=Flat(currency=USD, amount=figure(order.get("monthly_total", "1"))),
        active_from=start,
        active_until=day_or_none(order["active_until"]),
        billed_through=day_or_none(order["next_billable"]),
        alignment=Alignment.PLAN,
        anchor=day_or_none(order.get("cycle_start")) or start,
    )


@adapter("billing.period_3x", files=JBILLING)
def period_3x(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the periods that a run bills of an order."""
    line = _order(given["order"])
    most = int(given["max_periods"])
    draft = billed([line], _window(given), day(given["run_date"]), max_periods=most)
    if draft is None:
        return {"periods": 0}
    end = max(claim.period.end for claim in draft.billed)
    return {
        "periods": len(draft.billed),
        "period_start": min(claim.period.start for claim in draft.billed),
        "period_end_exclusive": end,
        "derived_prorated_amount": draft.total.amount,
        "order_status_after": "finished" if end == line.active_until else "active",
    }


@adapter("billing.order_excluded_3x", files=JBILLING)
def order_excluded(given: Facts, _: Case) -> Mapping[str, object]:
    """Return whether a run bills an order."""
    line = _order(given["order"])
    draft = billed([line], _window(given), day(given["run_date"]))
    return {"included": draft is not None}


@adapter("billing.window", files=JBILLING)
def window(given: Facts, _: Case) -> Mapping[str, object]:
    """Return on which runs an order is billed."""
    order, runs = _in_words(given["order"]), [day(on) for on in given["runs"]]
    found, line = length(given["billing_period"]), _worded(order)
    invoices, billed_through = [], []
    for on in runs:
        draft = billed([line], Cycle(cadence=found, anchor=runs[0], next_bill=on), on)
        if draft is not None:
            invoices.append(short(on))
            line = replace(line, billed_through=max(claim.period.end for claim in draft.billed))
        billed_through.append(line.billed_through)
    first = billed_through[0]
    return {
        "invoices_on": invoices,
        f"next_billable_after_{runs[0]:%b}{runs[0].day}".lower(): short(first) if first else None,
    }


def _worded(order: Mapping[str, Any]) -> AgreedLine:
    start = day(order["since"])
    return order_line(
        timing=timing(order["type"]),
        cadence=cadence(order["period"]),
        price=Flat(currency=USD, amount=figure(order["price"] or "1")),
        active_from=start,
        alignment=Alignment.OWN,
    )


@adapter("billing.backdated", files=JBILLING)
def backdated(given: Facts, _: Case) -> Mapping[str, object]:
    """Return what a run bills of an order that began long before it."""
    on, found = day(given["run"]), length(given["billing_period"])
    draft = billed([_worded(_in_words(given["order"]))], Cycle(cadence=found, anchor=on, next_bill=on), on)
    if draft is None:
        return {}
    return {"total": draft.total.amount, "next_billable": short(max(claim.period.end for claim in draft.billed))}


@adapter("billing.max_periods", files=JBILLING)
def max_periods(given: Facts, _: Case) -> Mapping[str, object]:
    """Return what the last of monthly runs bills, of which each takes so many periods at most."""
    order, last = _in_words(given["order"]), day(given["monthly_run"])
    line, first = _worded(order), day(order["created"] or order["since"])
    months: list[str] = []
    for cycle in MONTHLY.periods(first, first, last + timedelta(days=1)):
        draft = billed(
            [line],
            Cycle(cadence=MONTHLY, anchor=first, next_bill=cycle.end),
            cycle.start,
            max_periods=int(given["max_periods"]),
        )
        months = [f"{claim.period.start:%b}" for claim in draft.billed] if draft else []
        if draft is not None:
            line = replace(line, billed_through=max(claim.period.end for claim in draft.billed))
    return {"periods_billed": months}


def _dating(order_type: str, *, process_date: bool) -> InvoiceDating:
    """Return how jBilling dates an invoice: by the run, or by the earliest period of what it bills."""
    by_period = InvoiceDateBase.FIRST_START if timing(order_type) is Timing.IN_ADVANCE else InvoiceDateBase.FIRST_END
    return InvoiceDating(base=InvoiceDateBase.BILL_DATE if process_date else by_period)


def _due(text: str, invoiced_on: date) -> date:
    found = length(text)
    if found.unit is CadenceUnit.DAY:
        return due_date(invoiced_on, Terms(days=found.count))
    return found.nth(invoiced_on, 1)


@adapter("invoice.due_date", files=JBILLING)
def invoice_due(given: Facts, _: Case) -> Mapping[str, object]:
    """Return how many invoices a run makes, and when they are due."""
    on, found = day(given["billing_date"]), cadence(given["period"])
    start = day(given["active_since"])
    line = order_line(timing=timing(given["order_type"]), cadence=found, active_from=start, alignment=Alignment.OWN)
    draft = billed([line], Cycle(cadence=found, anchor=on, next_bill=on), on)
    if draft is None:
        return {"invoices": 0, "due_date": None}
    dating = _dating(given["order_type"], process_date=given["use_process_date"])
    dated = dating.date_of(on, [item.period for item in draft.lines])
    return {"invoices": 1, "due_date": _due(given["due"], dated)}


@adapter("invoice.prorated_lines", files=JBILLING)
def prorated_lines(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the lines of an invoice for orders that begin and end within a cycle."""
    on = day(given["billing_date"])
    cycle = Cycle(
        cadence=MONTHLY, anchor=day(given["cycle_start"]), next_bill=MONTHLY.after(day(given["cycle_start"]), on)
    )
    lines = [
        order_line(
            key=str(place),
            position=place,
            cadence=MONTHLY,
            active_from=day(order["active_since"]),
            active_until=day_or_none(order.get("active_until")),
        )
        for place, order in enumerate(given["orders"])
    ]
    draft = billed(lines, cycle, on)
    if draft is None:
        return {"invoices": 0}
    dated = _dating("pre-paid", process_date=False).date_of(on, [line.period for line in draft.lines])
    return {
        "invoices": 1,
        "orders": len({line.line_key for line in draft.lines}),
        "lines": [f"{line.period.start:%m/%d}-{line.period.last_day:%m/%d}" for line in draft.lines],
        "due_date": _due(given["due"], dated),
    }


@adapter("invoice.due_date.doc", files=JBILLING)
def due_doc(given: Facts, _: Case) -> Mapping[str, object]:
    """Return when an invoice of a run is due."""
    return {"due": short(_due(given["due"], day(given["run"])))}


@adapter("invoice.invoice_date.doc", files=JBILLING)
def invoice_date_doc(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the date of an invoice."""
    first, _, last = given["order_period"].partition("-")
    dating = _dating(given.get("order_type", "pre-paid"), process_date=given["use_process_date"] == "on")
    return {"invoice_date": short(dating.date_of(day(given["next_run"]), [Period(day(first), day(last))]))}


@adapter("invoice.manual_generation", files=JBILLING)
def manual_generation(given: Facts, _: Case) -> Mapping[str, object]:
    """Return what a one-off bill takes of an order that may lie ahead."""
    order, on = _in_words(given["order"]), day(given["today"])
    found = length(given["billing_period"])
    line = replace(
        _worded(order | {"since": given["active_since"]}), billed_through=day_or_none(given["next_billable"])
    )
    cycle = Cycle(cadence=found, anchor=line.active_from, next_bill=on)
    draft = billed([line], cycle, on, before_start=BeforeStart.FIRST_PERIOD)
    if draft is None:
        return {"result": None}
    whole = Period(draft.billed[0].period.start, draft.billed[-1].period.end)
    count = len(draft.billed)
    return {"result": f"{short(whole.start)}-{short(whole.last_day)}, {count} period{'s' if count > 1 else ''}"}


@adapter("invoice.aggregate", "invoice.only_recurring", files=JBILLING)
def aggregate(given: Facts, _: Case) -> Mapping[str, object]:
    """Return how many invoices orders make; we carry and delegate nothing, since each invoice stands for itself."""
    once = [money(amount) for amount in given["one_time_orders"]]
    monthly = [money(amount) for amount in given.get("monthly_orders", ())]
    lines = [
        order_line(
            key=str(place),
            kind=ChargeKind.ONE_TIME if place < len(once) else ChargeKind.RECURRING,
            cadence=MONTHLY,
            price=Flat(currency=USD, amount=amount.amount),
            active_from=TODAY,
        )
        for place, amount in enumerate([*once, *monthly])
    ]
    cycle = Cycle(cadence=MONTHLY, anchor=TODAY, next_bill=TODAY)
    draft = billed(lines, cycle, TODAY, only_recurring=given["only_recurring"])
    total = draft.total.amount if draft else None
    return {"invoices": int(draft is not None), "total": total, "carried": Decimal(0), "delegated": None}
