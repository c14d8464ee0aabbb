"""The charges of a bill: what each agreed line comes to for each service period, exact and then rounded."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import chain
from typing import NamedTuple
from urllib.parse import quote

from billhook.core import exact
from billhook.core.agreement import AgreedLine, Agreement, AgreementError, ChargeKind, Timing
from billhook.core.allowance import Allowance
from billhook.core.billed import Credit, credits_for
from billhook.core.covering import NOTHING_COVERED, Coverage, cover
from billhook.core.derivation import Derivation, Prorated, Rounded, Spread, Step
from billhook.core.metered import group_words, metered
from billhook.core.meters import MeterState
from billhook.core.money import Currency, Money, round_together
from billhook.core.period import ONE_DAY, Period
from billhook.core.price import Priced
from billhook.core.price.percentage_of import BaseLine
from billhook.core.proration import prorate
from billhook.core.rounding import Rounding, to_places
from billhook.core.schedule import Due, due_periods, service_period
from billhook.core.standing import in_order, percentage_of, pool_of, pooled, priced_on, stands_on
from billhook.core.taking import Taking, closed_until, takings, usage_by_line
from billhook.core.usage import UsageCharge, UsageError
from billhook.core.used import Used, used


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
    group: tuple[str, ...] = ()
    """Of the events, where the line's meter keeps groups apart."""

    @property
    def description(self) -> str:
        """Return what the invoice says: the line, and the group of events."""
        words = group_words(self.line.meter, self.group)
        return f"{self.line.description} ({words})" if words else self.line.description

    @property
    def key(self) -> str:
        """Return the name of the charge in its draft."""
        if self.credit is not None:
            return f"{self.line.key}/credit/{self.period.start}"
        key = f"{self.line.key}/{self.period.start}"
        return "/".join([key, *(quote(value, safe="") for value in self.group)]) if self.group else key


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


class Composed(NamedTuple):
    """The charges of a bill in the order of the invoice, the periods that it closes, and what the next one needs."""

    charges: list[RoundedCharge]
    claims: list[BilledPeriodClaim]
    allowances_left: tuple[Allowance, ...]
    meters_left: tuple[MeterState, ...]


def charges_due(agreement: Agreement, usage: Sequence[UsageCharge], as_of: date) -> Composed:
    """Return what every line comes to in a bill.

    Lines that are percentages of others come after those on which they stand.

    Raises:
        UsageError: usage that no line or service period takes, or that is passed twice.
        AgreementError: lines are percentages of each other.
    """
    by_line = usage_by_line(agreement, usage)
    due: dict[str, Sequence[Due]] = {}
    claims: list[BilledPeriodClaim] = []
    taken: dict[str, Sequence[Taking]] = {}
    for line in agreement.lines:
        due[line.key] = periods = due_periods(line, agreement, as_of)
        claims += [BilledPeriodClaim(line.key, line.kind, item.service) for item in periods]
        if line.kind is ChargeKind.USAGE:
            taken[line.key] = takings(line, agreement, by_line[line.key], periods)
    claims.sort(key=lambda claim: (claim.line_key, claim.period))
    coverage = NOTHING_COVERED
    if agreement.allowances or agreement.allowances_left:
        coverage = cover(agreement, list(chain.from_iterable(taken.values())), closed_until(agreement, due, as_of))
    charges: list[Charge] = []
    states: list[MeterState] = []
    standing: list[AgreedLine] = []
    for line in agreement.lines:
        if percentage_of(line.price) is not None:
            _refuse_usage(line, by_line)
            standing.append(line)
        elif line.kind is not ChargeKind.USAGE:
            charges.extend(_fixed(line, agreement, due[line.key]))
        elif line.meter is not None and line.meter.recurring:
            found, left = _carried(line, agreement, taken[line.key], coverage, due[line.key])
            charges.extend(found)
            states.extend(left)
        else:
            charges.extend(_usage(agreement, taken[line.key], coverage))
        if line.billed:
            charges.extend(_credits(line, agreement, as_of))
    charges.sort(key=_place)
    rounded = _rounded(charges, agreement.currency)
    if standing:
        rounded = _with_percentages(agreement, rounded, standing, due)
    states.sort(key=lambda state: (state.line, state.group))
    return Composed(rounded, claims, coverage.left, tuple(states))


