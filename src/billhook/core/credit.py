"""Prepaid credit: grants that pay bills in order, automatic recharging, and what a customer may still spend."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from billhook.core import exact
from billhook.core.errors import Refusal
from billhook.core.money import Money


class CreditError(Refusal):
    """A grant, a demand or a recharge below zero."""


class GrantKind(StrEnum):
    """Where credit comes from."""

    PAID = "paid"
    """The customer paid for it: a means of payment, used after tax."""
    GRANTED = "granted"
    """A gift of the company; it may reduce the taxable base instead."""


class CreditUse(StrEnum):
    """What credit does to a bill."""

    PAYS = "pays"
    """It pays the bill, after tax: the default."""
    REDUCES_BASE = "reduces_base"
    """It is taken off the lines before tax, as a discount is: for credit that was granted, never for paid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Prepaid credit with what is left of it.

    Args:
        key: names the grant.
        left: not below zero.
        granted_on: since when it may be used.
        expires_on: the last day on which it may be used; None without end.
        priority: the lowest is used first.
        products: what it may pay; none named, everything.
        kind: where it comes from.
        use: what it does to a bill.
        description: what the invoice says where it reduces the base; the key where there is none.
    """

    key: str
    left: Money
    granted_on: date
    expires_on: date | None = None
    priority: int = 0
    products: tuple[str, ...] = ()
    kind: GrantKind = GrantKind.PAID
    use: CreditUse = CreditUse.PAYS
    description: str = ""

    def __post_init__(self) -> None:
        """Refuse a grant below zero, an expiry before its day, and paid credit that reduces the taxable base."""
        if self.left.amount < 0:
            raise CreditError(f"{self.key} has {self.left} left; a grant has at least 0.")
        if self.expires_on is not None and self.expires_on < self.granted_on:
            raise CreditError(f"{self.key} expires on {self.expires_on}, before {self.granted_on}; swap the dates.")
        if self.use is CreditUse.REDUCES_BASE and self.kind is not GrantKind.GRANTED:
            raise CreditError(f"{self.key} was paid for, which is no discount; let it pay bills after tax.")

    def usable(self, on: date) -> bool:
        """Return whether it may be used on a day and something is left."""
        return bool(self.left) and self.granted_on <= on and (self.expires_on is None or on <= self.expires_on)

    def pays(self, product: str) -> bool:
        """Return whether it may pay for a product."""
        return not self.products or product in self.products


@dataclass(frozen=True, slots=True)
class Demand:
    """What is to be paid for a product, tax included."""

    product: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is taken of a grant."""

    key: str
    amount: Money


def draw(grants: Sequence[Grant], demands: Sequence[Demand], on: date, *, cap: Money) -> tuple[Drawn, ...]:
    """Return what is taken of each grant, in the order in which they are used: priority, earliest expiry, oldest.

    Args:
        grants: of one customer, in any order.
        demands: what is to be paid, once a product; those below zero take nothing.
        on: the day.
        cap: the most that is taken in all, such as the total of the invoice.
    """
    needs = {demand.product: demand.amount for demand in demands if demand.amount.amount > 0}
    drawn, left = [], cap
    for grant in in_order(grants, on):
        taken = Money.zero(cap.currency)
        for product in [product for product in needs if grant.pays(product)]:
            part = min(needs[product], grant.left - taken, left)
            needs[product], taken, left = needs[product] - part, taken + part, left - part
        if taken:
            drawn.append(Drawn(grant.key, taken))
    return tuple(drawn)


def in_order(grants: Iterable[Grant], on: date) -> list[Grant]:
    """Return the grants that may be used on a day, by priority, earliest expiry, then oldest."""
    return sorted((grant for grant in grants if grant.usable(on)), key=_order)


def _order(grant: Grant) -> tuple[int, date, date, str]:
    return grant.priority, grant.expires_on or date.max, grant.granted_on, grant.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Recharge:
    """Tops prepaid credit up once it falls below a threshold, by at most a sum a month."""

    threshold: Money
    amount: Money
    monthly_cap: Money | None = None

    def __post_init__(self) -> None:
        """Refuse to recharge by nothing."""
        if self.amount.amount <= 0:
            raise CreditError(f"A recharge of {self.amount} adds nothing; give an amount above zero.")

    def due(self, balance: Money, *, recharged: Money) -> Money | None:
        """Return how much is to be charged now, or None.

        Args:
            balance: after what was spent.
            recharged: this month so far.
        """
        if balance >= self.threshold:
            return None
        room = self.amount if self.monthly_cap is None else min(self.amount, self.monthly_cap - recharged)
        return room if room.amount > 0 else None


def available(*, limit: Money, credit: Money, owed: Money, unbilled: Money) -> Money:
    """Return what a customer may still spend: limit and credit, less what is open and what is not billed yet."""
    return limit + credit - owed - unbilled


def permitted_quantity(spendable: Money, price: Decimal) -> Fraction:
    """Return how many units at a price an amount permits, exactly; none where nothing is left.

    Raises:
        CreditError: the price is not above zero, so that any quantity is permitted.
    """
    if exact.require(price, "price") <= 0:
        raise CreditError(f"A price of {price} permits any quantity; give one above zero.")
    return max(Fraction(spendable.amount) / Fraction(price), Fraction(0))


def permitted_by_rule(most: Decimal, held: Decimal) -> Decimal:
    """Return how many more units a customer may order where a rule lets them have so many; none beyond it.

    Args:
        most: units that the rule permits in all.
        held: units that the customer has ordered already.

    Raises:
        CreditError: one of them is below zero.
    """
    for units in (most, held):
        if exact.require(units, "quantity") < 0:
            raise CreditError(f"A rule that permits {most} with {held} held is none; give quantities of at least 0.")
    return max(exact.subtract(most, held), exact.ZERO)
