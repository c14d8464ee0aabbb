"""What a bill says: its lines, taxes and totals, before it has a number."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billhook.core import exact
from billhook.core.agreement import ChargeKind
from billhook.core.allowance import Allowance
from billhook.core.billed import GivenBack
from billhook.core.charges import BilledPeriodClaim
from billhook.core.credit import Drawn
from billhook.core.derivation import Derivation
from billhook.core.meters import MeterState
from billhook.core.money import Currency, Money, sum_money
from billhook.core.period import Period
from billhook.core.tax import TaxLine
from billhook.core.usage_steps import Included


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftLine:
    """One line of a draft.

    Args:
        key: names the line in its draft.
        line_key: the order line version, or the discount.
        period: the service period.
        unit_price: where every unit costs the same.
        amount: rounded to the currency; contains the tax where prices do.
        net: the amount without tax.
        derivation: how the amount came about.
        charges: references to the usage that is billed.
        corrects: the earlier invoice that a line below zero corrects (BT-25).
        tax_day: whose tax rate holds, where that is not the last day of the period.
        gives_back: the share of an earlier line that it credits.
    """

    key: str
    line_key: str
    kind: ChargeKind
    description: str
    period: Period
    quantity: Decimal
    unit: str
    unit_price: Decimal | None
    amount: Money
    net: Money
    tax_category: str
    product: str
    revenue_account: str
    derivation: Derivation
    charges: tuple[str, ...] = ()
    corrects: str = ""
    tax_day: date | None = None
    gives_back: GivenBack | None = None

    @property
    def covered(self) -> Decimal:
        """Return how many of its units allowances cover."""
        return exact.total(step.units for step in self.derivation.steps if isinstance(step, Included))


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDraft:
    """An invoice before it has a number; what was reviewed is what is issued.

    A total below zero is issued as a credit note. `billed` are the service periods that it closes, `prepaid` the
    credit that pays it, `granted` the credit that is among its lines, since it reduces the taxable base, and
    `cash_rounding` what makes the rest payable in coins. `allowances_left` and `meters_left` are what the next bill
    starts from.
    """

    customer: str
    currency: Currency
    bill_date: date
    lines: tuple[DraftLine, ...]
    taxes: tuple[TaxLine, ...]
    net: Money
    tax: Money
    total: Money
    billed: tuple[BilledPeriodClaim, ...]
    tax_inclusive: bool = False
    prepaid: tuple[Drawn, ...] = ()
    cash_rounding: Money | None = None
    granted: tuple[Drawn, ...] = ()
    allowances_left: tuple[Allowance, ...] = ()
    meters_left: tuple[MeterState, ...] = ()

    @property
    def due(self) -> Money:
        """Return what is to be paid: the total less prepaid credit, rounded to coins where that is asked for."""
        paid = sum_money((drawn.amount for drawn in self.prepaid), self.currency)
        rest = self.total - paid
        return rest if self.cash_rounding is None else rest + self.cash_rounding

    def revenue(self) -> dict[str, Money]:
        """Return the net amount by revenue account, for the journal."""
        return self._by_account([(line.revenue_account, line.net) for line in self.lines])

    def tax_accounts(self) -> dict[str, Money]:
        """Return the tax by tax account, for the journal."""
        return self._by_account([(tax.account, tax.amount) for tax in self.taxes])

    def _by_account(self, amounts: Sequence[tuple[str, Money]]) -> dict[str, Money]:
        sums: dict[str, Money] = defaultdict(lambda: Money.zero(self.currency))
        for account, amount in amounts:
            sums[account] += amount
        return dict(sums)
