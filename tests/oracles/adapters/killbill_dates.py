"""Kill Bill: which periods a target date bills, the part of a cycle that each is, and billing days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from tests.oracles.harness import Case, Facts, Unreadable, adapter
from tests.oracles.reading import cadence, day, day_or_none, instant

from billhook.core.agreement import AgreedLine, Agreement, Alignment, ChargeKind, Cycle, Timing
from billhook.core.cadence import Cadence, CadenceUnit, anchor_on, first_on_day
from billhook.core.calendar import local_date
from billhook.core.cancellation import whole_periods
from billhook.core.errors import Refusal
from billhook.core.money import currency
from billhook.core.period import Period
from billhook.core.price.flat import Flat
from billhook.core.proration import Basis, prorate
from billhook.core.rounding import to_places
from billhook.core.schedule import Due, due_periods

KILLBILL = ("killbill",)
CYCLE_DECIMALS = 9
_TIMINGS = {"IN_ADVANCE": Timing.IN_ADVANCE, "IN_ARREAR": Timing.IN_ARREARS}
_BY_MONTHS = {CadenceUnit.MONTH, CadenceUnit.YEAR}


@dataclass(frozen=True, slots=True)
class Billing:
    """A line with its billing day, and the date up to which it is billed."""

    cadence: Cadence
    anchor: date
    start: date
    end: date | None
    target: date
    timing: Timing

    def due(self) -> list[Due]:
        """Return the periods that are billed, for a customer who is billed as due."""
        line = AgreedLine(
            key="line",
            description="line",
            kind=ChargeKind.RECURRING,
            timing=self.timing,
            cadence=self.cadence,
            price=Flat(currency=currency("USD"), amount=Decimal(1)),
            active_from=self.start,
            active_until=self.end,
            alignment=Alignment.PLAN,
            anchor=self.anchor,
        )
        cycle = Cycle(cadence=self.cadence, anchor=self.anchor, next_bill=self.target, as_due=True)
        agreement = Agreement(customer="customer", currency=currency("USD"), cycle=cycle, lines=(line,))
        return due_periods(line, agreement, self.target)


def billing(given: Facts) -> Billing:
    """Return what is billed, from a billing day, a period, dates and a mode."""
    start, found = day(given["start"]), cadence(given["billing_period"])
    return Billing(
        cadence=found,
        anchor=anchor(found, int(given["bcd"]), start),
        start=start,
        end=day_or_none(given.get("end")),
        target=day(given.get("target", given["start"])),
        timing=_TIMINGS[given["mode"]] if given["mode"] in _TIMINGS else _unknown(given["mode"]),
    )


def anchor(found: Cadence, bcd: int, start: date) -> date:
    """Return the date from which periods count: the billing day where they are months, else the start."""
    return anchor_on(bcd, start=start, cadence=found) if found.unit in _BY_MONTHS else start


def _unknown(mode: object) -> Timing:
    raise Unreadable(f"{mode!r} is no mode")


def _dates(periods: Sequence[Period]) -> list[Mapping[str, object]]:
    return [{"start": period.start, "end": period.end} for period in periods]


@adapter("proration.*", files=KILLBILL)
def proration(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the periods and the part of a cycle that each is, to nine decimals."""
    try:
        due = billing(given).due()
    except Refusal:
        return {"error": "invalid date sequence"}
    cycles = [
        to_places(prorate(item.service, cycle=item.cycle, basis=Basis.DAYS).fraction, CYCLE_DECIMALS) for item in due
    ]
    intervals = [
        {"cycles": part, "start": item.service.start, "end": item.service.end}
        for part, item in zip(cycles, due, strict=True)
    ]
    return {"intervals": intervals, "total_cycles": sum(cycles, Decimal(0))}


@adapter("recurring.periods.*", files=KILLBILL)
def periods(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the periods that are billed."""
    return {"periods": _dates([item.service for item in billing(given).due()])}


@adapter("bcd.*", files=KILLBILL)
def billing_days(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the first billing day, the next one after what is billed, and the end of what is billed."""
    found = billing(given)
    due = found.due()
    end = due[-1].service.end if due else None
    first = first_billing_day(found.cadence, int(given["bcd"]), found.start)
    last = found.cadence.containing(found.anchor, end).start if end else None
    return {
        "first_billing_cycle_date": first,
        "next_billing_cycle_date": found.cadence.after(found.anchor, end or found.start),
        "last_billing_cycle_date": last,
        "effective_end_date": end,
        "has_something_to_bill": bool(due),
    }


def first_billing_day(found: Cadence, bcd: int, start: date) -> date:
    """Return the first billing day on or after a start."""
    return first_on_day(bcd, start) if found.unit in _BY_MONTHS else start


@adapter("bcd.align_in_month", files=KILLBILL)
def align_in_month(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the billing day in the month of a date."""
    proposed, found = day(given["proposed"]), cadence(given["billing_period"])
    bcd = int(given["bcd"])
    return {"date": first_on_day(bcd, proposed.replace(day=1)) if found.unit in _BY_MONTHS else proposed}


@adapter("bcd.align_next", files=KILLBILL)
def align_next(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the first billing day on or after a date."""
    proposed, original = day(given["proposed"]), day(given["original"])
    found, bcd = cadence(given["billing_period"]), int(given["bcd"])
    if found.unit in _BY_MONTHS:
        return {"date": first_on_day(bcd, proposed)}
    return {"date": found.after(original, proposed - timedelta(days=1))}


@adapter("bcd.local_day", files=KILLBILL)
def local_day(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the billing day of an instant in a zone."""
    return {"bcd": local_date(instant(given["first_charge_instant"]), given["account_timezone"]).day}


@adapter("dates.whole_periods", files=KILLBILL)
def whole(given: Facts, _: Case) -> Mapping[str, object]:
    """Return how many whole periods lie between two dates."""
    between = Period(day(given["from"]), day(given["to"]))
    return {"whole_periods": whole_periods(cadence(given["billing_period"]), between)}


@adapter("dates.advance_n_periods", files=KILLBILL)
def advance(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the n-th dates from an anchor."""
    start, found = day(given["from"]), cadence(given["billing_period"])
    return {"dates": [found.nth(start, n) for n in given["n"]]}


@adapter("proration.fixed_30_day_month", "proration.trailing_fraction", files=KILLBILL)
def parts(given: Facts, _: Case) -> Mapping[str, object]:
    """Return how many periods, whole and in part, lie between two dates."""
    basis = Basis.DAYS
    if "fixed_days_per_month" in given:
        basis = Basis.THIRTY if int(given["fixed_days_per_month"]) == 30 else Basis.NONE
    start = day(given["start"] if "start" in given else given["previous_bill_through"])
    end, found = day(given["end"]), cadence(given["billing_period"])
    if basis is Basis.NONE:
        raise Unreadable("only months of 30 days are fixed")
    total = Fraction(0)
    for cycle in found.periods(start, start, end):
        used = cycle.clip(start, end)
        total += prorate(used, cycle=cycle, basis=basis).fraction if used else 0
    return {"cycles": to_places(total, CYCLE_DECIMALS)}
