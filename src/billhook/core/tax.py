"""Taxes: the tax of an invoice by category and rate, cent-exact.

A fixed tax for each line or unit is rounded line by line in every mode, so that credits give back what a line was
charged. One for an invoice is charged where a line above zero falls under it, and is never given back.
"""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from billhook.core import exact
from billhook.core.money import Currency, Money, allocate, round_together, sum_money
from billhook.core.rounding import to_places
from billhook.core.tax_rules import (
    NO_TAX,
    FixedPer,
    RateDay,
    TaxError,
    TaxKey,
    TaxPolicy,
    TaxRounding,
    TaxRule,
    Treatment,
)

__all__ = [
    "NO_TAX",
    "FixedPer",
    "RateDay",
    "Share",
    "TaxError",
    "TaxLine",
    "TaxPolicy",
    "TaxRounding",
    "TaxRule",
    "Taxable",
    "Taxed",
    "Treatment",
    "assess",
    "group_key",
]


@dataclass(frozen=True, slots=True)
class Share:
    """Which share of a whole line an amount is, between 0 and 1; a credit runs backwards, from more to less.

    A fixed tax is rounded at both ends, so that shares that follow one another sum to the tax of the whole.
    """

    start: Fraction
    end: Fraction


_WHOLE = Share(Fraction(0), Fraction(1))


@dataclass(frozen=True, slots=True)
class Taxable:
    """A rounded line amount and what decides its tax.

    Args:
        amount: of the line.
        tax_category: of its product.
        day: whose rate holds.
        quantity: how many units the whole line is.
        share: of the whole line, for fixed taxes; None for all of a line above zero, and for no fixed tax on others,
            such as discounts.
    """

    amount: Money
    tax_category: str
    day: date
    quantity: Decimal = exact.ONE
    share: Share | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxLine:
    """The tax of an invoice for one category and rate; `base` is without tax."""

    code: str
    name: str
    category: str
    percent: Decimal
    base: Money
    amount: Money
    reason: str = ""
    account: str = "tax"


@dataclass(frozen=True, slots=True)
class Taxed:
    """The tax lines of an invoice, and of each line what it is without tax."""

    lines: tuple[TaxLine, ...]
    nets: tuple[Money, ...]


_Rules = tuple[TaxRule, ...]
_Members = tuple[int, ...]
_Groups = Mapping[_Rules, Sequence[int]]


def assess(policy: TaxPolicy, lines: Sequence[Taxable], currency: Currency, *, inclusive: bool = False) -> Taxed:
    """Return the tax of an invoice.

    Args:
        policy: rules and rounding.
        lines: each rounded to the currency; discounts are lines below zero.
        currency: of all lines.
        inclusive: whether the amounts contain the tax.

    Raises:
        TaxError: amounts contain the tax, and one of the taxes is a fixed amount.
    """
    groups: dict[_Rules, list[int]] = defaultdict(list)
    places: dict[tuple[str, date], list[int]] = {}
    for index, line in enumerate(lines):
        place = line.tax_category, line.day
        if place not in places:
            places[place] = groups[policy.rules_on(*place)]
        places[place].append(index)
    if inclusive:
        return _inclusive(policy.rounding, groups, [line.amount for line in lines], currency)
    return _exclusive(policy.rounding, groups, lines, currency)


def group_key(policy: TaxPolicy, tax_category: str, day: date) -> Hashable:
    """Return what two lines have in common that fall under the same rates."""
    return tuple(rule.key for rule in policy.rules_on(tax_category, day))


def _exclusive(rounding: TaxRounding, groups: _Groups, lines: Sequence[Taxable], currency: Currency) -> Taxed:
    """Add tax to line amounts: the exact tax of each rule, rounded as the mode says, then compound taxes on top."""
    bases: dict[TaxKey, Decimal] = defaultdict(Decimal)
    first: dict[tuple[TaxKey, _Members], Decimal] = {}
    once: set[TaxKey] = set()
    for rules, members in groups.items():
        base = exact.total([lines[index].amount.amount for index in members])
        together = tuple(members)
        for rule in rules:
            key = rule.key
            bases[key] = exact.add(bases[key], base)
            if rule.compound:
                continue
            if rule.fixed is None and rounding is not TaxRounding.LINE:
                first[key, together] = exact.multiply(base, rule.rate)
            else:
                first |= _first_taxes(rule, rounding, members, lines, once)
    taxes = _round_exacts(rounding, first, currency)
    if any(rule.compound for rules in groups for rule in rules):
        second = _compound_taxes(rounding, groups, lines, first, taxes, currency)
        taxes |= _round_exacts(rounding, second, currency)
    found = tuple(_tax_line(key, Money(base, currency), taxes[key]) for key, base in sorted(bases.items()))
    return Taxed(found, tuple(line.amount for line in lines))


