"""Taxes: dated rules, and the tax of an invoice by category and rate, cent-exact."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

from billhook.core import exact
from billhook.core.errors import Refusal
from billhook.core.money import Currency, Money, allocate, round_together, sum_money
from billhook.core.rounding import to_places

_STANDARD = "S"
_OUT_OF_SCOPE = "O"
_ONE_PERCENT = Decimal("0.01")


class TaxError(Refusal):
    """A tax rule contradicts itself or another."""


class TaxRounding(StrEnum):
    """Where tax is rounded."""

    LINE = "line"
    """The tax of each line."""
    RATE = "rate"
    """Once for each category and rate (EN 16931, BR-CO-17): the default."""
    EXACT_TOTAL = "exact_total"
    """Once for the invoice, shown by rate by largest remainder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRule:
    """A percentage on a tax category of products, from its first day up to, not including, its last.

    Args:
        tax_category: of the products that it taxes.
        code: names the tax.
        name: what the invoice says.
        percent: at least 0, with up to 4 decimals.
        category: the code of EN 16931 (UNTDID 5305): S standard, Z zero, E exempt, AE reverse charge, and so on.
        reason: why no tax is due, for the categories that need one.
        account: where the tax is posted.
        valid_from: first day, None without beginning.
        valid_until: day after the last, None without end.
    """

    tax_category: str
    code: str
    name: str
    percent: Decimal
    category: str = _STANDARD
    reason: str = ""
    account: str = "tax"
    valid_from: date | None = None
    valid_until: date | None = None

    def __post_init__(self) -> None:
        """Refuse a rate below zero, a float, dates out of order."""
        if exact.require(self.percent, f"rate of {self.code}") < 0:
            raise TaxError(f"{self.code} has a rate of {self.percent} %; give at least 0.")
        if self.valid_from and self.valid_until and self.valid_until <= self.valid_from:
            raise TaxError(f"{self.code} ends on {self.valid_until}, not after its start; swap the dates.")

    def in_force(self, day: date) -> bool:
        """Return whether the rule holds on a day."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day < self.valid_until
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """Why a customer pays no tax: exempt E, reverse charge AE, intra-community K, export G, out of scope O."""

    category: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxPolicy:
    """The rules of a company, how it rounds, and how the customer is treated where that takes the tax away."""

    rules: tuple[TaxRule, ...] = ()
    rounding: TaxRounding = TaxRounding.RATE
    treatment: Treatment | None = None

    def __post_init__(self) -> None:
        """Refuse two rules of one tax for the same products and days."""
        dated = defaultdict(list)
        for rule in self.rules:
            dated[rule.tax_category, rule.code].append(rule)
        for same in dated.values():
            same.sort(key=lambda rule: rule.valid_from or date.min)
            for earlier, later in pairwise(same):
                if earlier.valid_until is None or (later.valid_from or date.min) < earlier.valid_until:
                    raise TaxError(f"{earlier.code} at {earlier.percent} % and {later.percent} % overlap; end one.")

    def rules_on(self, tax_category: str, day: date) -> tuple[TaxRule, ...]:
        """Return the rules for a category on a day, at least one: where none is set, a rate of 0 that says so."""
        if self.treatment is not None:
            return (_untaxed(tax_category, self.treatment),)
        found = [rule for rule in self.rules if rule.tax_category == tax_category and rule.in_force(day)]
        found.sort(key=lambda rule: rule.code)
        return tuple(found) or (_untaxed(tax_category, _no_rate(tax_category)),)


NO_TAX = TaxPolicy()


@dataclass(frozen=True, slots=True)
class Taxable:
    """A rounded line amount, the tax category of its product, and the day whose rate holds."""

    amount: Money
    tax_category: str
    day: date


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


def assess(policy: TaxPolicy, lines: Sequence[Taxable], currency: Currency, *, inclusive: bool = False) -> Taxed:
    """Return the tax of an invoice.

    Args:
        policy: rules and rounding.
        lines: each rounded to the currency; discounts are lines below zero.
        currency: of all lines.
        inclusive: whether the amounts contain the tax.
    """
    groups: dict[tuple[TaxRule, ...], list[int]] = defaultdict(list)
    for index, line in enumerate(lines):
        groups[policy.rules_on(line.tax_category, line.day)].append(index)
    amounts = [line.amount for line in lines]
    if inclusive:
        return _inclusive(policy.rounding, groups, amounts, currency)
    return _exclusive(policy.rounding, groups, amounts, currency)


_Groups = dict[tuple[TaxRule, ...], list[int]]
_Key = tuple[str, Decimal, str, str, str, str]


def _exclusive(rounding: TaxRounding, groups: _Groups, amounts: list[Money], currency: Currency) -> Taxed:
    """Add tax to line amounts: exact tax of each line and rule, rounded together as the mode says."""
    bases: dict[_Key, Money] = defaultdict(lambda: Money.zero(currency))
    exacts: list[tuple[_Key, Decimal]] = []
    for rules, members in groups.items():
        for rule in rules:
            key = _key(rule)
            bases[key] += sum_money((amounts[index] for index in members), currency)
            rate = exact.multiply(rule.percent, _ONE_PERCENT)
            exacts.extend((key, exact.multiply(amounts[index].amount, rate)) for index in members)
    taxes = _round_exacts(rounding, exacts, currency)
    lines = tuple(_tax_line(key, base, taxes[key]) for key, base in sorted(bases.items()))
    return Taxed(lines, tuple(amounts))


def _round_exacts(
    rounding: TaxRounding, exacts: Sequence[tuple[_Key, Decimal]], currency: Currency
) -> dict[_Key, Money]:
    """Return the rounded tax by rate, from the exact tax of each line by rate."""
    sums: dict[_Key, Decimal] = defaultdict(Decimal)
    for key, tax in exacts:
        sums[key] = exact.add(sums[key], tax)
    if rounding is TaxRounding.EXACT_TOTAL:
        keys = sorted(sums)
        return dict(zip(keys, round_together([sums[key] for key in keys], currency), strict=True))
    if rounding is TaxRounding.RATE:
        return {key: _rounded(tax, currency) for key, tax in sums.items()}
    by_line: dict[_Key, Money] = defaultdict(lambda: Money.zero(currency))
    for key, tax in exacts:
        by_line[key] += _rounded(tax, currency)
    return by_line


def _inclusive(rounding: TaxRounding, groups: _Groups, amounts: list[Money], currency: Currency) -> Taxed:
    """Take the tax out of line amounts: net = round(gross / (1 + rates)), and the tax is the rest."""
    factor = {index: _factor(rules) for rules, members in groups.items() for index in members}
    exact_nets = [Fraction(amount.amount) / factor[index] for index, amount in enumerate(amounts)]
    nets: dict[int, Money] = {}
    for together in _rounded_together(rounding, groups, len(amounts)):
        rounded = round_together([exact_nets[index] for index in together], currency)
        nets |= zip(together, rounded, strict=True)
    bases: dict[_Key, Money] = defaultdict(lambda: Money.zero(currency))
    taxes: dict[_Key, Money] = defaultdict(lambda: Money.zero(currency))
    for rules, members in groups.items():
        net = sum_money((nets[index] for index in members), currency)
        tax = sum_money((amounts[index] for index in members), currency) - net
        for rule, share in zip(rules, _by_rate(tax, rules), strict=True):
            bases[_key(rule)] += net
            taxes[_key(rule)] += share
    lines = tuple(_tax_line(key, base, taxes[key]) for key, base in sorted(bases.items()))
    return Taxed(lines, tuple(nets[index] for index in range(len(amounts))))


def _rounded_together(rounding: TaxRounding, groups: _Groups, count: int) -> list[list[int]]:
    if rounding is TaxRounding.EXACT_TOTAL:
        return [list(range(count))] if count else []
    if rounding is TaxRounding.RATE:
        return list(groups.values())
    return [[index] for index in range(count)]


def _by_rate(tax: Money, rules: Sequence[TaxRule]) -> tuple[Money, ...]:
    if len(rules) == 1:
        return (tax,)
    weights = [rule.percent for rule in rules]
    return allocate(tax, weights) if any(weights) else tuple(tax for _ in rules)


def _factor(rules: Sequence[TaxRule]) -> Fraction:
    return 1 + sum((Fraction(rule.percent) for rule in rules), Fraction(0)) / 100


def _rounded(amount: Decimal, currency: Currency) -> Money:
    return Money(to_places(amount, currency.digits), currency)


def _key(rule: TaxRule) -> _Key:
    return (rule.category, rule.percent, rule.code, rule.name, rule.reason, rule.account)


def _tax_line(key: _Key, base: Money, amount: Money) -> TaxLine:
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


def _no_rate(tax_category: str) -> Treatment:
    return Treatment(category=_OUT_OF_SCOPE, name="No tax", reason=f"No tax rate is set for {tax_category}.")


def _untaxed(tax_category: str, treatment: Treatment) -> TaxRule:
    return TaxRule(
        tax_category=tax_category,
        code=f"none-{treatment.category}",
        name=treatment.name,
        percent=exact.ZERO,
        category=treatment.category,
        reason=treatment.reason,
    )


def group_key(policy: TaxPolicy, tax_category: str, day: date) -> Hashable:
    """Return what two lines have in common that fall under the same rates."""
    return tuple(_key(rule) for rule in policy.rules_on(tax_category, day))
