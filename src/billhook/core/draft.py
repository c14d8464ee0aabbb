"""The draft of an invoice: what was agreed and used, composed into lines, discounts, taxes and totals."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from billhook.core import canonical, exact
from billhook.core.agreement import Agreement, ChargeKind, UsageCharge
from billhook.core.charges import BilledPeriodClaim, RoundedCharge, charges_due, rounding_steps
from billhook.core.derivation import Derivation, run
from billhook.core.discount import Discount
from billhook.core.money import Currency, Money, allocate, round_together, sum_money
from billhook.core.period import Period, hull
from billhook.core.tax import Taxable, TaxLine, assess, group_key


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


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDraft:
    """An invoice before it has a number; what was reviewed is what is issued.

    A total below zero is issued as a credit note. `billed` are the service periods that it closes.
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


def bill(agreement: Agreement, usage: Sequence[UsageCharge], as_of: date) -> InvoiceDraft | None:
    """Return the bill of a customer on a day, or None where no line is due.

    The order of lines and usage has no meaning; the same inputs always give the same bytes. Discounts are taken off
    in the order given, then taxes are added.

    Args:
        agreement: with everything agreed, and how far each line is billed.
        usage: not billed yet; what lies in a period that is still open stays for a later bill.
        as_of: the bill date.

    Raises:
        UsageError: usage that no line or service period takes, or that is passed twice.
        PriceError: a price has no answer for a quantity.
    """
    charged, claims = charges_due(agreement, usage, as_of)
    if not charged:
        return None
    lines = [_line(item) for item in charged]
    lines.extend(discount_line for discount in _discounts(agreement, lines) for discount_line in discount)
    return _totalled(agreement, lines, claims, as_of)


def inputs_fingerprint(agreement: Agreement, usage: Sequence[UsageCharge], as_of: date) -> str:
    """Return a fingerprint of all that a bill depends on, whatever the order of lines and usage."""
    in_order = replace(agreement, lines=tuple(sorted(agreement.lines, key=lambda line: line.key)))
    charges = sorted(canonical.to_bytes(item).decode() for item in usage)
    return canonical.fingerprint((in_order, charges, as_of))


def to_bytes(draft: InvoiceDraft) -> bytes:
    """Return the canonical bytes of a draft."""
    return canonical.to_bytes(draft)


def from_bytes(data: bytes) -> InvoiceDraft:
    """Return the draft that was stored.

    Raises:
        CanonicalError: the bytes are no draft.
    """
    return canonical.from_bytes(InvoiceDraft, data)


def _line(item: RoundedCharge) -> DraftLine:
    charge, line = item.charge, item.charge.line
    return DraftLine(
        key=f"{line.key}/{charge.period.start}",
        line_key=line.key,
        kind=line.kind,
        description=line.description,
        period=charge.period,
        quantity=charge.quantity,
        unit=charge.unit,
        unit_price=charge.unit_price,
        amount=item.amount,
        net=item.amount,
        tax_category=line.tax_category,
        product=line.product,
        revenue_account=line.revenue_account,
        derivation=item.derivation,
        charges=charge.references,
    )


def _totalled(
    agreement: Agreement, lines: Sequence[DraftLine], claims: Sequence[BilledPeriodClaim], as_of: date
) -> InvoiceDraft:
    """Add taxes and totals."""
    taxables = [Taxable(line.amount, line.tax_category, line.period.last_day) for line in lines]
    taxed = assess(agreement.tax, taxables, agreement.currency, inclusive=agreement.tax_inclusive)
    tax = sum_money((line.amount for line in taxed.lines), agreement.currency)
    net = sum_money(taxed.nets, agreement.currency)
    return InvoiceDraft(
        customer=agreement.customer,
        currency=agreement.currency,
        bill_date=as_of,
        lines=tuple(
            line if line.net == without_tax else replace(line, net=without_tax)
            for line, without_tax in zip(lines, taxed.nets, strict=True)
        ),
        taxes=taxed.lines,
        net=net,
        tax=tax,
        total=net + tax,
        billed=tuple(claims),
        tax_inclusive=agreement.tax_inclusive,
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """Lines that share their rates and revenue account: what a discount finds there, and what it takes."""

    lines: tuple[DraftLine, ...]
    base: Fraction
    taken: Fraction


def _discounts(agreement: Agreement, lines: Sequence[DraftLine]) -> Iterator[list[DraftLine]]:
    """Yield the lines of each discount; the next one finds what the one before has left, exactly."""
    left = [Fraction(line.amount.amount) for line in lines]
    for discount in agreement.discounts:
        chosen = [index for index, line in enumerate(lines) if _applies(discount, line)]
        shares = dict(zip(chosen, discount.shares([left[index] for index in chosen]), strict=True))
        groups: dict[tuple[Hashable, str, str], list[int]] = defaultdict(list)
        for index in chosen:
            groups[_rates_and_account(agreement, lines[index])].append(index)
        parts: dict[Hashable, list[_Part]] = defaultdict(list)
        for (rates, _, _), members in groups.items():
            base, taken = _sum(left[index] for index in members), _sum(shares[index] for index in members)
            parts[rates].append(_Part(tuple(lines[index] for index in members), base, taken))
        for index, share in shares.items():
            left[index] -= share
        yield _discount_lines(discount, list(parts.values()), agreement.currency)


def _discount_lines(discount: Discount, by_rates: Sequence[Sequence[_Part]], currency: Currency) -> list[DraftLine]:
    """Round what a discount takes once, share it by rates, then by account, and write a line for each part."""
    parts = [part for same in by_rates for part in same]
    taken = round_together([_sum(part.taken for part in same) for same in by_rates], currency)
    amounts = [
        share
        for amount, same in zip(taken, by_rates, strict=True)
        for share in (allocate(amount, [part.taken for part in same]) if amount else [amount] * len(same))
    ]
    whole = _sum(part.base for part in parts)
    lines = []
    for number, (part, amount) in enumerate(zip(parts, amounts, strict=True), start=1):
        if amount:
            step = discount.step(part=part.base, whole=whole)
            steps = (step, *rounding_steps(run([step]), -amount, len(parts)))
            lines.append(_discount_line(discount, f"{discount.key}/{number}", part, Derivation(steps, -amount)))
    return lines


def _discount_line(discount: Discount, key: str, part: _Part, derivation: Derivation) -> DraftLine:
    first = part.lines[0]
    return DraftLine(
        key=key,
        line_key=discount.key,
        kind=ChargeKind.DISCOUNT,
        description=discount.description,
        period=hull(line.period for line in part.lines),
        quantity=exact.ONE,
        unit="",
        unit_price=None,
        amount=derivation.result,
        net=derivation.result,
        tax_category=first.tax_category,
        product="",
        revenue_account=first.revenue_account,
        derivation=derivation,
    )


def _applies(discount: Discount, line: DraftLine) -> bool:
    return line.amount.amount > 0 and line.kind is not ChargeKind.PENALTY and discount.applies_to(line.product)


def _rates_and_account(agreement: Agreement, line: DraftLine) -> tuple[Hashable, str, str]:
    return group_key(agreement.tax, line.tax_category, line.period.last_day), line.tax_category, line.revenue_account


def _sum(figures: Iterable[Fraction]) -> Fraction:
    return sum(figures, Fraction(0))
