"""What a bill is computed from, gathered for many customers in a number of queries that does not depend on how many."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from billhook.core.agreement import AgreedLine, Agreement, ChargeKind
from billhook.core.billed import BilledPart
from billhook.core.draft import inputs_fingerprint
from billhook.core.period import Period
from billhook.core.schedule import service_period
from billhook.core.usage import UsageCharge
from billhook.customers.models import Customer
from billhook.invoicing.queries import billed_parts
from billhook.mediation.queries import UsageDay, unbilled_usage
from billhook.orders.queries import agreements, usage_line_ids


@dataclass(frozen=True, slots=True)
class Inputs:
    """One customer's agreement and unbilled usage, and the fingerprint by which a later change is noticed."""

    customer: Customer
    agreement: Agreement
    usage: tuple[UsageCharge, ...]
    fingerprint: str


def gather(customers: Sequence[Customer], *, as_of: date) -> list[Inputs]:
    """Return the inputs of the bills of some customers on a bill date, in their order.

    Usage counts up to the bill date, which is not included.
    """
    agreed = with_billed(agreements(customers))
    ids = [pk for line_ids in usage_line_ids(customers).values() for pk in line_ids]
    days = unbilled_usage(ids, before=as_of)
    return [_inputs(customer, agreed[customer.pk], days, as_of) for customer in customers]


def with_billed(agreed: Mapping[int, Agreement]) -> Mapping[int, Agreement]:
    """Return agreements whose lines know what was billed beyond their end, by one query for all of them."""
    parts = billed_parts([line.key for agreement in agreed.values() for line in agreement.lines if gives_back(line)])
    if not parts:
        return agreed
    return {pk: replace(agreement, lines=_with_parts(agreement, parts)) for pk, agreement in agreed.items()}


def gives_back(line: AgreedLine) -> bool:
    """Return whether a line is billed beyond its end; usage is not paid by the day."""
    if line.active_until is None or line.billed_through is None or line.kind is ChargeKind.USAGE:
        return False
    return line.billed_through > line.active_until


def _with_parts(agreement: Agreement, parts: Mapping[str, tuple[BilledPart, ...]]) -> tuple[AgreedLine, ...]:
    return tuple(
        replace(line, billed=parts.get(line.key, ())) if gives_back(line) else line for line in agreement.lines
    )


def _inputs(customer: Customer, agreement: Agreement, days: Mapping[str, Sequence[UsageDay]], as_of: date) -> Inputs:
    versions: dict[str, list[AgreedLine]] = defaultdict(list)
    for line in agreement.lines:
        if line.kind is ChargeKind.USAGE:
            versions[line.group].append(line)
    usage = tuple(
        charge for key, lines in versions.items() for charge in usage_charges(lines, agreement, days.get(key, ()))
    )
    fingerprint = inputs_fingerprint(agreement, usage, as_of)
    return Inputs(customer=customer, agreement=agreement, usage=usage, fingerprint=fingerprint)


def usage_charges(versions: Sequence[AgreedLine], agreement: Agreement, days: Sequence[UsageDay]) -> list[UsageCharge]:
    """Return the usage of one order line, summed for each service period of each of its versions.

    A day that no version covers stays a charge of its own, which the bill refuses by name: nothing is dropped.
    Each charge names the batch parts that it came from, as `line start batch.part`.
    """
    by_period: dict[tuple[str, Period], list[UsageDay]] = defaultdict(list)
    for used in days:
        by_period[_place(versions, agreement, used.day)].append(used)
    return [
        UsageCharge(
            line=key,
            period=period,
            quantity=Decimal(sum(used.quantity for used in found)),
            unit=versions[0].unit,
            amount=sum((used.amount for used in found), Decimal(0)),
            records=sum(used.records for used in found),
            charges=tuple(
                sorted({f"{versions[0].group} {period.start} {part}" for used in found for part in used.parts})
            ),
        )
        for (key, period), found in sorted(by_period.items())
    ]


def _place(versions: Sequence[AgreedLine], agreement: Agreement, day: date) -> tuple[str, Period]:
    """Return the version that covers a day and its service period then."""
    for line in versions:
        period = service_period(line, agreement.cycle, day)
        if period is not None:
            return line.key, period
    return versions[0].key, Period.day(day)
