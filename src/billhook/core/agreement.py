"""What was agreed with a customer and what was used, as a bill needs it."""

from collections import defaultdict
from collections.abc import Container
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from billhook.core import exact
from billhook.core.allowance import Allowance
from billhook.core.billed import BilledPart
from billhook.core.cadence import Cadence
from billhook.core.commitment import Commitment
from billhook.core.credit import Grant
from billhook.core.discount import Discount
from billhook.core.errors import Refusal
from billhook.core.inclusion import Inclusion
from billhook.core.meters import Meter, MeterState
from billhook.core.money import Currency, MixedCurrenciesError
from billhook.core.period import ONE_DAY, Period, PeriodError
from billhook.core.price import PriceModel, needs_events
from billhook.core.proration import Basis
from billhook.core.rounding import Rounding
from billhook.core.tax import NO_TAX, TaxPolicy
from billhook.core.usage import UsageEvent

MOST_RECORD_DECIMALS = 12


class AgreementError(Refusal):
    """An agreement contradicts itself."""


class ChargeKind(StrEnum):
    """What a line charges for."""

    RECURRING = "recurring"
    USAGE = "usage"
    ONE_TIME = "one_time"
    PENALTY = "penalty"
    DISCOUNT = "discount"

    @property
    def recurs(self) -> bool:
        """Return whether it is billed for every period."""
        return self is ChargeKind.RECURRING or self is ChargeKind.USAGE


class Timing(StrEnum):
    """When a period is billed."""

    IN_ADVANCE = "in_advance"
    IN_ARREARS = "in_arrears"


class Alignment(StrEnum):
    """To what a line's periods are aligned."""

    CUSTOMER = "customer"
    """The customer's billing cycle, with a partial first period: the default."""
    OWN = "own"
    """The line's own start, with none."""
    PLAN = "plan"
    """The start of the plan's base line."""


