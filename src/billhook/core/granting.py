"""Granting: the lines by which granted credit reduces the taxable base, after discounts and before tax."""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction

from billhook.core.agreement import Agreement, ChargeKind
from billhook.core.charges import rounding_steps
from billhook.core.credit import CreditUse, Drawn, Grant, in_order
from billhook.core.derivation import Derivation, Share
from billhook.core.discounting import is_discounted, reduction, together_by_rates
from billhook.core.document import DraftLine
from billhook.core.money import Money, allocate, sum_money


def granted_lines(
    agreement: Agreement, lines: Sequence[DraftLine], on: date
) -> tuple[list[DraftLine], tuple[Drawn, ...]]:
    """Return the lines of granted credit that reduces the taxable base, and what is drawn of each grant.

    Each takes what its products have left after discounts, by rates in proportion; no more than the bill comes to,
    nor than the lines at one rate come to. Penalties are never reduced.

    Args:
        agreement: with its grants.
        lines: with those of the discounts.
        on: the bill date.
    """
    grants = in_order((grant for grant in agreement.grants if grant.use is CreditUse.REDUCES_BASE), on)
    if not grants:
        return [], ()
    bases = _Bases(agreement, lines)
    made: list[DraftLine] = []
    drawn = []
    for grant in grants:
        new = list(bases.take(grant))
        made.extend(new)
        if new:
            drawn.append(Drawn(grant.key, -sum_money((line.amount for line in new), agreement.currency)))
    return made, tuple(drawn)


class _Bases:
    """What lines have left after discounts and earlier grants, and how much may be taken at the same rates."""

    def __init__(self, agreement: Agreement, lines: Sequence[DraftLine]) -> None:
        self._lines = lines
        self._currency = agreement.currency
        self._groups = together_by_rates(agreement, lines)
        self._left = _after_discounts(agreement, lines, self._groups)
        sums: dict[Hashable, Money] = defaultdict(lambda: Money.zero(agreement.currency))
        for group, line in zip(self._groups, lines, strict=True):
            sums[group] += line.amount
        self._room = sums

    def take(self, grant: Grant) -> Iterator[DraftLine]:
        """Yield the lines that take a grant off, and remember them."""
        members: dict[Hashable, list[int]] = defaultdict(list)
        for index, line in enumerate(self._lines):
            if self._left[index] and grant.pays(line.product):
                members[self._groups[index]].append(index)
        reach = {group: self._reach(group, indexes) for group, indexes in members.items()}
        reach = {group: most for group, most in reach.items() if most.amount > 0}
        whole = sum_money(reach.values(), self._currency)
        taken = min(grant.left, whole, sum_money(self._room.values(), self._currency))
        if taken.amount <= 0:
            return
        shares = allocate(taken, [most.amount for most in reach.values()])
        for number, (group, share) in enumerate(zip(reach, shares, strict=True), start=1):
            if share:
                self._remember(group, members[group], share)
                derivation = _derivation(taken, reach[group], whole, share, len(shares))
                yield reduction(
                    key=f"{grant.key}/granted/{number}",
                    line_key=grant.key,
                    description=grant.description or grant.key,
                    of=[self._lines[index] for index in members[group]],
                    derivation=derivation,
                )

    def _reach(self, group: Hashable, indexes: Sequence[int]) -> Money:
        """Return the most that may be taken off some lines at the same rates."""
        return min(sum_money((self._left[index] for index in indexes), self._currency), self._room[group])

    def _remember(self, group: Hashable, indexes: Sequence[int], share: Money) -> None:
        self._room[group] -= share
        _spread(self._left, indexes, share)


def _after_discounts(agreement: Agreement, lines: Sequence[DraftLine], groups: Sequence[Hashable]) -> dict[int, Money]:
    """Return what each line has left: its amount, less its share of the discounts on lines at the same rates."""
    zero = Money.zero(agreement.currency)
    left = {
        index: max(line.amount, zero) if line.kind is not ChargeKind.PENALTY else zero
        for index, line in enumerate(lines)
    }
    discounts = {discount.key: discount for discount in agreement.discounts}
    for at, line in enumerate(lines):
        if line.kind is ChargeKind.DISCOUNT:
            discount = discounts[line.line_key]
            fits = [i for i in left if groups[i] == groups[at] and left[i] and is_discounted(discount, lines[i])]
            taken = min(-line.amount, sum_money((left[index] for index in fits), agreement.currency))
            _spread(left, fits, taken)
    return left


def _spread(left: dict[int, Money], indexes: Sequence[int], taken: Money) -> None:
    """Take an amount off what lines have left, in proportion; it is at most their sum."""
    weights: Mapping[int, Money] = {index: left[index] for index in indexes}
    if not taken:
        return
    for index, part in zip(weights, allocate(taken, [item.amount for item in weights.values()]), strict=True):
        left[index] -= part


def _derivation(taken: Money, reach: Money, whole: Money, share: Money, pieces: int) -> Derivation:
    step = Share(amount=-Fraction(taken.amount), part=Fraction(reach.amount), whole=Fraction(whole.amount))
    return Derivation((step, *rounding_steps(step.apply(Fraction(0)), -share, pieces)), -share)
