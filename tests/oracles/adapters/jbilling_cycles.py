"""jBilling: which periods its runs bill, month by month, and how changes of an order line are billed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.oracles.books import Books
from tests.oracles.comparing import Either
from tests.oracles.harness import Case, Facts, Unreadable, adapter
from tests.oracles.reading import cadence, day, day_or_none, figure

from billhook.core.agreement import AgreedLine, Agreement, Alignment, BeforeStart, ChargeKind, Cycle, Timing
from billhook.core.cadence import Cadence, CadenceUnit, anchor_on
from billhook.core.document import DraftLine
from billhook.core.draft import InvoiceDraft, bill
from billhook.core.money import currency
from billhook.core.price.flat import Flat
from billhook.core.price.per_unit import PerUnit
from billhook.core.proration import Basis

JBILLING = ("jbilling",)
USD = currency("USD")
DAYS_A_WEEK = 7
TIMINGS = {
    "pre-paid": Timing.IN_ADVANCE,
    "pre_paid": Timing.IN_ADVANCE,
    "post-paid": Timing.IN_ARREARS,
    "post_paid": Timing.IN_ARREARS,
}


def timing(text: str) -> Timing:
    """Return when an order type is billed."""
    if text not in TIMINGS:
        raise Unreadable(f"{text!r} is no order type")
    return TIMINGS[text]


def cycle_of(found: Cadence, billing_day: int, next_bill: date) -> Cycle:
    """Return a customer's cycle from its billing day: of the month, or of the week, where 1 is Sunday."""
    anchor = next_bill
    if found.unit in {CadenceUnit.MONTH, CadenceUnit.YEAR, CadenceUnit.SEMI_MONTH}:
        anchor = anchor_on(billing_day, start=next_bill, cadence=found)
    elif found.unit is CadenceUnit.WEEK:
        weekday = (billing_day - 2) % DAYS_A_WEEK
        anchor = next_bill + timedelta(days=(weekday - next_bill.weekday()) % DAYS_A_WEEK)
    return Cycle(cadence=found, anchor=anchor, next_bill=next_bill)


@dataclass(frozen=True, slots=True)
class Run:
    """What a run did: its draft, how far the order is billed, and the customer's next bill date."""

    on: date
    draft: InvoiceDraft | None
    next_billable: date
    next_invoice: date


def runs(line: AgreedLine, cycle: Cycle, until: date) -> Iterator[Run]:
    """Yield every run of a customer's cycle from its next bill date."""
    on = cycle.next_bill
    while on <= until:
        following = cycle.cadence.after(cycle.anchor, on)
        agreement = Agreement(
            customer="customer",
            currency=USD,
            cycle=replace(cycle, next_bill=following),
            lines=(line,),
            before_start=BeforeStart.UNTIL_NEXT_BILL,
        )
        draft = bill(agreement, (), on)
        billed = max((claim.period.end for claim in draft.billed), default=None) if draft else None
        line = replace(line, billed_through=billed or line.billed_through)
        yield Run(on, draft, line.billed_through or line.active_from, following)
        on = following


@adapter("billing.cycle_ce4.*", files=JBILLING)
def cycles(given: Facts, case: Case) -> Mapping[str, object]:
    """Return what each run of a customer's cycle bills of an order."""
    customer, order = given["customer"], given["order"]
    customer.skip("child_of")
    order.skip("ref")
    cycle = cycle_of(cadence(customer["cycle"]), int(customer["billing_day"]), day(customer["next_invoice_date"]))
    rolled_up = "child_of" in customer and not customer["invoice_if_child"]
    line = AgreedLine(
        key="order",
        description="order",
        kind=ChargeKind.RECURRING,
        timing=timing(order["type"]),
        cadence=cadence(order["period"]),
        price=Flat(currency=USD, amount=Decimal(1)),
        active_from=day(order["active_since"]),
        active_until=day_or_none(order["active_until"]),
        alignment=Alignment.CUSTOMER if order["prorate"] else Alignment.OWN,
        basis=Basis.DAYS if order["prorate"] else Basis.NONE,
    )
    asked = [day(on) for on in case.questions["per_run.run"]]
    found = {}
    latest: tuple[DraftLine, ...] = ()
    for run in runs(line, cycle, max(asked)):
        lines = run.draft.lines if run.draft and not rolled_up else ()
        found[run.on] = _outcome(run, lines, latest)
        latest = lines or latest
    return {"per_run": [found[on] for on in asked if on in found]}