def _first_taxes(
    rule: TaxRule,
    rounding: TaxRounding,
    members: Sequence[int],
    lines: Sequence[Taxable],
    once: set[TaxKey],
) -> dict[tuple[TaxKey, _Members], Decimal]:
    """Return the exact tax by one rule of what is rounded together; a fixed amount of an invoice is charged once."""
    taxes = {}
    for together in _together(rounding, members):
        found = [lines[index] for index in together]
        if rule.fixed is None:
            base = exact.total(line.amount.amount for line in found)
            taxes[rule.key, together] = exact.multiply(base, rule.rate)
        elif rule.per is FixedPer.INVOICE:
            taxes[rule.key, together] = _fixed_once(rule, rule.fixed, found, once)
        else:
            taxes[rule.key, together] = exact.total(_fixed_tax(rule, rule.fixed, line) for line in found)
    return taxes


def _fixed_once(rule: TaxRule, fixed: Decimal, lines: Sequence[Taxable], once: set[TaxKey]) -> Decimal:
    """Return the fixed tax of an invoice where a line above zero is the first that falls under it."""
    if rule.key in once or all(line.amount.amount <= 0 for line in lines):
        return exact.ZERO
    once.add(rule.key)
    return fixed


def _fixed_tax(rule: TaxRule, fixed: Decimal, line: Taxable) -> Decimal:
    """Return the fixed tax of a line, rounded: of all of it, or of its share; a credit's is below zero."""
    share = line.share or (_WHOLE if line.amount.amount > 0 else None)
    if share is None:
        return exact.ZERO
    whole = Fraction(fixed if rule.per is FixedPer.LINE else exact.multiply(fixed, line.quantity))
    digits = line.amount.currency.digits
    return exact.subtract(to_places(whole * share.end, digits), to_places(whole * share.start, digits))


def _together(rounding: TaxRounding, members: Sequence[int]) -> list[_Members]:
    return [(index,) for index in members] if rounding is TaxRounding.LINE else [tuple(members)]


def _compound_taxes(
    rounding: TaxRounding,
    groups: _Groups,
    lines: Sequence[Taxable],
    first: Mapping[tuple[TaxKey, _Members], Decimal],
    taxes: Mapping[TaxKey, Money],
    currency: Currency,
) -> dict[tuple[TaxKey, _Members], Decimal]:
    """Return the exact compound taxes: each on its lines and on the first taxes of these, as rounded."""
    compound = [(rule, members) for rules, members in groups.items() for rule in rules if rule.compound]
    rounded = _shares(rounding, first, taxes, currency)
    found = {}
    for rule, members in compound:
        for together in _together(rounding, members):
            amounts = [lines[index].amount.amount for index in together]
            under = [tax.amount for (_, of), tax in rounded.items() if of == together]
            base = exact.total([*amounts, *under])
            found[rule.key, together] = exact.multiply(base, rule.rate)
    return found


def _shares(
    rounding: TaxRounding,
    first: Mapping[tuple[TaxKey, _Members], Decimal],
    taxes: Mapping[TaxKey, Money],
    currency: Currency,
) -> dict[tuple[TaxKey, _Members], Money]:
    """Return the rounded first taxes of each group of lines, whose signs may differ; together they are the tax."""
    if rounding is TaxRounding.LINE:
        return {place: _rounded(tax, currency) for place, tax in first.items()}
    shares: dict[tuple[TaxKey, _Members], Money] = {}
    for key, tax in taxes.items():
        places = [place for place in first if place[0] == key]
        parts = list(round_together([first[place] for place in places], currency))
        largest = max(range(len(places)), key=lambda index: abs(first[places[index]]))
        # Rounded with the other taxes of an exact total, a tax may be a unit off its own rounding.
        parts[largest] += tax - sum_money(parts, currency)
        shares |= zip(places, parts, strict=True)
    return shares


