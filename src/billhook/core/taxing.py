"""Taxing: the lines of a draft as the tax rules see them, by the day whose rate holds."""

from collections.abc import Iterator, Sequence
from datetime import date

from billhook.core.agreement import Agreement
from billhook.core.document import DraftLine
from billhook.core.money import Money, allocate, sum_money
from billhook.core.tax import RateDay, Taxable, Taxed, TaxPolicy, assess


def taxed_lines(agreement: Agreement, lines: Sequence[DraftLine]) -> Taxed:
    """Return the taxes of lines, and of each line what it is without tax."""
    policy = agreement.tax
    if policy.rate_day is not RateDay.SPLIT:
        taxables = [_taxable(line, line.amount, taxed_on(line)) for line in lines]
        return assess(policy, taxables, agreement.currency, inclusive=agreement.tax_inclusive)
    pieces = [list(_pieces(policy, line)) for line in lines]
    every = [piece for same in pieces for piece in same]
    taxed = assess(policy, every, agreement.currency, inclusive=agreement.tax_inclusive)
    nets = iter(taxed.nets)
    summed = tuple(sum_money([next(nets) for _ in same], agreement.currency) for same in pieces)
    return Taxed(taxed.lines, summed)


def taxed_on(line: DraftLine) -> date:
    """Return the day whose tax rate a line has."""
    return line.tax_day or line.period.last_day


def _taxable(line: DraftLine, amount: Money, day: date) -> Taxable:
    return Taxable(amount, line.tax_category, day, line.quantity)


def _pieces(policy: TaxPolicy, line: DraftLine) -> Iterator[Taxable]:
    """Yield a line in pieces by days where a rate changes within its period, to the minor unit."""
    parts = line.period.split(*policy.changes(line.tax_category)) if line.tax_day is None else (line.period,)
    if len(parts) == 1:
        yield _taxable(line, line.amount, taxed_on(line))
        return
    shares = allocate(line.amount, [part.days for part in parts])
    for part, share in zip(parts, shares, strict=True):
        yield _taxable(line, share, part.last_day)
