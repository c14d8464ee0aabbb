"""What a plan is made of, as it is given: products, other plans, allowances, phases, a term and commitments."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from billhook.catalog.refusals import require_code, require_decimals, require_option
from billhook.core import money
from billhook.core.allowance import Allowance, Counts, PartialCycle, RollOver
from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.cancellation import CancellationFee
from billhook.core.contract import Contract, Notice, Renewal
from billhook.core.errors import Refusal

TIMINGS = ("in_advance", "in_arrears")
PRORATIONS = ("none", "days", "thirty", "seconds")
MONTHLY = Cadence(CadenceUnit.MONTH)
PHASES = ("trial", "discount", "fixed", "evergreen")


class PlanPartError(Refusal):
    """Raised when a part of a plan contradicts itself; the message names the part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPlanItem:
    """A product of a new plan, and when it is billed: `in_advance` or `in_arrears`, every `cadence`."""

    product: str
    timing: str
    quantity: Decimal = Decimal(1)
    proration: str = "days"
    cadence: Cadence = MONTHLY

    def __post_init__(self) -> None:
        """Refuse options that there are not, floats and less than nothing."""
        require_option("timing", self.timing, TIMINGS)
        require_option("basis of proration", self.proration, PRORATIONS)
        if require_decimals(self.quantity, f"quantity of {self.product}") < 0:
            raise PlanPartError(f"The plan has {self.quantity} of {self.product}: give at least 0.")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewContent:
    """Another plan that a plan contains, by code, so many times; its newest version when the plan is made."""

    plan: str
    quantity: int = 1

    def __post_init__(self) -> None:
        """Refuse less than once."""
        if self.quantity < 1:
            raise PlanPartError(f"The plan contains {self.plan} {self.quantity} times: give at least 1.")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAllowance:
    """Units or money included in each cycle.

    Args:
        code: names it, once in a plan.
        name: what people read.
        amount: units, or money in `currency`, at least 0.
        counts: which of them.
        currency: of money; none for units.
        products: codes whose usage it covers; none named, all of them.
        increment: in which it is consumed; None: that of the price.
        priority: a lower figure is consumed first.
        shared: whether the customers below consume it too.
        partial: what a part of a cycle includes.
        roll_over: how much of what is left lives on, None for nothing.
    """

    code: str
    name: str
    amount: Decimal
    counts: Counts = Counts.UNITS
    currency: str = ""
    products: tuple[str, ...] = ()
    increment: Decimal | None = None
    priority: int = 0
    shared: bool = False
    partial: PartialCycle = PartialCycle.PRORATED
    roll_over: RollOver | None = None

    def __post_init__(self) -> None:
        """Refuse what makes no allowance, and money without a currency or units with one."""
        require_code("allowance", self.code)
        require_decimals(self.amount, f"allowance {self.code}")
        require_decimals(self.increment or Decimal(1), f"increment of {self.code}")
        Allowance(key=self.code, left=self.amount, increment=self.increment)
        if (self.counts is Counts.MONEY) != bool(self.currency):
            advice = "give its currency" if self.counts is Counts.MONEY else "leave the currency out"
            raise PlanPartError(f"The allowance {self.code} counts {self.counts}: {advice}.")
        if self.currency:
            money.currency(self.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhasePrice:
    """The price of a product during a phase, in place of the plan's."""

    product: str
    currency: str
    model: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPhase:
    """A stretch of a plan.

    Args:
        name: once in a plan, such as `trial`.
        kind: trial, discount, fixed or evergreen.
        length: how long it lasts; None without end, for the last.
        price_factor: by which the plan's recurring prices are multiplied: 0 for nothing, 0.8 for four fifths.
        prices: in place of the plan's, by product and currency.
    """

    name: str
    kind: str
    length: Cadence | None = None
    price_factor: Decimal = Decimal(1)
    prices: tuple[PhasePrice, ...] = ()

    def __post_init__(self) -> None:
        """Refuse kinds that there are not, factors below zero, and two prices for one product and currency."""
        require_option("kind of phase", self.kind, PHASES)
        if require_decimals(self.price_factor, f"price factor of {self.name}") < 0:
            raise PlanPartError(f"The phase {self.name} has a price factor of {self.price_factor}: give at least 0.")
        if len({(price.product, price.currency) for price in self.prices}) < len(self.prices):
            raise PlanPartError(f"The phase {self.name} has two prices for one product and currency: keep one.")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTerm:
    """The minimum term of a plan, the notice that ends it, what follows it, and the fee for leaving earlier."""

    length: Cadence
    notice: Cadence | None = None
    renewal: Renewal = Renewal.SAME_TERM
    fee: CancellationFee | None = None

    def __post_init__(self) -> None:
        """Refuse a term or notice in half months."""
        Contract(key="The plan", start=date(2000, 1, 1), term=self.length, notice=Notice(length=self.notice))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCommitment:
    """What the plan's lines come to at least in each period, in one currency, before discounts and tax."""

    amount: money.Money
    cadence: Cadence = MONTHLY
    description: str = "Minimum commitment"
    tax_category: str = "standard"

    def __post_init__(self) -> None:
        """Refuse an amount that commits to nothing."""
        if self.amount.amount <= 0:
            raise PlanPartError(f"The plan commits to {self.amount}: give an amount above zero.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanParts:
    """What a plan has besides its products."""

    contents: tuple[NewContent, ...] = ()
    allowances: tuple[NewAllowance, ...] = ()
    phases: tuple[NewPhase, ...] = ()
    term: NewTerm | None = None
    commitments: tuple[NewCommitment, ...] = ()

    def __post_init__(self) -> None:
        """Refuse codes, names and currencies twice, and a phase behind one without end."""
        _refuse_twice("allowance", [allowance.code for allowance in self.allowances])
        _refuse_twice("phase", [phase.name for phase in self.phases])
        _refuse_twice("contained plan", [content.plan for content in self.contents])
        _refuse_twice("commitment", [str(commitment.amount.currency) for commitment in self.commitments])
        for phase in self.phases[:-1]:
            if phase.length is None:
                raise PlanPartError(f"A phase follows {phase.name}, which has no end: give it a length.")


def _refuse_twice(what: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise PlanPartError(f"The {what} {name} is given twice: keep one of them.")


NO_MORE_PARTS = PlanParts()