def _outcome(run: Run, lines: tuple[DraftLine, ...], latest: tuple[DraftLine, ...]) -> Mapping[str, object]:
    """Return what jBilling shows after a run; where it billed nothing, the invoice before or an empty one after it."""
    shown = lines or latest
    invoice: dict[str, object] = {"order_lines": len(lines) if lines else Either.of(0, len(latest))}
    if shown:
        first = min(line.period for line in shown)
        invoice |= {"first_line_from": first.start, "first_line_to_inclusive": first.last_day}
    return {
        "run": run.on,
        "order_next_billable": run.next_billable,
        "customer_next_invoice": run.next_invoice,
        "latest_invoice": invoice,
    }


@adapter("orders.line_changes_ce4", files=JBILLING)
def line_changes(given: Facts, _: Case) -> Mapping[str, object]:
    """Return what each run bills of an order whose quantity and price change, also for days that were billed."""
    given.skip("scenario")
    customer, order = given["customer"], given["order"]
    cycle = _cycle_in_words(customer["cycle"], day(customer["next_invoice_date"]))
    start = day(order["active_since"])
    books = Books(USD, cycle)
    waiting = [Change.read(change) for change in given["changes"]]
    usual = {
        "timing": timing(order["type"]),
        "cadence": cadence(order["period"]),
        "order_start": start,
        "basis": Basis.DAYS if order["prorate"] else Basis.NONE,
    }
    found = []
    for on in map(day, given["runs"]):
        for change in [item for item in waiting if item.entered <= on]:
            _apply(books, change, usual)
            waiting.remove(change)
        books.cycle = replace(cycle, next_bill=cycle.cadence.after(cycle.anchor, on))
        draft = books.bill(on)
        billed = [line.billed_through for line in books.versions.values() if line.billed_through]
        found.append(
            {
                "run": on,
                "invoice_total": draft.total.amount if draft and draft.lines else None,
                "next_billable": max(billed, default=start),
                "next_invoice_date": books.cycle.next_bill,
            }
        )
    return {"per_run": found}


@dataclass(frozen=True, slots=True)
class Change:
    """A change of quantity and price, from when, and before which run it was entered."""

    effective: date
    entered: date
    delta: Decimal
    unit_price: Decimal

    @classmethod
    def read(cls, facts: Facts) -> "Change":
        """Return the change that facts tell of."""
        return cls(
            day(facts["effective"]),
            day(facts["entered_before_run"]),
            figure(facts["quantity_delta"]),
            figure(facts["unit_price_from_then"]),
        )


def _apply(books: Books, change: Change, usual: Mapping[str, Any]) -> None:
    price = PerUnit(currency=USD, unit_price=change.unit_price)
    line = books.running("line", change.effective)
    if line is not None:
        books.change(line, change.effective, quantity=line.quantity + change.delta, price=price)
        return
    books.add(
        AgreedLine(
            key="line",
            description="line",
            kind=ChargeKind.RECURRING,
            active_from=change.effective,
            quantity=change.delta,
            price=price,
            **usual,
        )
    )


def _cycle_in_words(text: str, next_bill: date) -> Cycle:
    """Return a cycle such as `monthly day 1`."""
    name, _, billing_day = text.partition(" day ")
    return cycle_of(cadence(name), int(billing_day), next_bill)
