"""Discounting: the lines that take discounts off, each in proportion and rounded once, by tax rates and account."""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from billhook.core import exact
from billhook.core.agreement import Agreement, ChargeKind
from billhook.core.billing_steps import NoMoreThan
from billhook.core.charges import rounding_steps
from billhook.core.derivation import Derivation
from billhook.core.discount import Discount
from billhook.core.document import DraftLine
from billhook.core.exact import Figure
from billhook.core.money import Currency, Money, allocate, round_together
from billhook.core.period import hull
from billhook.core.tax import group_key
from billhook.core.taxing import taxed_on


class _Part(NamedTuple):
    """Lines that share their rates and revenue account: what a discount finds there, and what it takes."""

    lines: Sequence[DraftLine]
    base: Figure
    taken: Figure


def discount_lines(agreement: Agreement, lines: Sequence[DraftLine]) -> Iterator[DraftLine]:
    """Yield the lines of each discount; the next one finds what the one before has left, exactly.

    Rounded, they never take more of the lines of some rates than there is.
    """
    if not agreement.discounts:
        return
    left: list[Figure] = [line.amount.amount for line in lines]
    together = together_by_rates(agreement, lines)
    room = _room(lines, together, agreement.currency)
    for number, discount in enumerate(agreement.discounts, start=1):
        chosen = [index for index, line in enumerate(lines) if is_discounted(discount, line)]
        rate = discount.rate(exact.total_of([left[index] for index in chosen]))
        groups: dict[tuple[Hashable, str, str], list[int]] = defaultdict(list)
        for index in chosen:
            groups[together[index]].append(index)
        parts: dict[Hashable, list[_Part]] = defaultdict(list)
        for (rates, _, _), members in groups.items():
            base = exact.total_of([left[index] for index in members])
            parts[rates].append(_Part([lines[index] for index in members], base, exact.product(base, rate)))
        if number < len(agreement.discounts):
            for index in chosen:
                left[index] = exact.difference(left[index], exact.product(left[index], rate))
        yield from _lines(discount, parts, room, agreement.currency)


def _room(
    lines: Sequence[DraftLine], together: Sequence[tuple[Hashable, str, str]], currency: Currency
) -> dict[Hashable, Money]:
    """Return by rates what there is to take discounts off."""
    room: dict[Hashable, Money] = defaultdict(lambda: Money.zero(currency))
    for line, (rates, _, _) in zip(lines, together, strict=True):
        if can_be_discounted(line):
            room[rates] += line.amount
    return room


def _lines(
    discount: Discount, groups: Mapping[Hashable, Sequence[_Part]], room: dict[Hashable, Money], currency: Currency
) -> Iterator[DraftLine]:
    """Round what a discount takes once, share it by rates, then by account, and yield a line for each part."""
    by_rates = list(groups.values())
    parts = [part for same in by_rates for part in same]
    wanted = round_together([exact.total_of([part.taken for part in same]) for same in by_rates], currency)
    taken = [min(amount, room[rates]) for rates, amount in zip(groups, wanted, strict=True)]
    capped = () if len(parts) > 1 or list(wanted) == taken else (NoMoreThan(left=taken[0].amount),)
    for rates, amount in zip(groups, taken, strict=True):
        room[rates] -= amount
    amounts = [share for amount, same in zip(taken, by_rates, strict=True) for share in _by_account(amount, same)]
    whole = exact.total_of([part.base for part in parts])
    for number, (part, amount) in enumerate(zip(parts, amounts, strict=True), start=1):
        if amount:
            steps = (
                discount.step(part=part.base, whole=whole),
                *rounding_steps(exact.difference(exact.ZERO, part.taken), -amount, len(parts)),
                *capped,
            )
            yield reduction(
                key=f"{discount.key}/{number}",
                line_key=discount.key,
                description=discount.description,
                of=part.lines,
                derivation=Derivation(steps, -amount),
            )


def _by_account(amount: Money, parts: Sequence[_Part]) -> Sequence[Money]:
    if len(parts) == 1 or not amount:
        return [amount] * len(parts)
    return allocate(amount, [part.taken for part in parts])


def reduction(
    *, key: str, line_key: str, description: str, of: Sequence[DraftLine], derivation: Derivation
) -> DraftLine:
    """Return the line that takes something off others, which share their rates and revenue account.

    Args:
        key: names the line in its draft.
        line_key: the discount, or the grant of credit.
        description: what the invoice says.
        of: the lines that it takes off, at least one.
        derivation: how much, below zero.
    """
    first = of[0]
    return DraftLine(
        key=key,
        line_key=line_key,
        kind=ChargeKind.DISCOUNT,
        description=description,
        period=first.period if len(of) == 1 else hull(line.period for line in of),
        quantity=exact.ONE,
        unit="",
        unit_price=None,
        amount=derivation.result,
        net=derivation.result,
        tax_category=first.tax_category,
        product="",
        revenue_account=first.revenue_account,
        derivation=derivation,
        tax_day=first.tax_day,
    )


def is_discounted(discount: Discount, line: DraftLine) -> bool:
    """Return whether a discount is taken off a line: never off penalties, nor off what is below zero."""
    return can_be_discounted(line) and discount.applies_to(line.product)


def can_be_discounted(line: DraftLine) -> bool:
    """Return whether anything may be taken off a line: not off penalties, nor off what is below zero."""
    return line.amount.amount > 0 and line.kind is not ChargeKind.PENALTY


def together_by_rates(agreement: Agreement, lines: Sequence[DraftLine]) -> list[tuple[Hashable, str, str]]:
    """Return of each line what it has in common with those that share a discount line: rates, category and account."""
    rates: dict[tuple[str, date], Hashable] = {}
    found = []
    for line in lines:
        place = line.tax_category, taxed_on(line)
        if place not in rates:
            rates[place] = group_key(agreement.tax, *place)
        found.append((rates[place], line.tax_category, line.revenue_account))
    return found
