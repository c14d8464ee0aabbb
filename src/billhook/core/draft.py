"""The draft of an invoice: what was agreed and used, composed into lines, discounts, taxes and totals."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from billhook.core import canonical
from billhook.core.agreement import Agreement, ChargeKind
from billhook.core.billed import Credit
from billhook.core.bounds import commitments, price_bounds
from billhook.core.cash_rounding import cash_rounding
from billhook.core.charges import Composed, RoundedCharge, charges_due
from billhook.core.credit import CreditUse, Demand, Drawn, Grant, draw
from billhook.core.discounting import discount_lines
from billhook.core.document import DraftLine, InvoiceDraft
from billhook.core.granting import granted_lines
from billhook.core.money import Money, sum_money
from billhook.core.tax import RateDay, Taxed
from billhook.core.taxing import taxed_lines
from billhook.core.usage import UsageCharge

__all__ = ["DraftLine", "InvoiceDraft", "bill", "from_bytes", "inputs_fingerprint", "to_bytes"]


def bill(agreement: Agreement, usage: Sequence[UsageCharge], as_of: date) -> InvoiceDraft | None:
    """Return the bill of a customer on a day, or None where no line is due.

    The order of lines and usage has no meaning; the same inputs always give the same bytes. To the charges of the
    lines come minimum and maximum of each price, then commitments, discounts in the order given, granted credit that
    reduces the taxable base, taxes, prepaid credit up to the total, and cash rounding. What allowances and recurring
    meters bring to the next bill is on the draft; where there is no draft, nothing has changed for them.

    Args:
        agreement: with everything agreed, and how far each line is billed.
        usage: not billed yet; what lies in a period that is still open stays for a later bill.
        as_of: the bill date.

    Raises:
        UsageError: usage that no line or service period takes, or that is passed twice.
        PriceError: a price has no answer for a quantity.
    """
    composed = charges_due(agreement, usage, as_of)
    lines = [_line(item, agreement, as_of) for item in composed.charges]
    lines.extend(price_bounds(agreement, lines, composed.claims))
    if agreement.commitments:
        lines.extend(commitments(agreement, lines, as_of))
    if not lines or (agreement.only_recurring and not any(line.kind.recurs for line in lines)):
        return None
    lines.extend(discount_lines(agreement, lines))
    granted, drawn = granted_lines(agreement, lines, as_of)
    draft = _totalled(agreement, [*lines, *granted], composed, as_of)
    return _paid(agreement, replace(draft, granted=drawn) if drawn else draft)


def inputs_fingerprint(agreement: Agreement, usage: Sequence[UsageCharge], as_of: date) -> str:
    """Return a fingerprint of all that a bill depends on, whatever the order of lines and usage."""
    in_order = replace(
        agreement,
        lines=tuple(sorted(agreement.lines, key=lambda line: line.key)),
        allowances=tuple(sorted(agreement.allowances, key=lambda item: item.key)),
        allowances_left=tuple(sorted(agreement.allowances_left, key=lambda item: item.key)),
    )
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


def _line(item: RoundedCharge, agreement: Agreement, as_of: date) -> DraftLine:
    charge, line, credit = item.charge, item.charge.line, item.charge.credit
    return DraftLine(
        key=charge.key,
        line_key=line.key,
        kind=line.kind,
        description=charge.description if charge.group else line.description,
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
        corrects="" if credit is None else credit.part.document,
        tax_day=_tax_day(credit, agreement.tax.rate_day, as_of),
        gives_back=None if credit is None else credit.share,
    )


def _tax_day(credit: Credit | None, rate_day: RateDay, as_of: date) -> date | None:
    """Return whose day's tax rate a line has: a credit that of what it corrects; None for its period's own."""
    if credit is None:
        return as_of if rate_day is RateDay.INVOICE_DATE else None
    part = credit.part
    return part.tax_day if rate_day is RateDay.SPLIT else part.tax_day or part.period.last_day


def _totalled(agreement: Agreement, lines: Sequence[DraftLine], composed: Composed, as_of: date) -> InvoiceDraft:
    """Add taxes and totals."""
    taxed = taxed_lines(agreement, lines)
    net = sum_money(taxed.nets, agreement.currency)
    tax = sum_money((line.amount for line in taxed.lines), agreement.currency)
    return InvoiceDraft(
        customer=agreement.customer,
        currency=agreement.currency,
        bill_date=as_of,
        lines=_with_nets(lines, taxed) if agreement.tax_inclusive else tuple(lines),
        taxes=taxed.lines,
        net=net,
        tax=tax,
        total=net + tax,
        billed=tuple(composed.claims),
        tax_inclusive=agreement.tax_inclusive,
        allowances_left=composed.allowances_left,
        meters_left=composed.meters_left,
    )


def _with_nets(lines: Iterable[DraftLine], taxed: Taxed) -> tuple[DraftLine, ...]:
    return tuple(replace(line, net=net) for line, net in zip(lines, taxed.nets, strict=True))


def _paid(agreement: Agreement, draft: InvoiceDraft) -> InvoiceDraft:
    """Take prepaid credit off what is to be paid, and round the rest to coins."""
    grants = [grant for grant in agreement.grants if grant.use is CreditUse.PAYS]
    if grants and draft.total.amount > 0:
        draft = replace(draft, prepaid=_prepaid(agreement, grants, draft))
    if agreement.coin is not None:
        draft = replace(draft, cash_rounding=cash_rounding(draft.due, agreement.coin))
    return draft


def _prepaid(agreement: Agreement, grants: Sequence[Grant], draft: InvoiceDraft) -> tuple[Drawn, ...]:
    """Return what is drawn from grants; a grant for some products pays their lines with the tax of these."""
    limited = {product for grant in grants for product in grant.products}
    demands = [Demand(product, _gross(agreement, draft, product)) for product in sorted(limited)]
    rest = draft.total - sum_money((demand.amount for demand in demands), agreement.currency)
    return draw(grants, [*demands, Demand("", rest)], draft.bill_date, cap=draft.total)


def _gross(agreement: Agreement, draft: InvoiceDraft, product: str) -> Money:
    lines = [line for line in draft.lines if line.product == product and line.kind is not ChargeKind.DISCOUNT]
    taxed = taxed_lines(agreement, lines)
    return sum_money([*taxed.nets, *(line.amount for line in taxed.lines)], agreement.currency)
