"""The charges of a bill: what each agreed line comes to for each service period, exact and then rounded."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import NamedTuple

from billhook.core import exact
from billhook.core.agreement import AgreedLine, Agreement, AgreementError, ChargeKind, Timing, UsageCharge
from billhook.core.billed import Credit, credits_for
from billhook.core.derivation import Derivation, Less, Prorated, Records, Rounded, Spread, Step
from billhook.core.errors import Refusal
from billhook.core.money import Currency, Money, round_together
from billhook.core.period import ONE_DAY, Period
from billhook.core.price import Priced
from billhook.core.proration import prorate
from billhook.core.rounding import Rounding, to_places
from billhook.core.schedule import Due, due_periods, service_period


class UsageError(Refusal):
    """Usage that no line or service period of the agreement takes, or that is passed twice."""


class Charge(NamedTuple):
    """What one line comes to for one service period: exact, with the steps that lead there."""

    line: AgreedLine
    period: Period
    quantity: Decimal
    unit: str
    unit_price: Decimal | None
    exact: Decimal | Fraction
    steps: tuple[Step, ...]
    references: tuple[str, ...] = ()
    credit: Credit | None = None


class RoundedCharge(NamedTuple):
    """A charge with its amount in the currency, and its derivation."""

    charge: Charge
    amount: Money
    derivation: Derivation


@dataclass(frozen=True, slots=True)
class BilledPeriodClaim:
    """A service period that a bill closes for an order line version, with or without an amount."""

    line_key: str
    kind: ChargeKind
    period: Period


def charges_due(
    agreement: Agreement, usage: Sequence[UsageCharge], as_of: date
) -> tuple[list[RoundedCharge], list[BilledPeriodClaim]]:
    """Return what every line comes to in a bill, in the order of the invoice, and the periods that it closes.

    Raises:
        UsageError: usage that no line or service period takes, or that is passed twice.
    """
    used = _by_line(agreement, usage)
    charges: list[Charge] = []
    claims: list[BilledPeriodClaim] = []
    for line in agreement.lines:
        due = due_periods(line, agreement, as_of)
        claims += [BilledPeriodClaim(line.key, line.kind, item.service) for item in due]
        if line.kind is ChargeKind.USAGE:
            charges.extend(_usage(line, agreement, used[line.key], due))
        else:
            charges.extend(_fixed(line, agreement, due))
        if line.billed:
            charges.extend(_credits(line, agreement, as_of))
    charges.sort(key=_place)
    claims.sort(key=lambda claim: (claim.line_key, claim.period))
    return _rounded(charges, agreement.currency), claims


def _place(charge: Charge) -> tuple[int, str, date, bool]:
    return charge.line.position, charge.line.key, charge.period.start, charge.credit is None


def _fixed(line: AgreedLine, agreement: Agreement, due: Iterable[Due]) -> Iterable[Charge]:
    """Yield the charge of each period at the line's price, a partial one prorated."""
    if line.price is None:
        raise AgreementError(f"{line.key} has no price; give it one.")
    priced = line.price.price(line.quantity)
    for item in due:
        for charged in item.charged:
            amount, steps = _prorated(priced, line, agreement.zone, item.cycle, charged)
            yield Charge(
                line=line,
                period=charged,
                quantity=line.quantity,
                unit=line.unit,
                unit_price=priced.unit_price,
                exact=amount,
                steps=steps,
            )


def _prorated(
    priced: Priced, line: AgreedLine, zone: str, cycle: Period, charged: Period
) -> tuple[Decimal | Fraction, tuple[Step, ...]]:
    part = prorate(charged, cycle=cycle, basis=line.basis, zone=zone)
    if part.is_whole:
        return priced.amount, priced.steps
    prorated = Prorated(used=part.used, whole=part.whole, basis=part.basis)
    return Fraction(priced.amount) * part.fraction, (*priced.steps, prorated)


def _credits(line: AgreedLine, agreement: Agreement, as_of: date) -> Iterable[Charge]:
    """Yield what is given back for billed days on which the line is not active.

    In advance as soon as what replaces them is billed, in arrears once they are reached.
    """
    in_advance = line.timing is Timing.IN_ADVANCE
    until = agreement.cycle.following(as_of) if in_advance else as_of + ONE_DAY
    for part in line.billed:
        for credit in credits_for(part, line.active, basis=line.basis, zone=agreement.zone):
            if credit.period.start < until:
                yield Charge(
                    line=line,
                    period=credit.period,
                    quantity=line.quantity,
                    unit=line.unit,
                    unit_price=None,
                    exact=credit.amount.amount,
                    steps=credit.derivation.steps,
                    credit=credit,
                )