class BeforeStart(StrEnum):
    """What a bill before the start of an order takes of it in advance."""

    NOTHING = "nothing"
    """Nothing: the default."""
    UNTIL_NEXT_BILL = "until_next_bill"
    """What starts before the customer's next bill date."""
    FIRST_PERIOD = "first_period"
    """Its first period, wherever it lies: a one-off bill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """A customer's billing cycle: its cadence, the date from which it counts, and the next bill date.

    A customer who is billed `as_due` has no fixed dates: what starts on or before a bill date is billed in advance.
    """

    cadence: Cadence
    anchor: date
    next_bill: date
    as_due: bool = False

    def following(self, as_of: date) -> date:
        """Return the customer's next bill date after a bill; the very next day where the customer is billed as due."""
        if self.as_due:
            return as_of + ONE_DAY
        return self.next_bill if self.next_bill > as_of else self.cadence.after(self.anchor, as_of)


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledUsage:
    """Metered usage of a service period that was billed already; late usage is priced on top of it.

    Args:
        period: the service period.
        quantity: how much was used.
        covered: how much of it allowances covered, which was not charged.
        group: of the events, where the line's meter keeps groups apart.
        events: as they were charged, where the price or the meter has no answer for a sum.
    """

    period: Period
    quantity: Decimal
    covered: Decimal = exact.ZERO
    group: tuple[str, ...] = ()
    events: tuple[UsageEvent, ...] = ()

    def __post_init__(self) -> None:
        """Refuse floats, and more covered than was used."""
        exact.require(self.quantity, "billed quantity")
        if not 0 <= exact.require(self.covered, "covered quantity") <= max(self.quantity, exact.ZERO):
            raise AgreementError(f"Allowances covered {self.covered} of {self.quantity} billed for {self.period}.")

    @property
    def charged(self) -> Decimal:
        """Return how much of it was charged."""
        return exact.subtract(self.quantity, self.covered)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreedLine:
    """One version of an order line, as it is to be billed.

    Args:
        key: names the version, once in an agreement.
        order_line: names the line, of which other versions may stand beside it; the key where there is but one.
        description: what the invoice says.
        kind: what is charged for.
        timing: when a period is billed; usage always in arrears.
        cadence: how often it recurs; of no meaning for one-time charges and penalties.
        quantity: how many, for all but usage.
        price: of a whole period; None for usage whose records are rated already.
        active_from: first day.
        active_until: day after the last, None without end.
        order_start: first day of the order, where this version began later; no bill before it.
        billed_through: day up to which, not including, the version is billed; None before its first bill.
        basis: how partial periods are prorated.
        alignment: to what its periods are aligned.
        anchor: start of the base line, for `plan`.
        position: where it stands on the invoice.
        billed: what earlier invoices billed for days on which the line is no longer in force, or was suspended.
        suspended: days on which it rests, without overlap and in order.
        minimum: what its periods come to at least, before discounts and tax; prorated with the period.
        maximum: what they come to at most.
        meter: turns the events of usage into the quantity that is priced; None where their quantities are summed.
        carried: what a recurring meter brings from the period before.
        record_decimals: to which the charged part of a rated record is rounded, where an allowance covers the rest.
        record_rounding: how.
    """

    key: str
    description: str
    kind: ChargeKind
    active_from: date
    timing: Timing = Timing.IN_ADVANCE
    cadence: Cadence | None = None
    quantity: Decimal = Decimal(1)
    unit: str = ""
    price: PriceModel | None = None
    active_until: date | None = None
    order_start: date | None = None
    billed_through: date | None = None
    billed_usage: tuple[BilledUsage, ...] = ()
    basis: Basis = Basis.DAYS
    alignment: Alignment = Alignment.CUSTOMER
    anchor: date | None = None
    tax_category: str = "standard"
    product: str = ""
    revenue_account: str = "revenue"
    order_line: str = ""
    position: int = 0
    billed: tuple[BilledPart, ...] = ()
    suspended: tuple[Period, ...] = ()
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    meter: Meter | None = None
    carried: tuple[MeterState, ...] = ()
    record_decimals: int = 6
    record_rounding: Rounding = Rounding.HALF_UP

    def __post_init__(self) -> None:
        """Refuse what cannot be billed: no cadence, price or anchor where one is needed, dates out of order, floats."""
        exact.require(self.quantity, f"quantity of {self.key}")
        if self.active_until is not None and self.active_until < self.active_from:
            raise PeriodError(f"{self.key} ends on {self.active_until}, before {self.active_from}; swap the dates.")
        if self.kind is ChargeKind.DISCOUNT:
            raise AgreementError(f"{self.key} is a discount; pass it with the discounts of the agreement.")
        if self.kind.recurs and self.cadence is None:
            raise AgreementError(f"{self.key} recurs but has no cadence; give one such as every month.")
        if self.kind is not ChargeKind.USAGE and self.price is None:
            raise AgreementError(f"{self.key} has no price; give it one.")
        if self.kind is ChargeKind.USAGE and self.timing is not Timing.IN_ARREARS:
            raise AgreementError(f"{self.key} is usage billed in advance; bill usage in arrears.")
        if self.alignment is Alignment.PLAN and self.anchor is None:
            raise AgreementError(f"{self.key} is aligned to its plan but has no anchor; give the base line's start.")
        self._refuse_bounds()
        if not 0 <= self.record_decimals <= MOST_RECORD_DECIMALS:
            raise AgreementError(f"{self.key} rounds records to {self.record_decimals} decimals; give 0 to 12.")
        if self.meter is not None or self.carried:
            self._refuse_meter()
        if any(later.start < earlier.end for earlier, later in pairwise(self.suspended)):
            raise AgreementError(
                f"{self.key} is suspended twice on the same days; pass each suspension once, in order."
            )

    def _refuse_meter(self) -> None:
        if self.meter is None or (self.carried and not self.meter.recurring):
            raise AgreementError(f"{self.key} has values carried over, but no meter that carries; give it one.")
        if self.kind is not ChargeKind.USAGE or self.price is None:
            raise AgreementError(f"{self.key} has a meter, so it needs a price and usage; drop the meter or give both.")
        if needs_events(self.price):
            raise AgreementError(f"{self.key} has a meter and a price that looks at single events; keep one of them.")
        other = [state.line for state in self.carried if state.line != self.group]
        if other:
            raise AgreementError(f"{self.key} has values that {other[0]} carries over; pass those of {self.group}.")

    def _refuse_bounds(self) -> None:
        for what, bound in (("minimum", self.minimum), ("maximum", self.maximum)):
            if bound is not None and exact.require(bound, f"{what} of {self.key}") < 0:
                raise AgreementError(f"The {what} of {self.key} is {bound}; give at least 0.")
        if self.minimum is not None and self.maximum is not None and self.maximum < self.minimum:
            raise AgreementError(f"{self.key} has a maximum of {self.maximum} below its minimum; swap them.")

    @property
    def active(self) -> tuple[Period, ...]:
        """Return the days on which it is in force and not suspended."""
        whole = Period(self.active_from, self.active_until or date.max)
        return whole.subtract(self.suspended) if self.suspended else (whole,)

    @property
    def group(self) -> str:
        """Return the order line, whose versions are rounded together."""
        return self.order_line or self.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """All that is agreed with one customer in one currency; the order of the lines has no meaning.

    Args:
        customer: names the customer.
        currency: of every price and of the invoice.
        cycle: when the customer is billed.
        lines: versions of order lines.
        tax: rules and rounding.
        discounts: in the order in which they are taken off.
        tax_inclusive: whether prices contain the tax.
        zone: the customer's, whose days are counted.
        max_periods: of one line in one bill, oldest first; None for all.
        before_start: what a bill takes of an order that starts later.
        only_recurring: whether there is a bill only where something recurs; the rest waits for it.
        commitments: what order lines come to at least.
        grants: prepaid credit that pays the bill after tax, or reduces its taxable base.
        allowances: what is included, cycle by cycle.
        allowances_left: what the last bill left of them, and what was given besides.
        coin: the smallest one, to which the amount due is rounded where it is paid in cash, such as 0.05.
    """

    customer: str
    currency: Currency
    cycle: Cycle
    lines: tuple[AgreedLine, ...]
    tax: TaxPolicy = NO_TAX
    discounts: tuple[Discount, ...] = ()
    tax_inclusive: bool = False
    zone: str = "UTC"
    max_periods: int | None = None
    before_start: BeforeStart = BeforeStart.NOTHING
    only_recurring: bool = False
    commitments: tuple[Commitment, ...] = ()
    grants: tuple[Grant, ...] = ()
    coin: Decimal | None = None
    allowances: tuple[Inclusion, ...] = ()
    allowances_left: tuple[Allowance, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a second currency, a line twice, and versions of one order line that overlap."""
        self._refuse_other_currencies()
        if len({line.key for line in self.lines}) < len(self.lines):
            raise AgreementError(f"{self.customer} has an order line version twice; pass each once.")
        versions = defaultdict(list)
        for line in self.lines:
            versions[line.group].append(line)
        if self.allowances or self.allowances_left:
            self._refuse_allowances(versions)
        for same in versions.values():
            _refuse_overlaps(sorted(same, key=lambda line: (line.active_from, line.active_until or date.max)))

    def _refuse_allowances(self, order_lines: Container[str]) -> None:
        for what in (self.allowances, self.allowances_left):
            if len({item.key for item in what}) < len(what):
                raise AgreementError(f"{self.customer} has an allowance twice; pass each once.")
        for inclusion in self.allowances:
            if inclusion.line and inclusion.line not in order_lines:
                raise AgreementError(
                    f"{inclusion.key} is aligned to the order line {inclusion.line}, which {self.customer} does not "
                    f"have; pass the line too."
                )

    def _refuse_other_currencies(self) -> None:
        priced = [(line.key, line.price.currency) for line in self.lines if line.price is not None]
        fixed = [(item.key, item.amount.currency) for item in self.discounts if item.amount is not None]
        committed = [(item.key, item.amount.currency) for item in self.commitments]
        billed = [(line.key, part.amount.currency) for line in self.lines for part in line.billed]
        granted = [(item.key, item.left.currency) for item in self.grants]
        for key, currency in priced + fixed + committed + billed + granted:
            if currency != self.currency:
                raise MixedCurrenciesError(
                    f"{key} is priced in {currency}, but {self.customer} is billed in {self.currency}; bill it apart."
                )


def _refuse_overlaps(versions: list[AgreedLine]) -> None:
    for earlier, later in pairwise(versions):
        if earlier.active_until is None or later.active_from < earlier.active_until:
            raise AgreementError(
                f"{earlier.key} and {later.key} are versions of one order line for the same days; end the first sooner."
            )
