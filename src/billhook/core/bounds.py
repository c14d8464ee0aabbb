"""Minimum, maximum and commitment: the lines that lift fees to what was promised, or lower them to a cap."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from billhook.core import exact
from billhook.core.agreement import AgreedLine, Agreement, ChargeKind
from billhook.core.charges import BilledPeriodClaim
from billhook.core.commitment import Commitment, reduction, true_up
from billhook.core.derivation import Derivation
from billhook.core.document import DraftLine
from billhook.core.money import Money, sum_money
from billhook.core.period import Period
from billhook.core.proration import Proportion, prorate
from billhook.core.schedule import whole_period


def price_bounds(
    agreement: Agreement, lines: Sequence[DraftLine], claims: Iterable[BilledPeriodClaim]
) -> Iterator[DraftLine]:
    """Yield the line that lifts or lowers each closed period of an order line to its minimum or maximum."""
    bounded = {line.key: line for line in agreement.lines if line.minimum is not None or line.maximum is not None}
    if not bounded:
        return
    for claim in claims:
        line = bounded.get(claim.line_key)
        if line is None:
            continue
        fees = [item.amount for item in lines if _counts(item, claim)]
        derivation = _bounded(agreement, line, claim.period, sum_money(fees, agreement.currency))
        if derivation.result:
            yield _line(f"{line.key}/{claim.period.start}/bound", line.key, line, claim.period, derivation)


def commitments(agreement: Agreement, lines: Sequence[DraftLine], as_of: date) -> Iterator[DraftLine]:
    """Yield the true-up line of each commitment for each of its periods that has ended."""
    groups = {line.key: line.group for line in agreement.lines}
    for commitment in agreement.commitments:
        counted = [line for line in lines if commitment.covers(groups[line.line_key])]
        for period, part in commitment.due(as_of):
            derivation = true_up(commitment.amount, part, _counted(commitment, counted, period))
            if derivation.result:
                key = f"{commitment.key}/{period.start}"
                yield _line(key, commitment.key, commitment, period, derivation)


def _counts(line: DraftLine, claim: BilledPeriodClaim) -> bool:
    """Return whether a line charges for days of a closed period; what corrects an earlier invoice does not."""
    return line.line_key == claim.line_key and not line.corrects and claim.period.covers(line.period)


def _bounded(agreement: Agreement, line: AgreedLine, period: Period, fees: Money) -> Derivation:
    part = _part(agreement, line, period)
    if line.minimum is not None:
        lifted = true_up(Money.of(line.minimum, agreement.currency), part, fees)
        if lifted.result or line.maximum is None:
            return lifted
    return reduction(Money.of(line.maximum or exact.ZERO, agreement.currency), part, fees)


def _part(agreement: Agreement, line: AgreedLine, period: Period) -> Proportion:
    cycle = whole_period(line, agreement.cycle, period.start)
    return prorate(period, cycle=cycle, basis=line.basis, zone=agreement.zone)


def _counted(commitment: Commitment, lines: Iterable[DraftLine], period: Period) -> Money:
    now = [line.amount for line in lines if period.covers(line.period)]
    before = [fee.amount for fee in commitment.counted if period.covers(fee.period)]
    return sum_money([*now, *before], commitment.amount.currency)


def _line(key: str, line_key: str, of: AgreedLine | Commitment, period: Period, derivation: Derivation) -> DraftLine:
    return DraftLine(
        key=key,
        line_key=line_key,
        kind=of.kind if isinstance(of, AgreedLine) else ChargeKind.RECURRING,
        description=of.description,
        period=period,
        quantity=exact.ONE,
        unit="",
        unit_price=None,
        amount=derivation.result,
        net=derivation.result,
        tax_category=of.tax_category,
        product=of.product,
        revenue_account=of.revenue_account,
        derivation=derivation,
    )