def _place(charge: Charge) -> tuple[int, str, date, bool, tuple[str, ...]]:
    return charge.line.position, charge.line.key, charge.period.start, charge.credit is None, charge.group


def _fixed(line: AgreedLine, agreement: Agreement, due: Iterable[Due]) -> Iterable[Charge]:
    """Yield the charge of each period at the line's price, a partial one prorated."""
    if line.price is None:
        raise AgreementError(f"{line.key} has no price; give it one.")
    has_pool = pool_of(line.price) is not None
    priced = line.price.price(line.quantity)
    for item in due:
        if has_pool:
            priced = pooled(line.price, agreement, item.service).price(line.quantity)
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


def _usage(agreement: Agreement, taken: Iterable[Taking], coverage: Coverage) -> Iterator[Charge]:
    """Yield the charge of each service period, or of each group of events in it."""
    for taking in taken:
        price = taking.line.price
        if price is not None and pool_of(price) is not None:
            price = pooled(price, agreement, taking.period)
        if taking.line.meter is None or price is None:
            yield _used(taking, used(taking, price, coverage))
        else:
            for group in metered(taking, price, coverage, zone=agreement.zone).groups:
                yield _used(taking, group)


def _carried(
    line: AgreedLine, agreement: Agreement, taken: Iterable[Taking], coverage: Coverage, due: Sequence[Due]
) -> tuple[list[Charge], Sequence[MeterState]]:
    """Return the charges of a meter that carries its value over, and what it carries on after the last period."""
    by_period = {taking.period: taking for taking in taken}
    if line.price is None:
        raise AgreementError(f"{line.key} has a meter and no price; give it one.")
    charges: list[Charge] = []
    states: Sequence[MeterState] = line.carried
    for item in due:
        period = service_period(line, agreement.cycle, item.service.start) or item.service
        taking = by_period.pop(period, Taking(line, period, ()))
        found = metered(taking, pooled(line.price, agreement, period), coverage, zone=agreement.zone, states=states)
        charges.extend(_used(taking, group) for group in found.groups)
        states = found.states
    if by_period:
        raise UsageError(
            f"{line.key} has late usage of {min(by_period)}, whose value was carried on already; correct it in the "
            f"open period."
        )
    return charges, states


def _used(taking: Taking, found: Used) -> Charge:
    return Charge(
        line=taking.line,
        period=taking.period,
        quantity=found.quantity,
        unit=found.unit,
        unit_price=None,
        exact=found.amount,
        steps=found.steps,
        references=found.references,
        group=found.group,
    )


def _refuse_usage(line: AgreedLine, by_line: Mapping[str, Sequence[UsageCharge]]) -> None:
    if by_line.get(line.key):
        raise UsageError(f"{line.key} is a percentage of other lines and has usage of its own; guide it elsewhere.")


def _with_percentages(
    agreement: Agreement,
    rounded: Sequence[RoundedCharge],
    lines: Sequence[AgreedLine],
    due: Mapping[str, Sequence[Due]],
) -> list[RoundedCharge]:
    """Return all charges in the order of the invoice, with those of the lines that are percentages of them."""
    found = list(rounded)
    for line in in_order(lines):
        charges = list(_percentages(line, [item for item in found if stands_on(line, item.charge.line)], due[line.key]))
        found.extend(_rounded(charges, agreement.currency))
    return sorted(found, key=lambda item: _place(item.charge))


def _percentages(line: AgreedLine, bases: Sequence[RoundedCharge], due: Sequence[Due]) -> Iterator[Charge]:
    """Yield the percentage of each due period: of the charges that start in it, in the last one of all the others."""
    left = list(bases)
    for item in due:
        is_last = item is due[-1]
        own = [base for base in left if is_last or base.charge.period.start in item.service]
        left = [base for base in left if base not in own]
        if line.price is None or not item.charged or not own:
            continue
        priced = priced_on(line.price, [BaseLine(product=base.charge.line.product, amount=base.amount) for base in own])
        yield Charge(
            line=line,
            period=item.service,
            quantity=exact.ONE,
            unit=line.unit,
            unit_price=None,
            exact=priced.amount,
            steps=priced.steps,
        )


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
