"""Taxing: the lines of a draft as the tax rules see them, by the day whose rate holds."""

from collections.abc import Iterator, Sequence
from datetime import date
from fractions import Fraction

from billhook.core.agreement import Agreement
from billhook.core.billed import GivenBack
from billhook.core.document import DraftLine
from billhook.core.money import allocate, sum_money
from billhook.core.period import Period
from billhook.core.tax import RateDay, Share, Taxable, Taxed, TaxPolicy, assess


def taxed_lines(agreement: Agreement, lines: Sequence[DraftLine]) -> Taxed:
    """Return the taxes of lines, and of each line what it is without tax."""
    policy = agreement.tax
    if policy.rate_day is not RateDay.SPLIT:
        taxables = [_taxable(line) for line in lines]
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


def _taxable(line: DraftLine) -> Taxable:
    day = taxed_on(line)
    if line.gives_back is None:
        return Taxable(line.amount, line.tax_category, day, line.quantity)
    return Taxable(line.amount, line.tax_category, day, line.quantity, _share_of_amount(line.gives_back))


def _share_of_amount(given: GivenBack) -> Share:
    """Return which share of what was billed a credit gives back."""
    billed = Fraction(given.billed.amount)
    return Share(Fraction(given.after.amount) / billed, Fraction(given.before.amount) / billed)


def _pieces(policy: TaxPolicy, line: DraftLine) -> Iterator[Taxable]:
    """Yield a line in pieces by days where a rate changes within its period, to the minor unit.

    Fixed taxes are shared by days too: those of the line, or of the billed part that it credits.
    """
    if line.tax_day is not None:
        yield _taxable(line)
        return
    parts = line.period.split(*policy.changes(line.tax_category))
    amounts = allocate(line.amount, [part.days for part in parts]) if len(parts) > 1 else (line.amount,)
    for part, amount in zip(parts, amounts, strict=True):
        yield Taxable(amount, line.tax_category, part.last_day, line.quantity, _share_of_days(line, part))


def _share_of_days(line: DraftLine, part: Period) -> Share | None:
    """Return which share of a line, or of what it credits, some of its days are; None for lines without fixed tax."""
    given = line.gives_back
    if given is None:
        return _days(line.period, part) if line.amount.amount > 0 else None
    forwards = _days(given.period, part)
    return Share(forwards.end, forwards.start)


def _days(whole: Period, part: Period) -> Share:
    start, end = ((day - whole.start).days for day in (part.start, part.end))
    return Share(Fraction(start, whole.days), Fraction(end, whole.days))