def _round_exacts(
    rounding: TaxRounding, exacts: Mapping[tuple[TaxKey, _Members], Decimal], currency: Currency
) -> dict[TaxKey, Money]:
    """Return the rounded tax by rate, from the exact tax of what is rounded together by rate."""
    sums: dict[TaxKey, Decimal] = defaultdict(Decimal)
    for (key, _), tax in exacts.items():
        part = to_places(tax, currency.digits) if rounding is TaxRounding.LINE else tax
        sums[key] = exact.add(sums[key], part)
    if rounding is TaxRounding.EXACT_TOTAL:
        keys = sorted(sums)
        return dict(zip(keys, round_together([sums[key] for key in keys], currency), strict=True))
    return {key: _rounded(tax, currency) for key, tax in sums.items()}


def _inclusive(rounding: TaxRounding, groups: _Groups, amounts: list[Money], currency: Currency) -> Taxed:
    """Take the tax out of line amounts: net = round(gross / (1 + rates)), and the tax is the rest."""
    _refuse_fixed(groups)
    factor = {index: _factor(rules) for rules, members in groups.items() for index in members}
    exact_nets = [Fraction(amount.amount) / factor[index] for index, amount in enumerate(amounts)]
    nets: dict[int, Money] = {}
    for together in _rounded_together(rounding, groups, len(amounts)):
        rounded = round_together([exact_nets[index] for index in together], currency)
        nets |= zip(together, rounded, strict=True)
    bases: dict[TaxKey, Money] = defaultdict(lambda: Money.zero(currency))
    taxes: dict[TaxKey, Money] = defaultdict(lambda: Money.zero(currency))
    for rules, members in groups.items():
        net = sum_money((nets[index] for index in members), currency)
        tax = sum_money((amounts[index] for index in members), currency) - net
        for rule, share in zip(rules, _by_rate(tax, rules), strict=True):
            bases[rule.key] += net
            taxes[rule.key] += share
    lines = tuple(_tax_line(key, base, taxes[key]) for key, base in sorted(bases.items()))
    return Taxed(lines, tuple(nets[index] for index in range(len(amounts))))


def _rounded_together(rounding: TaxRounding, groups: _Groups, count: int) -> list[list[int]]:
    if rounding is TaxRounding.EXACT_TOTAL:
        return [list(range(count))] if count else []
    if rounding is TaxRounding.LINE:
        return [[index] for index in range(count)]
    same_rates: dict[Hashable, list[int]] = defaultdict(list)
    for rules, members in groups.items():
        same_rates[tuple((rule.key, rule.compound) for rule in rules)].extend(members)
    return [sorted(members) for members in same_rates.values()]


def _by_rate(tax: Money, rules: Sequence[TaxRule]) -> tuple[Money, ...]:
    if len(rules) == 1:
        return (tax,)
    weights = _rates(rules)
    return allocate(tax, weights) if any(weights) else tuple(tax for _ in rules)


def _factor(rules: Sequence[TaxRule]) -> Fraction:
    return 1 + sum(_rates(rules), Fraction(0))


def _rates(rules: Sequence[TaxRule]) -> list[Fraction]:
    """Return what each rule adds to 1 without tax; a compound one also taxes what the others add."""
    plain = sum((Fraction(rule.percent) for rule in rules if not rule.compound), Fraction(0)) / 100
    return [Fraction(rule.percent) / 100 * (1 + plain if rule.compound else 1) for rule in rules]


def _refuse_fixed(groups: _Groups) -> None:
    for rules in groups:
        for rule in rules:
            if rule.fixed is not None:
                raise TaxError(f"{rule.code} is a fixed amount, which no price contains; add it to net prices.")


def _rounded(amount: Decimal, currency: Currency) -> Money:
    return Money(to_places(amount, currency.digits), currency)


def _tax_line(key: TaxKey, base: Money, amount: Money) -> TaxLine:
    category, percent, code, name, reason, account = key
    return TaxLine(
        code=code,
        name=name,
        category=category,
        percent=percent,
        base=base,
        amount=amount,
        reason=reason,
        account=account,
    )
