"""Tax rules: dated percentages and amounts by category of products, and how a customer is treated."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from itertools import combinations, pairwise

from billhook.core import exact
from billhook.core.errors import Refusal

# Category, percentage, code, name, reason and account: what the lines of one tax line have in common.
TaxKey = tuple[str, Decimal, str, str, str, str]

_ONE_PERCENT = Decimal("0.01")
_STANDARD = "S"
_OUT_OF_SCOPE = "O"


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


class RateDay(StrEnum):
    """Whose day's rate a line has."""

    LAST_DAY = "last_day"
    """The last day of its service period: the default."""
    INVOICE_DATE = "invoice_date"
    SPLIT = "split"
    """Each day its own: a line is split by days where the rate changes."""


class FixedPer(StrEnum):
    """What a fixed tax is charged for.

    By line or unit it is charged on lines above zero, whatever their discounts, and given back by a line that credits
    one, in the share of the billed amount that is credited.
    """

    INVOICE = "invoice"
    """Once where any line above zero falls under it; never on a bill of credits only, and never given back."""
    LINE = "line"
    UNIT = "unit"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRule:
    """A tax on a tax category of products, from its first day up to, not including, its last.

    Args:
        tax_category: of the products that it taxes.
        code: names the tax.
        name: what the invoice says.
        percent: at least 0, with up to 4 decimals; 0 for a fixed tax.
        category: the code of EN 16931 (UNTDID 5305): S standard, Z zero, E exempt, AE reverse charge, and so on.
        reason: why no tax is due, for the categories that need one.
        account: where the tax is posted.
        valid_from: first day, None without beginning.
        valid_until: day after the last, None without end.
        fixed: an amount in place of the percentage, in the currency of the invoice.
        per: what the fixed amount is charged for.
        compound: whether it stands on the other taxes too, as rounded.
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
    fixed: Decimal | None = None
    per: FixedPer = FixedPer.INVOICE
    compound: bool = False
    key: TaxKey = field(init=False, repr=False, compare=False)
    rate: Decimal = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse a rate below zero, a float, a rate and an amount at once, dates out of order."""
        if exact.require(self.percent, f"rate of {self.code}") < 0:
            raise TaxError(f"{self.code} has a rate of {self.percent} %; give at least 0.")
        if self.fixed is not None and (exact.require(self.fixed, f"amount of {self.code}") < 0 or self.percent):
            raise TaxError(f"{self.code} is {self.fixed} and {self.percent} %; give one of them, of at least 0.")
        if self.fixed is not None and self.compound:
            raise TaxError(f"{self.code} is a fixed amount, which stands on no other tax; do not compound it.")
        if self.valid_from and self.valid_until and self.valid_until <= self.valid_from:
            raise TaxError(f"{self.code} ends on {self.valid_until}, not after its start; swap the dates.")
        key = (self.category, self.percent, self.code, self.name, self.reason, self.account)
        object.__setattr__(self, "key", key)
        object.__setattr__(self, "rate", exact.multiply(self.percent, _ONE_PERCENT))

    def __hash__(self) -> int:
        """Return a hash of what tells most rules apart."""
        return hash((self.tax_category, self.code))

    @property
    def is_dated(self) -> bool:
        """Return whether it begins or ends."""
        return self.valid_from is not None or self.valid_until is not None

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
    rate_day: RateDay = RateDay.LAST_DAY
    _by_category: Mapping[str, tuple[TaxRule, ...]] = field(init=False, repr=False, compare=False)
    _dated: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse two rules of one tax for the same products and days."""
        rules, dated = defaultdict(list), defaultdict(list)
        for rule in self.rules:
            rules[rule.tax_category].append(rule)
            dated[rule.tax_category, rule.code].append(rule)
        for same in dated.values():
            _refuse_overlaps(sorted(same, key=lambda rule: rule.valid_from or date.min))
        _refuse_two_amounts(self.rules)
        by_category = {category: tuple(sorted(found, key=lambda rule: rule.code)) for category, found in rules.items()}
        object.__setattr__(self, "_by_category", by_category)
        object.__setattr__(self, "_dated", frozenset(rule.tax_category for rule in self.rules if rule.is_dated))

    def rules_on(self, tax_category: str, day: date) -> tuple[TaxRule, ...]:
        """Return the rules for a category on a day, at least one: where none is set, a rate of 0 that says so."""
        if self.treatment is not None:
            return (_untaxed(tax_category, self.treatment),)
        found = self._by_category.get(tax_category, ())
        if tax_category in self._dated:
            found = tuple(rule for rule in found if rule.in_force(day))
        return found or (_untaxed(tax_category, _no_rate(tax_category)),)

    def changes(self, tax_category: str) -> tuple[date, ...]:
        """Return the days on which the rules for a category begin or end."""
        rules = () if self.treatment is not None else self._by_category.get(tax_category, ())
        days = {day for rule in rules for day in (rule.valid_from, rule.valid_until) if day is not None}
        return tuple(sorted(days))


def _refuse_two_amounts(rules: Sequence[TaxRule]) -> None:
    """Refuse one tax with two fixed amounts an invoice at the same time: which one is charged would be chance."""
    once = [rule for rule in rules if rule.fixed is not None and rule.per is FixedPer.INVOICE]
    for one, other in combinations(once, 2):
        together = (one.valid_until is None or (other.valid_from or date.min) < one.valid_until) and (
            other.valid_until is None or (one.valid_from or date.min) < other.valid_until
        )
        if one.key == other.key and one.fixed != other.fixed and together:
            raise TaxError(f"{one.code} is {one.fixed} and {other.fixed} an invoice; give each its own code.")


def _refuse_overlaps(in_order: Sequence[TaxRule]) -> None:
    for earlier, later in pairwise(in_order):
        if earlier.valid_until is None or (later.valid_from or date.min) < earlier.valid_until:
            raise TaxError(f"{earlier.code} at {earlier.percent} % and {later.percent} % overlap; end one.")


NO_TAX = TaxPolicy()


def _no_rate(tax_category: str) -> Treatment:
    return Treatment(category=_OUT_OF_SCOPE, name="No tax", reason=f"No tax rate is set for {tax_category}.")


@cache
def _untaxed(tax_category: str, treatment: Treatment) -> TaxRule:
    return TaxRule(
        tax_category=tax_category,
        code=f"none-{treatment.category}",
        name=treatment.name,
        percent=exact.ZERO,
        category=treatment.category,
        reason=treatment.reason,
    )


def chosen(*, line: str = "", product: str = "", customer: str = "", company: str = "") -> str:
    """Return the tax category that a line has: its own, its product's, its customer's, or the company's.

    Raises:
        TaxError: none is set.
    """
    category = line or product or customer or company
    if not category:
        raise TaxError("No tax category is set for the line, product, customer or company; set one of them.")
    return category