def _usage(line: AgreedLine, agreement: Agreement, used: Iterable[UsageCharge], due: Sequence[Due]) -> Iterable[Charge]:
    """Yield one charge for each closed service period with usage; late usage makes one of its own period."""
    closed_until = due[-1].service.end if due else line.billed_through
    by_period: dict[Period, list[UsageCharge]] = defaultdict(list)
    for item in used:
        period = service_period(line, agreement.cycle, item.period.start)
        if period is None or not period.covers(item.period):
            raise UsageError(f"{line.key} has usage of {item.period}, in no one service period; re-rate or split it.")
        by_period[period].append(item)
    for period, items in by_period.items():
        if closed_until is not None and period.end <= closed_until:
            yield _used(line, period, items)


def _used(line: AgreedLine, period: Period, items: Sequence[UsageCharge]) -> Charge:
    """Return the usage of one service period as one charge."""
    units = {item.unit for item in items}
    if len(units) > 1:
        raise UsageError(f"{line.key} has usage in {' and '.join(sorted(units))}; convert it to one unit.")
    quantity = exact.total(item.quantity for item in items)
    unit = units.pop()
    amount, steps = _usage_amount(line, period, items, quantity)
    return Charge(
        line=line,
        period=period,
        quantity=quantity,
        unit=unit or line.unit,
        unit_price=None,
        exact=amount,
        steps=steps,
        references=tuple(sorted({reference for item in items for reference in item.charges})),
    )


def _usage_amount(
    line: AgreedLine, period: Period, items: Sequence[UsageCharge], quantity: Decimal
) -> tuple[Decimal, tuple[Step, ...]]:
    """Return what usage costs: the sum of its rated records, or the price of its quantity on top of what was billed."""
    rated = [item.amount for item in items if item.amount is not None]
    if len(rated) == len(items):
        records = Records(
            records=sum(item.records for item in items),
            quantity=quantity,
            unit=items[0].unit or line.unit,
            amount=exact.total(rated),
        )
        return records.amount, (records,)
    if rated or line.price is None:
        raise UsageError(f"{line.key} has usage of {period} without amount; rate it, or give the line a price.")
    before = exact.total(billed.quantity for billed in line.billed_usage if billed.period == period)
    priced = line.price.price(exact.add(before, quantity))
    if not before:
        return priced.amount, priced.steps
    billed = line.price.price(before).amount
    return exact.subtract(priced.amount, billed), (*priced.steps, Less(amount=billed))


def _rounded(charges: Sequence[Charge], currency: Currency) -> list[RoundedCharge]:
    """Round what each order line comes to together, and keep the order of the charges; credits are rounded already."""
    by_order_line: dict[str, list[int]] = defaultdict(list)
    rounded: dict[int, RoundedCharge] = {}
    for index, charge in enumerate(charges):
        if charge.credit is None:
            by_order_line[charge.line.group].append(index)
        else:
            rounded[index] = RoundedCharge(charge, charge.credit.amount, charge.credit.derivation)
    if len(by_order_line) == len(charges):
        return [_rounded_alone(charge, currency) for charge in charges]
    for indexes in by_order_line.values():
        amounts = round_together([charges[index].exact for index in indexes], currency)
        for index, amount in zip(indexes, amounts, strict=True):
            steps = (*charges[index].steps, *rounding_steps(charges[index].exact, amount, len(indexes)))
            rounded[index] = RoundedCharge(charges[index], amount, Derivation(steps, amount))
    return [rounded[index] for index in range(len(charges))]


def _rounded_alone(charge: Charge, currency: Currency) -> RoundedCharge:
    digits = currency.digits
    amount = Money(to_places(charge.exact, digits), currency)
    return RoundedCharge(charge, amount, Derivation((*charge.steps, _rounded_to(digits)), amount))


def rounding_steps(value: Decimal | Fraction, amount: Money, pieces: int) -> tuple[Step, ...]:
    """Return the steps that lead from an exact value to the amount it has among pieces rounded together."""
    places = amount.currency.digits
    rounded = _rounded_to(places)
    if pieces == 1:
        return (rounded,)
    difference = exact.subtract(amount.amount, to_places(value, places))
    return (rounded, Spread(amount=difference, pieces=pieces)) if difference else (rounded,)


@cache
def _rounded_to(places: int) -> Rounded:
    return Rounded(places=places, mode=Rounding.HALF_UP)


def _by_line(agreement: Agreement, usage: Sequence[UsageCharge]) -> Mapping[str, list[UsageCharge]]:
    """Return the usage of each line; no reference occurs twice for the same days of a line."""
    lines: dict[str, list[UsageCharge]] = {line.key: [] for line in agreement.lines if line.kind is ChargeKind.USAGE}
    seen: set[tuple[str, Period, str]] = set()
    for item in usage:
        if item.line not in lines:
            raise UsageError(f"Usage names the line {item.line}, which {agreement.customer} does not have; guide it.")
        references = {(item.line, item.period, reference) for reference in item.charges}
        if seen & references:
            raise UsageError(f"{item.line}: usage of {item.period} is passed twice; pass each charge once.")
        seen |= references
        lines[item.line].append(item)
    return lines
